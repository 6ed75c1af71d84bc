// What a client cannot send it refuses as stock axios does.
import { describe, it } from 'vitest';
import { reply } from './parity-site';
import { type Config, parity } from './parity-support';

const { same, url } = parity();

describe('requests that cannot be made', () => {
  it.each<[string, Config]>([
    ['a header that has a line break', { headers: { 'X-A': 'a\r\nB: c' } }],
    ['a header that Latin-1 has not', { headers: { 'X-A': '日本' } }],
    ['a name with a space', { headers: { 'X A': '1' } }],
    ['an empty name', { headers: { '': '1' } }],
    ['no URL at all', { url: undefined as never }],
    ['a path without a base', { url: '/x' }],
    ['a URL that is none', { url: 'http://' }],
    ['a port that is none', { url: 'http://127.0.0.1:99999/' }],
    ['a scheme of another kind', { url: 'ftp://127.0.0.1/' }],
    ['a method with a space', { method: 'GE T' }],
    ['a method that is no string', { method: 5 as never }],
    ['an unencoded path', { url: 'http://127.0.0.1/\u65e5 \u0001' }],
    [
      'params that are a cycle',
      {
        params: Object.assign(
          {},
          {
            get self() {
              return this;
            },
          },
        ),
      },
    ],
    [
      'params whose serializer throws',
      {
        paramsSerializer: {
          serialize: () => {
            throw new RangeError('params');
          },
        },
        params: { a: 1 },
      },
    ],
    ['params nested too deeply', { params: JSON.parse(`${'{"a":'.repeat(120)}1${'}'.repeat(120)}`) }],
    ['an HTTP version that is none', { httpVersion: 'x' }],
    ['HTTP/3', { httpVersion: 3 }],
    ['an adapter that is none', { adapter: 'pigeon' as never }],
    ['a socket path that is none', { socketPath: 5 as never }],
    ['a socket path that is not allowed', { socketPath: '/tmp/x', allowedSocketPaths: '/tmp/y' }],
    ['a socket path where nothing is', { socketPath: '/tmp/none.sock' }],
    ['data that nothing can send', { method: 'post', data: 5, transformRequest: [] }],
    [
      'data that is a cycle',
      {
        method: 'post',
        data: (() => {
          const a: Record<string, unknown> = {};
          a.a = a;
          return a;
        })(),
      },
    ],
    [
      'a transformRequest that throws',
      {
        method: 'post',
        data: 'x',
        transformRequest: () => {
          throw new TypeError('data');
        },
      },
    ],
    ['an option that axios refuses', { transitional: { silentJSONParsing: 'yes' } as never }],
    ['a family that is none', { family: 'x' }],
    ['a lookup that is none', { lookup: 5 as never, url: 'http://localhost:1/' }],
  ])('%s', async (_, config) => {
    await same([], () => ({ url: url(), ...config }));
    await same([], () => ({ url: url(), maxRedirects: 0, ...config }));
    await same([{ send: [reply({ status: 404, body: '{}' })] }], () => ({ url: url(), responseType: 'stream', ...config }));
  });
});
