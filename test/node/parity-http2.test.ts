// HTTP/2 through a client is what it is through stock axios.
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { certificate } from '../lab/certificates.mjs';
import { digest } from './parity-site';
import { type Config, type Observed, parity } from './parity-support';

const { same } = parity();
const servers: Record<'clear' | 'secure', { server: http2.Http2Server; origin: string }> = {} as never;
let ca = '';
let seen: unknown[] = [];

const date = 'Thu, 01 Jan 1970 00:00:00 GMT';

function respond(stream: http2.ServerHttp2Stream, path: string, body: Buffer): void {
  const answers: Record<string, () => void> = {
    '/status': () => void stream.respond({ date, ':status': 418, 'x-a': ['1', '2'] }),
    '/cookies': () => void stream.respond({ date, ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-twice': ['1', '2'] }),
    '/gzip': () => {
      stream.respond({ date, ':status': 200, 'content-encoding': 'gzip' });
      stream.end(gzipSync('{"a":1}'));
    },
    '/empty': () => stream.respond({ date, ':status': 204 }, { endStream: true }),
    '/large': () => {
      stream.respond({ date, ':status': 200 });
      stream.end(Buffer.alloc(300_000, 'abc'));
    },
    '/reset': () => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    '/cut': () => {
      stream.respond({ date, ':status': 200 });
      stream.write('abc', () => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
    },
    '/redirect': () => stream.respond({ date, ':status': 302, location: '/x' }, { endStream: true }),
  };
  (answers[path] ?? (() => stream.respond({ date, ':status': 200, 'content-type': 'application/json' })))();
  if (!stream.writableEnded && !['/cut', '/reset'].includes(path)) stream.end(JSON.stringify({ path, body: digest(body) }));
}

beforeAll(async () => {
  const { key, cert } = await certificate();
  ca = cert;
  for (const name of ['clear', 'secure'] as const) {
    const server = (name === 'secure' ? http2.createSecureServer({ key, cert }) : http2.createServer()) as http2.Http2Server;
    server.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, _: number, raw: string[]) => {
      const chunks: Buffer[] = [];
      stream.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        seen.push({ raw, body: digest(Buffer.concat(chunks)) });
        respond(stream, headers[':path'] ?? '', Buffer.concat(chunks));
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    servers[name] = { server, origin: `${name === 'secure' ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }
});
afterAll(() => {
  for (const { server } of Object.values(servers)) server.close();
});
beforeEach(() => {
  seen = [];
});

/** What the server saw is set beside it; the request is a stream of a session that each keeps for itself. */
async function both(config: () => Config, secure = false): Promise<Observed> {
  const { origin } = servers[secure ? 'secure' : 'clear'];
  const requests: unknown[][] = [];
  const observed = await same(
    [],
    () => {
      requests.push(seen);
      seen = [];
      return { baseURL: origin, httpVersion: 2, http2Options: { ca, sessionTimeout: 50 }, ...config() };
    },
    { alike: ({ outcome }) => ({ ...outcome }) },
  );
  const [, stock] = [...requests, seen];
  expect(seen).toStrictEqual(stock);
  return observed;
}

it.each(['/', '/status', '/cookies', '/gzip', '/empty', '/large', '/redirect', '/reset', '/cut', '/a b?c=d#e'])('%s', async (path) => {
  for (const responseType of [undefined, 'arraybuffer', 'stream', 'text'] as const) {
    await both(() => ({ url: path, ...(responseType && { responseType }) }));
  }
  await both(() => ({ url: path }), true);
});

describe('requests', () => {
  it.each<[string, () => Config]>([
    ['JSON', () => ({ method: 'post', data: { a: 'ü' } })],
    ['a Buffer', () => ({ method: 'put', data: Buffer.alloc(100_000, 'x') })],
    ['a stream', () => ({ method: 'post', data: Readable.from([Buffer.from('one')]) })],
    ['HEAD', () => ({ method: 'head' })],
    ['DELETE', () => ({ method: 'delete' })],
    ['headers', () => ({ headers: { 'X-A': 'a', cookie: 'c=1', Authorization: 'Bearer x' } })],
    ['credentials', () => ({ auth: { username: 'u', password: 'p' } })],
    ['params', () => ({ params: { a: [1, 2] } })],
    ['no decompression', () => ({ url: '/gzip', decompress: false })],
    ['a limit', () => ({ url: '/large', maxContentLength: 1_000 })],
    ['validateStatus', () => ({ url: '/status', validateStatus: null })],
    ['a proxy', () => ({ proxy: { host: '127.0.0.1', port: 1, protocol: 'http' } })],
    ['as text', () => ({ httpVersion: '2' })],
    ['as a number of another kind', () => ({ httpVersion: '2.0' })],
  ])('%s', async (_, config) => {
    await both(() => ({ url: '/x', ...config() }));
    await both(() => ({ url: '/x', ...config() }), true);
  });
});
