// Answers that are none, raw bytes: a call ends as axios' own does, is told of once, and leaves no connection that could poison the next call.
import type { Readable } from 'node:stream';
import axios from 'axios';
import { afterAll, describe, expect, it } from 'vitest';
import { watchUnhandled } from './failures';
import { expectNoneOpen, outcomeOf, peer, type Serve, says, saysAnd, watch } from './hostile-support';
import { clients, until } from './support';

const { client: clientOf, close } = clients();
const unhandled = watchUnhandled();
afterAll(async () => {
  await close();
  await unhandled.none();
});

const OK = 'HTTP/1.1 200 OK\r\n';
const GOOD = 'Content-Length: 4\r\n\r\ngood';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const LONG = 'x'.repeat(100_000);
const drip: Serve = (socket) => {
  socket.write(`${OK}X: `);
  const timer = setInterval(() => socket.write('x'.repeat(5_000)), 1);
  socket.on('close', () => clearInterval(timer));
};

/** Those after which the connection must not be used again. */
const BROKEN: [string, Serve][] = [
  ['a header of 100 kB', says(`${OK}X: ${LONG}\r\n${GOOD}`)],
  ['10 000 headers', says(OK, ...Array.from({ length: 10_000 }, (_, i) => `X-${i}: 1\r\n`), GOOD)],
  ['a header that never ends', drip],
  ['a reason phrase of 100 kB', says(`HTTP/1.1 200 ${LONG}\r\n${GOOD}`)],
  ['another protocol', says('SSH-2.0-OpenSSH_9.2p1\r\n')],
  ['HTTP/0.9', saysAnd('fin', 'hello world')],
  ['an HTTP/2 preface', says('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['an unknown version', says(`HTTP/9.9 200 OK\r\n${GOOD}`)],
  ['a status of two digits', says(`HTTP/1.1 99 OK\r\n${GOOD}`)],
  ['a status of four digits', says(`HTTP/1.1 1000 OK\r\n${GOOD}`)],
  ['a status that is no number', says(`HTTP/1.1 abc OK\r\n${GOOD}`)],
  ['a line feed in a header', says(`${OK}X: a\nY: b\r\n${GOOD}`)],
  ['a carriage return in a header', says(`${OK}X: a\rY: b\r\n${GOOD}`)],
  ['a zero byte in a header', says(`${OK}X: a\0b\r\n${GOOD}`)],
  ['a folded header', says(`${OK}X: a\r\n b\r\n${GOOD}`)],
  ['a space before a colon', says(`${OK}X : a\r\n${GOOD}`)],

  ['a chunk size that is no number', says(`${CHUNKED}zz\r\n`)],
  ['a chunk size beyond 64 bits', says(`${CHUNKED}FFFFFFFFFFFFFFFFF\r\n`)],
  ['a negative chunk size', says(`${CHUNKED}-1\r\n`)],
  ['a chunk longer than its size', says(`${CHUNKED}2\r\nabcdef\r\n0\r\n\r\n`)],
  ['a chunk extension of 100 kB', says(`${CHUNKED}2;${LONG}\r\nab\r\n0\r\n\r\n`)],
  ['a trailer of 100 kB', says(`${CHUNKED}2\r\nab\r\n0\r\nX: ${LONG}\r\n\r\n`)],
  ['Transfer-Encoding and Content-Length', says(`${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nab\r\n0\r\n\r\n`)],
  ['Content-Length and Transfer-Encoding', says(`${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`)],
  ['two lengths', says(`${OK}Content-Length: 3\r\n${GOOD}`)],
  ['a negative length', says(`${OK}Content-Length: -1\r\n\r\ngood`)],
  ['a length that is no number', says(`${OK}Content-Length: many\r\n\r\ngood`)],
  ['a length beyond 64 bits', says(`${OK}Content-Length: 99999999999999999999\r\n\r\ngood`)],
  ['a body shorter than its length', saysAnd('fin', `${OK}Content-Length: 10\r\n\r\ngood`)],
  ['a second answer nobody asked for', says(`${OK}${GOOD}${OK}Content-Length: 4\r\n\r\nevil`)],
  ['rubbish behind the body', says(`${OK}${GOOD}${LONG}`)],
  ['a body under a 204', says('HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil')],

  ['a reset at once', saysAnd('reset')],
  ['a reset in the status line', saysAnd('reset', 'HTTP/1.')],
  ['a reset in the headers', saysAnd('reset', `${OK}X: y`)],
  ['a reset behind the headers', saysAnd('reset', `${OK}Content-Length: 4\r\n\r\n`)],
  ['a reset in the body', saysAnd('reset', `${OK}Content-Length: 10\r\n\r\ngood`)],
  ['a reset in a body without a length', saysAnd('reset', `${OK}\r\ngood`)],
  ['a reset in a chunk', saysAnd('reset', `${CHUNKED}10\r\ngood`)],
  ['a reset between two chunks', saysAnd('reset', `${CHUNKED}4\r\ngood\r\n`)],
  ['a reset behind the whole answer', saysAnd('reset', `${OK}${GOOD}`)],
  ['an end at once', saysAnd('fin')],
  ['an end in the status line', saysAnd('fin', 'HTTP/1.')],
  ['an end in the headers', saysAnd('fin', `${OK}X: y`)],
  ['an end in a chunk', saysAnd('fin', `${CHUNKED}10\r\ngood`)],
  ['an end between two chunks', saysAnd('fin', `${CHUNKED}4\r\ngood\r\n`)],
  ['an end behind the whole answer', saysAnd('fin', `${OK}${GOOD}`)],
];

/** Strange, but whole: the connection may be kept. */
const STRANGE: [string, Serve][] = [
  ['2 500 empty headers', says(OK, 'a:\r\n'.repeat(2_500), GOOD)],
  ['headers named like what every object has', says(`${OK}__proto__: a\r\nconstructor: b\r\ntoString: c\r\n${GOOD}`)],
  ['a status of 000', says(`HTTP/1.1 000 OK\r\n${GOOD}`)],
  ['a status of 999', says(`HTTP/1.1 999 OK\r\n${GOOD}`)],
  ['gzip that is none', says(`${OK}Content-Encoding: gzip\r\n${GOOD}`)],
  ['brotli that is none', says(`${OK}Content-Encoding: br\r\n${GOOD}`)],
  ['an encoding nobody knows', says(`${OK}Content-Encoding: rot13\r\n${GOOD}`)],
];

async function run(
  serve: Serve,
): Promise<{ outcome: number | string; bare: number | string; records: string[]; next: unknown; reused: boolean }> {
  const [server, twin] = [await peer(serve), await peer(serve)];
  const client = clientOf({ timeout: false, deadline: 10_000 });
  const { attempts, calls } = watch(client);
  try {
    const outcome = await outcomeOf(client.get(server.url));
    const bare = await outcomeOf(axios.get(twin.url, { proxy: false, timeout: 10_000 }));
    await until(() => attempts.length === 1, 'the attempt is told of');
    const records = [...attempts, ...calls].map(({ code, status }) => String(code ?? status));
    const { open } = server;
    // What came behind the answer is seen a moment later; a call meanwhile may have the connection, and then fails, but is never given that.
    if (open) await new Promise((resolve) => setTimeout(resolve, 50));
    const left = server.open;
    const { data } = await client.get(server.url);
    const [, next] = attempts;
    expect({ attempts: attempts.length, calls: calls.length }).toEqual({ attempts: 2, calls: 2 });
    await client.close();
    await expectNoneOpen(server);
    return { outcome, bare, records, next: data, reused: left > 0 && next?.reusedSocket === true };
  } finally {
    await Promise.all([server.close(), twin.close()]);
  }
}

describe.each(BROKEN)('%s', (_, serve) => {
  it('ends the call as it would end one of axios, and its connection is not used again', async () => {
    const { outcome, bare, records, next, reused } = await run(serve);
    expect(outcome).toBe(bare);
    expect(outcome).not.toBe('ETIMEDOUT');
    expect(records).toEqual([String(outcome), String(outcome)]);
    expect({ next, reused }).toEqual({ next: 'good', reused: false });
  });
});

describe.each(STRANGE)('%s', (_, serve) => {
  it('ends the call as it would end one of axios', async () => {
    const { outcome, bare, next } = await run(serve);
    expect(outcome).toBe(bare);
    expect(next).toBe('good');
  });
});

describe.each<[string, Serve]>([
  ['rubbish', says(`${OK}${GOOD}rubbish`)],
  ['a second answer', says(`${OK}${GOOD}${OK}Content-Length: 4\r\n\r\nevil`)],
  ['a reset', saysAnd('reset', `${OK}${GOOD}`)], // by which axios loses it
  ['a reset without a length', saysAnd('reset', `${OK}\r\ngood`)], // likewise
])('%s behind a whole answer', (_, serve) => {
  it('takes nothing of a stream that is read later', async () => {
    const server = await peer(serve);
    const { data } = await clientOf().get(server.url, { responseType: 'stream' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await outcomeOfStream(data)).toBe('good, whole');
    await server.close();
  });
});

it('rubbish behind a chunk takes nothing of a stream that is read at once, as in axios', async () => {
  for (const request of [clientOf(), axios.create({ proxy: false })]) {
    const server = await peer(says(`${CHUNKED}4\r\ngood\r\nzz\r\n`));
    const { data } = await request.get(server.url, { responseType: 'stream' });
    expect(await outcomeOfStream(data)).toBe('good, cut');
    await expectNoneOpen(server);
    await server.close();
  }
});

/** What can still be read of a stream. */
async function outcomeOfStream(data: Readable): Promise<string> {
  let text = '';
  try {
    for await (const chunk of data) text += chunk;
    return `${text}, whole`;
  } catch {
    return `${text}, cut`;
  }
}

it('headers named like what every object has change no object', async () => {
  const server = await peer(says(`${OK}__proto__: polluted\r\nconstructor: polluted\r\n${GOOD}`));
  const response = await clientOf().get(server.url);
  expect(Object.getPrototypeOf({}).polluted).toBeUndefined();
  expect(response.headers).toBeInstanceOf(axios.AxiosHeaders);
  await server.close();
});
