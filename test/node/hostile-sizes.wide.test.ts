// Bombs: bodies beyond the user's limit, packed or plain, interim answers and redirects without an end. What is refused costs its connection.
import http from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import axios from 'axios';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { isTimeout } from '../bare';
import { watchUnhandled } from './failures';
import { expectNoneOpen, outcomeOf, type Peer, peer, type Serve, watch } from './hostile-support';
import { clients, GENEROUS, rejection } from './support';

const { client: clientOf, close } = clients();
const unhandled = watchUnhandled();
/** Keeps no connection of its own. */
const bare = axios.create({ proxy: false, httpAgent: new http.Agent() });
let server: Peer;
afterEach(async () => {
  await close();
  await server.close();
});
afterAll(() => unhandled.none());

const OK = 'HTTP/1.1 200 OK\r\n';
const LIMIT = 100_000;
const ZEROS = Buffer.alloc(20_000_000);

const whole =
  (body: Buffer, encoding?: string): Serve =>
  (socket) => {
    socket.write(`${OK}${encoding ? `Content-Encoding: ${encoding}\r\n` : ''}Content-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  };
/** As fast as it is taken, without an end. */
const endless =
  (head: string, part: string): Serve =>
  (socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(part));
    };
    socket.write(head);
    socket.on('drain', pour);
    pour();
  };

const PLAIN = 'x'.repeat(16_384);
const BOMBS: [string, Serve][] = [
  ['a body that says how long it is', whole(ZEROS)],
  ['a body that does not', endless(`${OK}\r\n`, PLAIN)],
  ['chunks without an end', endless(`${OK}Transfer-Encoding: chunked\r\n\r\n`, `4000\r\n${PLAIN}\r\n`)],
  ['gzip', whole(gzipSync(ZEROS), 'gzip')],
  ['gzip in gzip', whole(gzipSync(gzipSync(ZEROS)), 'gzip, gzip')],
  ['brotli', whole(brotliCompressSync(ZEROS), 'br')],
];

describe.each(BOMBS)('beyond maxContentLength: %s', (_, serve) => {
  it.each(['json', 'arraybuffer'] as const)('is refused as axios refuses it, as %s', async (responseType) => {
    server = await peer(serve, serve);
    const client = clientOf();
    const { attempts, calls } = watch(client);
    const config = { maxContentLength: LIMIT, responseType };
    const outcome = await outcomeOf(client.get(server.url, config));
    expect(outcome).toBe(await outcomeOf(bare.get(server.url, config)));
    if (outcome === 200) return; // gzip in gzip is not unpacked
    expect({ attempts: attempts.length, calls: calls.length }).toEqual({ attempts: 1, calls: 1 });
    expect(attempts[0]).toMatchObject({ code: 'ERR_BAD_RESPONSE', timedOut: false });
    await client.close();
    await expectNoneOpen(server);
  });
});

describe('as a stream, beyond maxContentLength', () => {
  it.each(BOMBS.slice(0, 3))('%s fails its reader, and is told of once', async (_, serve) => {
    server = await peer(serve, serve);
    const client = clientOf();
    const { attempts } = watch(client);
    const read = async (): Promise<number> => {
      const { data } = await client.get(server.url, { maxContentLength: LIMIT, responseType: 'stream' });
      let bytes = 0;
      for await (const chunk of data) bytes += chunk.length;
      return bytes;
    };
    await rejection(read());
    await expectNoneOpen(server);
    expect(attempts).toHaveLength(1);
  });
});

const INTERIM = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const trickle: Serve = (socket) => {
  const timer = setInterval(() => socket.write(INTERIM), 5);
  socket.on('close', () => clearInterval(timer));
};
const LIMITS = [
  ['response', { timeout: { response: 200 } }],
  ['total', { timeout: 200 }],
  ['deadline', { timeout: false, deadline: 200 }],
] as const;

describe.each([
  ['a trickle', trickle],
  ['a flood', endless('', INTERIM)],
])('interim answers without an end, %s', (_, serve) => {
  it.each(LIMITS)('are ended by %s', async (limit, config) => {
    server = await peer(serve, serve);
    const startedAt = performance.now();
    const error = await rejection(clientOf().get(server.url, config));
    if (!isTimeout(error)) throw error;
    expect(error).toMatchObject({ limit, phase: 'response' });
    expect(performance.now() - startedAt).toBeLessThan(200 + 4 * GENEROUS); // a flood keeps this process busy, too
    await expectNoneOpen(server);
  });
});

it('ten thousand interim answers are only that', async () => {
  server = await peer((socket) => void socket.write(`${INTERIM.repeat(10_000)}${OK}Content-Length: 4\r\n\r\ngood`));
  const { data } = await clientOf().get(server.url);
  expect(data).toBe('good');
});

const to =
  (location: string | ((n: number) => string)): Serve =>
  (socket, head) => {
    const [, n = 0] = /^\w+ \S*?(\d+)? /.exec(head) ?? [];
    socket.write(
      Buffer.from(
        `HTTP/1.1 302 Found\r\nLocation: ${typeof location === 'string' ? location : location(Number(n))}\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
  };

describe('redirects', () => {
  it.each<[string, Serve, string]>([
    ['to itself', to('/'), 'ERR_FR_TOO_MANY_REDIRECTS'],
    ['to ever new places', to((n) => `/${n + 1}`), 'ERR_FR_TOO_MANY_REDIRECTS'],
    ['to and fro', to((n) => `/${n ? 0 : 1}`), 'ERR_FR_TOO_MANY_REDIRECTS'],
    ['to ever longer places', to((n) => `/${'x'.repeat(100 * (n + 1))}${n + 1}`), 'ERR_FR_TOO_MANY_REDIRECTS'],
    ['to a file', to('file:///etc/passwd'), 'ERR_BAD_REQUEST'],
    ['to a script', to('javascript:alert(1)'), 'ERR_BAD_REQUEST'],
    ['to no URL', to('http://['), 'ERR_INVALID_URL'],
    ['to an impossible port', to('http://127.0.0.1:99999/'), 'ERR_INVALID_URL'],
    ['to nowhere', to(''), 'ERR_BAD_REQUEST'],
  ])('%s end as they end with axios', async (_, serve) => {
    server = await peer(serve, serve);
    const client = clientOf({ timeout: false, deadline: 10_000 });
    const { attempts, calls } = watch(client);
    const outcome = await outcomeOf(client.get(server.url));
    const followed = server.heads.length;
    expect(outcome).toBe(await outcomeOf(bare.get(server.url)));
    expect(server.heads.length - followed).toBe(followed);
    expect(followed).toBeLessThanOrEqual(22);
    expect({ attempts: attempts.length, calls: calls.length }).toEqual({ attempts: 1, calls: 1 });
    await client.close();
    await expectNoneOpen(server);
  });
});
