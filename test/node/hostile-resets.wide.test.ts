// A connection that is reset, at every phase: the call fails at once with that, says where it was, and leaves nothing open; the next one is well.
import https from 'node:https';
import { Readable } from 'node:stream';
import axios, { type AxiosRequestConfig } from 'axios';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { isTimeout, type Phase, type RequestConfig } from '../bare';
import { watchUnhandled } from './failures';
import { outcomeOf, watch } from './hostile-support';
import {
  ca,
  good,
  halfAnd,
  http1,
  https1,
  leavesNothing,
  noneAnd,
  type Origin,
  origin,
  reset,
  type Serve,
  saysAnd,
  tunnelTo,
} from './resets-support';
import { clients, duration, GENEROUS, rejection, until } from './support';

const { client: clientOf, close } = clients();
const unhandled = watchUnhandled();
const origins: Origin[] = [];
const ended = async (): Promise<void> => {
  await close();
  await Promise.all(origins.splice(0).map((one) => one.close()));
};
afterEach(ended);
afterAll(() => unhandled.none());

async function make(first: Serve, others: Serve): Promise<Origin> {
  const made = await origin(first, others);
  origins.push(made);
  return made;
}

/** What the error may be called: who writes may hear of a reset as of a pipe that broke. */
const RESET = /^(ECONNRESET|EPIPE)$/;
const OK = 'HTTP/1.1 200 OK\r\n';
const HALF_A_HELLO = Buffer.from('160303007a020000760303', 'hex');

interface Case {
  phase: Phase;
  first: Serve;
  others: Serve;
  /** How to call it. */
  config(origin: Origin): AxiosRequestConfig & { url: string };
}

const plain = (first: Serve, phase: Phase, config: RequestConfig = {}): Case => ({
  phase,
  first,
  others: http1(good),
  config: ({ port }) => ({ url: `http://127.0.0.1:${port}/`, ...(config as AxiosRequestConfig) }),
});
const secure = (first: Serve, phase: Phase): Case => ({
  phase,
  first,
  others: https1(good),
  config: ({ port }) => ({ url: `https://127.0.0.1:${port}/` }),
});
/** The peer is a proxy, and behind it is an HTTPS server. */
const proxied = (first: Serve, phase: Phase): Case => ({
  phase,
  first,
  others: tunnelTo(https1(good)),
  config: ({ port }) => ({ url: 'https://127.0.0.1:9/', proxy: { protocol: 'http', host: '127.0.0.1', port } }),
});
const forwarded = (first: Serve, phase: Phase): Case => ({
  ...plain(first, phase),
  config: ({ port }) => ({ url: 'http://127.0.0.1:9/', proxy: { protocol: 'http', host: '127.0.0.1', port } }),
});
/** Reads a part of it, and then nothing more. */
const inUpload: Serve = (socket) => void socket.once('data', () => void setTimeout(reset, 50, socket.pause()));
const upload = (data: () => unknown): RequestConfig => ({ method: 'post', data, maxBodyLength: Infinity });

const CASES: [string, Case][] = [
  ['at the TLS greeting', secure(saysAnd(reset), 'tls')],
  ['in the middle of the TLS handshake', secure(saysAnd(reset, HALF_A_HELLO), 'tls')],
  ['over TLS, before the headers', secure(https1(noneAnd(reset)), 'response')],
  ['over TLS, in the body', secure(https1(halfAnd(reset)), 'body')],

  ['by a proxy, before it answers CONNECT', proxied(saysAnd(reset), 'proxy')],
  ['by a proxy, in the status line of its answer', proxied(saysAnd(reset, 'HTTP/1.1 20'), 'proxy')],
  ['by a proxy, in the headers of its answer', proxied(saysAnd(reset, 'HTTP/1.1 200 Established\r\nVia: x'), 'proxy')],
  ['in the tunnel, at the TLS greeting', proxied(tunnelTo(saysAnd(reset)), 'tls')],
  ['in the tunnel, in the middle of the TLS handshake', proxied(tunnelTo(saysAnd(reset, HALF_A_HELLO)), 'tls')],
  ['in the tunnel, before the headers', proxied(tunnelTo(https1(noneAnd(reset))), 'response')],
  ['in the tunnel, in the body', proxied(tunnelTo(https1(halfAnd(reset))), 'body')],
  ['by a proxy that forwards, before the headers', forwarded(saysAnd(reset), 'response')],

  [
    'in an upload',
    plain(
      inUpload,
      'send',
      upload(() => Buffer.alloc(8 * 1024 * 1024)),
    ),
  ],
  [
    'in an upload from a stream',
    plain(
      inUpload,
      'send',
      upload(() => Readable.from(Array.from({ length: 512 }, () => Buffer.alloc(65_536)))),
    ),
  ],
  ['before the headers', plain(saysAnd(reset), 'response')],
  ['in the status line', plain(saysAnd(reset, 'HTTP/1.'), 'response')],
  ['in the headers', plain(saysAnd(reset, `${OK}X: y`), 'response')],
  ['after an interim answer', plain(saysAnd(reset, 'HTTP/1.1 103 Early Hints\r\n\r\n'), 'response')],
  ['behind the headers', plain(saysAnd(reset, `${OK}Content-Length: 4\r\n\r\n`), 'body')],
  ['in the body', plain(saysAnd(reset, `${OK}Content-Length: 10\r\n\r\ngood`), 'body')],
  ['in a chunk', plain(saysAnd(reset, `${OK}Transfer-Encoding: chunked\r\n\r\n10\r\ngood`), 'body')],
  [
    'in a body that is compressed',
    plain(saysAnd(reset, `${OK}Content-Encoding: gzip\r\nContent-Length: 99\r\n\r\n`, Buffer.from('1f8b0800', 'hex')), 'body'),
  ],
];

