// An answer through a client is what it is through stock axios.
import { describe, it } from 'vitest';
import { reply } from './parity-site';
import { parity } from './parity-support';

const { same, ...held } = parity();
const url = (path = '/a?b=1'): string => held.site.origins.http + path;

describe('answers', () => {
  it('plain', async () => {
    await same([], () => ({ url: url() }));
    await same([{ send: [reply({ body: 'text' })] }], () => ({ url: url() }));
  });
  it('404', async () => {
    await same([{ send: [reply({ status: '404 Nope', body: '{"a":1}' })] }], () => ({ url: url() }));
  });
  it('refused', async () => {
    await same([], () => ({ url: 'http://127.0.0.1:1/' }));
  });
});
