// The headers of a request, and its credentials, are those that stock axios sends.
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { type Config, parity } from './parity-support';

const { same, sameScenario, url } = parity();

/** With and without follow-redirects, and with a body. */
async function ways(config: () => Config, defaults: Config = {}): Promise<void> {
  await same([], config, { defaults });
  await same([], () => ({ maxRedirects: 0, ...config() }), { defaults });
  await same([], () => ({ method: 'post', data: { a: 1 }, ...config() }), { defaults });
}

describe('headers', () => {
  it.each<[string, Record<string, unknown>]>([
    ['plain', { 'X-A': 'a', 'x-b': 'b' }],
    ['in two cases', { 'X-A': 'a', 'x-a': 'b', 'X-a': 'c' }],
    [
      'of every type',
      {
        'X-N': 5,
        'X-T': true,
        'X-Z': 0,
        'X-E': '',
        'X-F': false,
        'X-U': undefined,
        'X-0': null,
        'X-L': ['a', 'b'],
        'X-D': new Date(0),
        'X-O': { a: 1 },
      },
    ],
    ['with spaces round them', { 'X-A': '  a  ', 'X-B': '\ta' }],
    ['Latin-1', { 'X-A': 'für' }],
    ['control characters', { 'X-A': 'a\x00b\x7f' }],
    ['beyond Latin-1', { 'X-A': '日本 x' }],
    ['that axios sets', { Accept: 'text/html', 'Accept-Encoding': 'br', 'User-Agent': 'own' }],
    ['that axios sets, in lower case', { accept: 'text/html', 'accept-encoding': 'br', 'user-agent': 'own' }],
    ['that axios sets, not wanted', { Accept: null, 'Accept-Encoding': null, 'User-Agent': null }],
    ['that axios sets, never wanted', { Accept: false, 'Accept-Encoding': false, 'User-Agent': false, 'Content-Type': false }],
    ['that axios sets, undefined', { Accept: undefined, 'Accept-Encoding': undefined, 'User-Agent': undefined }],
    ['that Node sets', { Host: 'virtual.test', Connection: 'close', Date: 'now' }],
    ['that Node sets, in lower case', { host: 'virtual.test', connection: 'keep-alive' }],
    ['Connection: upgrade', { Connection: 'upgrade' }],
    ['Authorization', { Authorization: 'Bearer x' }],
    ['cookies', { Cookie: ['a=1', 'b=2'] }],
    ['names of objects', { constructor: 'x', toString: 'y' }],
    ['many', Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`X-${i}`, 'v'.repeat(50)]))],
    ['long', { 'X-Long': 'x'.repeat(9_000) }],
  ])('%s', async (_, headers) => {
    await ways(() => ({ url: url(), headers: headers as never }));
    await ways(() => ({ url: url(), auth: { username: 'u', password: 'p' }, headers: headers as never }));
    await ways(() => ({ url: url() }), { headers: headers as never });
    await ways(() => ({ url: url(), headers: { 'x-a': 'request' } as never }), {
      headers: { common: headers, post: { 'X-Post': '1' }, get: { 'X-Get': '2' } } as never,
    });
  });
});

it('an object whose text changes is asked for each request', async () => {
  const { connections } = await sameScenario(
    [],
    async (api) => {
      let asked = 0;
      const token = { toString: () => `Bearer ${++asked}` };
      const withToken = function (this: Config): void {
        this.headers = Object.assign(new axios.AxiosHeaders(), { Authorization: token }) as never;
      };
      for (let i = 0; i < 4; i++) await api.get(url(), { transformRequest: [withToken as never] });
    },
    { alike: ({ connections }) => connections.map((exchanges) => exchanges.map(({ head }) => head)) },
  );
  const heads = connections.flat().map(({ head }) => /Bearer \d+/.exec(`${head}`)?.[0]);
  expect(new Set(heads).size).toBe(4);
});

it('a header that changes is sent as it is then', async () => {
  await sameScenario([], async (api) => {
    for (const value of ['a', 'b', 'a', undefined, null, false, 'a']) await api.get(url(), { headers: { 'X-A': value } as never });
    for (const headers of [{ 'X-A': 'a', 'X-B': 'b' }, { 'X-B': 'b', 'X-A': 'a' }, { 'x-a': 'a', 'X-B': 'b' }, {}])
      await api.get(url(), { headers });
    const { config } = await api.get(url(), { headers: { 'X-A': 'a' } });
    config.headers.set('X-A', 'another').set('X-More', 'more');
    await api.get(url(), { headers: { 'X-A': 'a' } });
  });
});

describe('credentials', () => {
  it.each<[string, Config['auth'] | object]>([
    ['both', { username: 'user', password: 'pass' }],
    ['no password', { username: 'user' }],
    ['no name', { password: 'pass' }],
    ['neither', {}],
    ['in UTF-8', { username: 'ü', password: '日本' }],
    ['colons', { username: 'a:b', password: 'c:d' }],
    ['empty', { username: '', password: '' }],
    ['numbers', { username: 1, password: 2 }],
  ])('%s', async (_, auth) => {
    await ways(() => ({ url: url(), auth: auth as never }));
    await ways(() => ({ url: url(), auth: auth as never, headers: { Authorization: 'Bearer x' } }));
    await ways(() => ({ url: url() }), { auth: auth as never });
  });

  it('XSRF is for browsers', async () => {
    for (const withXSRFToken of [true, undefined, false, () => true]) {
      const { connections } = await same([], () => ({
        url: url(),
        withXSRFToken: withXSRFToken as never,
        withCredentials: true,
        xsrfCookieName: 'c',
        xsrfHeaderName: 'X-C',
      }));
      expect(connections[0]?.[0]?.head).not.toMatch(/x-c:/i);
    }
  });
});
