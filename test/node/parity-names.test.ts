// Where a client connects to is where stock axios does: names, sockets, transports of the caller's own.
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Log, parity } from './parity-support';

const held = parity();
const { same, url } = held;

describe('names', () => {
  it.each<[string, (log: Log) => unknown]>([
    [
      'a callback',
      (log) => (host: string, options: object, done: (...answer: unknown[]) => void) => {
        log(host, Object.keys(options));
        setImmediate(done, null, '127.0.0.1', 4);
      },
    ],
    ['at once', () => (_: string, __: object, done: (...answer: unknown[]) => void) => done(null, '127.0.0.1', 4)],
    [
      'all',
      () => (_: string, __: object, done: (...answer: unknown[]) => void) =>
        setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }]),
    ],
    ['no family', () => (_: string, __: object, done: (...answer: unknown[]) => void) => setImmediate(done, null, '127.0.0.1')],
    ['a promise', () => async () => '127.0.0.1'],
    ['a promise of a list', () => async () => ['127.0.0.1', 4]],
    ['a promise of all', () => async () => [[{ address: '127.0.0.1', family: 4 }]]],
  ])('looked up by %s', async (_, lookup) => {
    for (const maxRedirects of [0, 5]) {
      const { outcome } = await same([], (log) => ({ url: url().replace('127.0.0.1', 'name.test'), lookup: lookup(log), maxRedirects }));
      expect(outcome.fulfilled?.status).toBe(200);
    }
    await same([], (log) => ({ url: url('/', 'https').replace('127.0.0.1', 'localhost'), lookup: lookup(log) }));
  });

  it.each([4, 0, undefined])('family %s', async (family) => {
    await same([], () => ({ url: url().replace('127.0.0.1', 'localhost'), family }), { alike: ({ outcome }) => outcome.fulfilled?.status });
  });
});

it('a socket', async () => {
  const { socketPath } = held.site;
  for (const path of ['/a?b=1', 'http://any.test/x', 'http://any.test:81/x']) {
    for (const maxRedirects of [0, 5]) await same([], () => ({ url: path, socketPath, maxRedirects }));
    await same([], () => ({ url: path, socketPath, allowedSocketPaths: [socketPath], auth: { username: 'u', password: 'p' } }));
    await same([], () => ({ url: path }), { defaults: { socketPath } });
  }
  const { connections } = await same([], () => ({ url: '/x', socketPath, method: 'post', data: { a: 1 } }));
  expect(connections[0]?.[0]?.server).toBe('unix');
});

it.each([0, 5])('a transport of the caller (maxRedirects %d)', async (maxRedirects) => {
  const { log } = await same(
    [],
    (log) => ({
      url: url(),
      maxRedirects,
      transport: {
        request: (options: http.RequestOptions, done: () => void) => {
          log(options.method, options.path, options.hostname, Object.keys(options).sort());
          return http.request(options, done);
        },
      },
    }),
    { alike: ({ log, ...rest }) => ({ ...rest, log: (log as string[][]).map((told) => told.slice(0, 3)) }) },
  );
  expect(log).toHaveLength(1);
});
