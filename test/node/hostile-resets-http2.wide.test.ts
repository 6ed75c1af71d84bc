// HTTP/2 connections that are reset or closed at every moment: each stream on one is told, and the next call has a session of its own.
import http2 from 'node:http2';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Client, isTimeout, type Phase } from '../bare';
import { watchUnhandled } from './failures';
import { watch } from './hostile-support';
import {
  type Answer,
  ca,
  good,
  h2,
  h2c,
  halfAnd,
  leavesNothing,
  noneAnd,
  type Origin,
  origin,
  reset,
  type Serve,
  saysAnd,
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
const client = (): Client =>
  clientOf({ httpVersion: 2, http2Options: { ca }, timeout: { connect: 60_000, read: 60_000 }, deadline: 90_000 });

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR } = http2.constants;
const fin: Serve = (socket) => void socket.end();
/** Says the headers and half of the body where `half`, and closes the stream alone. */
const streamEnds =
  (code: number, half = false): Answer =>
  (response) => {
    const { stream } = response as unknown as http2.Http2ServerResponse;
    if (half) halfAnd(() => stream.close(code))(response, undefined as never);
    else stream.close(code);
  };
/** Says GOAWAY without an error and closes the connection, whatever is open on it. */
const goodbye: Answer = (response) => (response as unknown as http2.Http2ServerResponse).stream.session?.destroy();
const half = (code: number): Answer => streamEnds(code, true);
/** Answers well so many times, and then otherwise. */
const after = (times: number, then: Answer): Answer => {
  let answered = 0;
  return (...exchange) => (++answered > times ? then : good)(...exchange);
};
const HALF_A_HELLO = Buffer.from('160303007a020000760303', 'hex');
const HALF_OF_SETTINGS = Buffer.from('0000000400', 'hex');
const SETTINGS = Buffer.from('000000040000000000', 'hex');

interface Case {
  first: Serve;
  phase: Phase;
  isClear?: boolean;
  code?: string;
}

const clear = (first: Serve, phase: Phase): Case => ({ first, phase, isClear: true });
const CASES: [string, Case][] = [
  ['a reset at the TLS greeting', { first: saysAnd(reset), phase: 'tls' }],
  ['a reset in the middle of the TLS handshake', { first: saysAnd(reset, HALF_A_HELLO), phase: 'tls' }],
  ['a reset before the headers', { first: h2(noneAnd(reset)), phase: 'response' }],
  ['a reset in the body', { first: h2(halfAnd(reset)), phase: 'body' }],
  ['a reset at the preface', clear(saysAnd(reset), 'response')],
  ['a reset after half of the settings', clear(saysAnd(reset, HALF_OF_SETTINGS), 'response')],
  ['a reset in clear, before the headers', clear(h2c(noneAnd(reset)), 'response')],
  ['a reset in clear, in the body', clear(h2c(halfAnd(reset)), 'body')],

  ['an end at the TLS greeting', { first: saysAnd(fin), phase: 'tls' }],
  ['an end before the headers', { first: h2(noneAnd(fin)), phase: 'response' }],
  ['an end in the body', { first: h2(halfAnd(fin)), phase: 'body' }],
  ['an end at the preface', clear(saysAnd(fin), 'response')],
  ['an end after half of the settings', clear(saysAnd(fin, HALF_OF_SETTINGS), 'response')],
  ['an end after the settings', clear(saysAnd(fin, SETTINGS), 'response')],
  ['an end in clear, before the headers', clear(h2c(noneAnd(fin)), 'response')],
  ['an end in clear, in the body', clear(h2c(halfAnd(fin)), 'body')],

  ['a goodbye before the headers', { first: h2(goodbye), phase: 'response' }],
  ['a goodbye in clear, before the headers', clear(h2c(goodbye), 'response')],
  [
    'a goodbye in clear, in the body',
    clear(
      h2c((response, socket) => halfAnd(() => goodbye(response, socket))(response, socket)),
      'body',
    ),
  ],

  ['a stream that is canceled', { first: h2(streamEnds(NGHTTP2_CANCEL)), phase: 'response' }],
  ['a stream that is canceled in the body', { first: h2(half(NGHTTP2_CANCEL)), phase: 'body' }],
  ['a stream that ends without an answer', { first: h2(streamEnds(NGHTTP2_NO_ERROR)), phase: 'response' }],
  ['a stream that ends in the body', { first: h2(half(NGHTTP2_NO_ERROR)), phase: 'body' }],
  ['a stream that fails', { first: h2(streamEnds(NGHTTP2_INTERNAL_ERROR)), phase: 'response', code: 'ERR_HTTP2_STREAM_ERROR' }],
  ['a stream that fails in the body', { first: h2(half(NGHTTP2_INTERNAL_ERROR)), phase: 'body', code: 'ERR_HTTP2_STREAM_ERROR' }],
];