/** Takes the request through axios' own adapter. */
const WATCHED = { onDownloadProgress: () => {} };

describe.each([
  ['a plain request', {}],
  ['a request that is watched', WATCHED],
])('%s, reset', (_, way) => {
  it.each(CASES)('%s', async (_what, { phase, first, others, config }) => {
    const leaves = leavesNothing();
    const [server, twin] = [await make(first, others), await make(first, others)];
    const httpsAgent = new https.Agent({ ca, keepAlive: true });
    const api = clientOf({ httpsAgent, timeout: { connect: 8_000, read: 8_000, send: 8_000 } });
    const told = watch(api);
    const call = (): AxiosRequestConfig & { url: string } => ({ ...config(server), ...way });

    const failed = rejection(api.request(call()));
    expect(await duration(failed)).toBeLessThan(GENEROUS);
    const error = (await failed) as Error & { code: string };
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ isAxiosError: true });
    expect(error).not.toHaveProperty('reusedSocket');

    const { data, ...stock } = { ...config(twin), ...way };
    const body = typeof data === 'function' ? data() : data;
    const bare = await outcomeOf(axios.request({ proxy: false, httpsAgent, signal: AbortSignal.timeout(8_000), ...stock, data: body }));
    if (!RESET.test(String(bare))) expect(error.code).toBe(bare);
    else expect(error.code).toMatch(RESET);

    expect(told.attempts).toMatchObject([{ outcome: 'error', timedOut: false, code: error.code }]);
    expect(told.calls).toMatchObject([{ outcome: 'error', timedOut: false, code: error.code, attempts: 1 }]);
    expect(Object.keys(told.attempts[0]?.timings ?? {}).at(-1)).toBe(phase);
    await until(() => Object.keys({ ...httpsAgent.sockets, ...httpsAgent.requests }).length === 0, 'the pool has let it go');

    expect(await api.request(call())).toMatchObject({ status: 200, data: 'good' });
    expect(told.attempts[1]).toMatchObject({ outcome: 'success', reusedSocket: false });
    expect(server.connections).toBe(2);
    httpsAgent.destroy();
    await ended();
    await leaves();
  });
});

describe('what is repeated after a reset, of a request that may do harm twice:', () => {
  const NAMES = ['at the TLS greeting', 'by a proxy, in the headers of its answer', 'in the tunnel, at the TLS greeting'];
  const post = ([, { first, others, config }]: [string, Case]) =>
    make(first, others).then((server) => {
      const api = clientOf({ httpsAgent: new https.Agent({ ca }), retry: { baseDelay: 1, jitter: 'none' } });
      return api.request({ method: 'post', data: 'once', ...config(server) } as RequestConfig);
    });

  it.each(CASES.filter(([what]) => NAMES.includes(what)))('one of which nothing was sent (%s)', async (...one) => {
    expect(await post(one)).toMatchObject({ data: 'good' });
  });

  it.each(CASES.filter(([, { phase }]) => phase === 'response' || phase === 'body'))('none that was sent (%s)', async (...one) => {
    expect(await rejection(post(one))).toMatchObject({ retryStopped: 'unsafe' });
  });
});