describe('on a new connection', () => {
  it.each(CASES)('%s', async (what, { first, phase, isClear, code = 'ECONNRESET' }) => {
    const leaves = leavesNothing();
    const server = await make(first, isClear ? h2c(good) : h2(good));
    const url = `${isClear ? 'http' : 'https'}://127.0.0.1:${server.port}/`;
    const api = client();
    const told = watch(api);
    const failed = rejection(api.get(url));
    expect(await duration(failed)).toBeLessThan(GENEROUS);
    const error = await failed;
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ isAxiosError: true, code });
    expect(told.attempts).toMatchObject([{ outcome: 'error', timedOut: false, code, reusedSocket: false }]);
    expect(told.calls).toMatchObject([{ outcome: 'error', timedOut: false, code, attempts: 1 }]);
    expect(Object.keys(told.attempts[0]?.timings ?? {}).at(-1)).toBe(phase);

    // Where one stream ended, the connection is as good as it was.
    if (what.startsWith('a stream')) return;
    expect(await api.get(url)).toMatchObject({ status: 200, data: 'good' });
    expect(server.connections).toBe(2);
    await ended();
    await leaves();
  });
});

describe('on a connection that has served before', () => {
  it.each<[string, Serve]>([
    ['a reset', reset],
    ['an end', fin],
  ])('%s is told to every stream that waits, and the next call connects anew', async (_, end) => {
    const leaves = leavesNothing();
    const server = await make(h2(after(3, noneAnd(end))), h2(good));
    const url = `https://127.0.0.1:${server.port}/`;
    const api = client();
    const told = watch(api);
    await api.get(url);
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map(() => api.get(url)));
    for (const { status } of answers.slice(2)) expect(status).toBe('rejected');
    const failed = told.attempts.filter(({ outcome }) => outcome !== 'success');
    expect(failed.length).toBeGreaterThanOrEqual(3);
    for (const record of failed) expect(record).toMatchObject({ outcome: 'error', code: 'ECONNRESET', reusedSocket: true });
    expect((await api.get(url)).data).toBe('good');
    expect(server.connections).toBe(2);
    await ended();
    await leaves();
  });
});

describe('a stream that was handed out', () => {
  const read = (data: Readable): Promise<unknown> =>
    new Promise((resolve, reject) => data.resume().once('end', resolve).once('error', reject));

  it.each<[string, Serve]>([
    ['a reset', h2(halfAnd(reset))],
    ['an end', h2(halfAnd(fin))],
    ['an end of the stream alone', h2(half(NGHTTP2_CANCEL))],
    ['an end of the stream alone, without an error', h2(half(NGHTTP2_NO_ERROR))],
  ])('and cut short by %s tells its consumer, and is told of as that', async (_, first) => {
    const server = await make(first, h2(good));
    const api = client();
    const told = watch(api);
    const { data } = await api.get<Readable>(`https://127.0.0.1:${server.port}/`, { responseType: 'stream' });
    expect(await rejection(read(data))).toMatchObject({ code: 'ECONNRESET' });
    await until(() => told.attempts.length === 1, 'the attempt is told of');
    expect(told.attempts).toMatchObject([{ outcome: 'error', code: 'ECONNRESET', status: 200 }]);
  });

  it('and dropped by its consumer is told of as canceled; one that is read, as a success', async () => {
    const server = await make(h2(good), h2(good));
    const api = client();
    const told = watch(api);
    const get = (): Promise<{ data: Readable }> => api.get(`https://127.0.0.1:${server.port}/`, { responseType: 'stream' });
    (await get()).data.destroy();
    await until(() => told.attempts.length === 1, 'the attempt is told of');
    await read((await get()).data);
    await until(() => told.attempts.length === 2, 'the other attempt is told of');
    expect(told.attempts.map(({ outcome }) => outcome)).toEqual(['canceled', 'success']);
  });
});

describe('what a peer pushes', () => {
  /** Pushes a stream that never ends, and answers well. */
  const pushing =
    (refused: (code: number) => void, after: Serve): Answer =>
    (response, socket) => {
      const { stream } = response as unknown as http2.Http2ServerResponse;
      stream.pushStream({ ':path': '/pushed' }, (_, pushed) => {
        pushed.on('error', () => {}).on('close', () => refused(pushed.rstCode));
        pushed.respond();
        pushed.write('never ends');
      });
      good(response, socket);
      setTimeout(after, 50, socket);
    };

  it('is refused', async () => {
    const codes: number[] = [];
    const note = (code: number): void => void codes.push(code);
    const server = await make(h2(pushing(note, () => {})), h2(good));
    const api = client();
    const get = () => api.get(`https://127.0.0.1:${server.port}/`);
    expect(await get()).toMatchObject({ status: 200, data: 'good' });
    await until(() => codes.length > 0, 'the push is refused');
    expect(codes[0]).toBe(NGHTTP2_CANCEL);
    expect(await get()).toMatchObject({ status: 200, data: 'good' });
    expect(server.connections).toBe(1);
  });

  it('ends no process when its connection is reset', async () => {
    const server = await make(h2c(pushing(() => {}, reset)), h2c(good));
    const api = client();
    const get = () => api.get(`http://127.0.0.1:${server.port}/`);
    expect(await get()).toMatchObject({ status: 200, data: 'good' });
    await until(() => server.open === 0, 'the connection is gone');
    expect(await get()).toMatchObject({ status: 200, data: 'good' });
  });
});
