// Timeouts of a body that is handed out as a stream: they go on after the promise has resolved, and blame nobody for the consumer's pauses.
import { once } from 'node:events';
import http from 'node:http';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import axios from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, isTimeout, protect, type RequestConfig, type TimeoutError } from '../bare';
import { every } from '../lab/http.mjs';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, counted, failure, GENEROUS, timesOut, until, upstreamOf } from './support';

let lab: Lab;
/** Sends 4 MiB at once, more than anybody buffers, and then nothing. */
let burst: Upstream;
let dripOf503: Upstream;
const { client, close } = clients();
const BURST = 4 * 1024 * 1024;

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'big-download', 'body-stall', 'body-drip', 'slow-body'] });
  burst = await upstreamOf(({ res }) => void res.writeHead(200).write(Buffer.alloc(BURST, '.')));
  dripOf503 = await upstreamOf(({ res }) => {
    res.writeHead(503).write('.');
    every(res, 50, () => res.write('.'));
  });
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), burst.close(), dripOf503.close()]));

async function open(api: Client, url: string, config: object = {}): Promise<Readable> {
  const { data } = await api.get<Readable>(url, { responseType: 'stream', ...config });
  return data;
}

/** What the stream ends with. Reads it in the meantime. */
const endOf = (stream: Readable): Promise<TimeoutError> => failure(pipeline(stream, async (source) => void (await drain(source))));

async function drain(source: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of source) bytes += chunk.length;
  return bytes;
}

// Followed redirects and none take different ways through axios.
describe.each([{ maxRedirects: 5 }, { maxRedirects: 0 }])('with maxRedirects $maxRedirects', ({ maxRedirects }) => {
  it.each(['read', 'body', 'total'] as const)('silence in mid-stream runs into %s, and the consumer is told', async (limit) => {
    const upstream = lab.upstream('body-stall');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { read: false, [limit]: 250 } });
    const records = attemptsOf(api);
    const timeouts: unknown[] = [];
    api.on('timeout', (record) => void timeouts.push(record.limit));
    await timesOut(async () => Promise.reject(await endOf(await open(api, upstream.url))), {
      limit,
      ms: 250,
      phase: 'body',
      kind: 'read',
    });
    await upstream.closed();
    expect(records).toMatchObject([{ outcome: 'timeout', status: 200, limit, phase: 'body' }]);
    expect(timeouts).toEqual([limit]);
  });

  it.each(['body', 'total'] as const)('a stream that drips for ever runs into %s', async (limit) => {
    const upstream = lab.upstream('body-drip');
    upstream.reset();
    const stream = await open(client({ maxRedirects, timeout: { [limit]: 300 } }), upstream.url);
    const bytes = counted(stream);
    const [error] = (await once(stream, 'error').catch((reason: unknown) => [reason])) as [unknown];
    expect(isTimeout(error) && error.limit).toBe(limit);
    expect(bytes()).toBeGreaterThan(1);
    await upstream.closed();
  });

  it('a consumer that pauses for longer than read is not the peer’s fault', async () => {
    const api = client({ maxRedirects, timeout: { read: 200, body: 2_000 } });
    const records = attemptsOf(api);
    const stream = await open(api, lab.url('big-download', '/bytes/8000000'));
    let bytes = 0;
    for await (const chunk of stream) {
      if (bytes === 0) await sleep(700);
      bytes += (chunk as Buffer).length;
    }
    expect(bytes).toBe(8_000_000);
    await until(() => records.length === 1, 'the attempt is recorded');
    expect(records).toMatchObject([{ outcome: 'success', status: 200, timedOut: false }]);
  });

  it('a peer that falls silent while the consumer pauses is found out when the consumer goes on', async () => {
    burst.reset();
    const stream = await open(client({ maxRedirects, timeout: { read: 250 } }), burst.url);
    await sleep(800); // nobody reads: nothing to blame anybody for
    expect(stream.destroyed).toBe(false);
    const startedAt = performance.now();
    const bytes = counted(stream);
    const [error] = (await once(stream, 'end').catch((reason: unknown) => [reason])) as [unknown];
    expect(isTimeout(error) && { limit: error.limit, phase: error.phase }).toEqual({ limit: 'read', phase: 'body' });
    expect(bytes()).toBe(BURST);
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThanOrEqual(250);
    expect(took).toBeLessThan(250 + GENEROUS);
    await burst.closed();
  });
});

describe('a consumer that pauses', () => {
  it('has its time not counted in body', async () => {
    const stream = await open(client({ timeout: { read: 500, body: 600 } }), lab.url('big-download', '/bytes/8000000'));
    await sleep(1_000);
    expect(await drain(stream)).toBe(8_000_000);
  });

  it('by pause() in mid-stream, as well', async () => {
    const stream = await open(client({ timeout: { read: 300, body: 4_000 } }), lab.url('big-download', '/bytes/20000000'));
    const bytes = counted(stream);
    for (let pauses = 0; pauses < 2; pauses += 1) {
      stream.pause();
      await sleep(700);
      stream.resume();
      await sleep(5);
    }
    await once(stream, 'end');
    expect(bytes()).toBe(20_000_000);
  });

  it('is not exempt from total: it is the whole attempt', async () => {
    const upstream = lab.upstream('big-download');
    upstream.reset();
    const startedAt = performance.now();
    const stream = await open(client({ timeout: { total: 400 } }), upstream.url);
    const [error] = (await once(stream, 'error')) as [unknown];
    expect(isTimeout(error) && { limit: error.limit, phase: error.phase }).toEqual({ limit: 'total', phase: 'body' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(400);
    await upstream.closed();
  });
});

describe('a stream', () => {
  it('goes on past the deadline of its call', async () => {
    const stream = await open(client({ timeout: { read: 800 }, deadline: 400 }), lab.url('slow-body'));
    expect(await drain(stream)).toBe(120);
  });

  it('that nobody listens to may time out without harm to the process', async () => {
    const upstream = lab.upstream('body-stall');
    upstream.reset();
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('uncaughtExceptionMonitor', note).on('unhandledRejection', note);
    await open(client({ timeout: { total: 200 } }), upstream.url);
    await upstream.closed();
    await sleep(50);
    process.off('uncaughtExceptionMonitor', note).off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('that its consumer destroys ends the attempt: the connection is closed, and nothing times out', async () => {
    const upstream = lab.upstream('body-drip');
    upstream.reset();
    const api = client({ timeout: { read: 200, body: 300, total: 400 } });
    const records = attemptsOf(api);
    const timeouts: unknown[] = [];
    api.on('timeout', (record) => void timeouts.push(record));
    const stream = await open(api, upstream.url);
    stream.destroy();
    await upstream.closed();
    await sleep(500);
    expect(timeouts).toEqual([]);
    expect(records).toMatchObject([{ outcome: 'canceled', timedOut: false }]);
  });

  it('of an error status is held to time as well', async () => {
    dripOf503.reset();
    const api = client({ timeout: { body: 300 } });
    const error = (await open(api, dripOf503.url).catch((reason: unknown) => reason)) as { response: { status: number; data: Readable } };
    expect(error.response.status).toBe(503);
    expect(await endOf(error.response.data)).toMatchObject({ limit: 'body', phase: 'body' });
    await dripOf503.closed();
  });

  it('is unpacked, and ends well', async () => {
    const api = client({ timeout: { read: 1_000, body: 2_000 } });
    const records = attemptsOf(api);
    const stream = await open(api, lab.url('healthy', '/gzip'));
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    expect(JSON.parse(text)).toMatchObject({ ok: true });
    expect(records).toMatchObject([{ outcome: 'success', timedOut: false }]);
  });

  it.each<{ way: string; config: RequestConfig }>([
    { way: 'by our own exchange', config: {} },
    { way: 'by way of axios, whose progress is told', config: { onDownloadProgress: () => {} } },
    { way: 'by way of axios, with a form', config: { data: new URLSearchParams('a=1'), maxRate: [1e9, 1e9] } },
  ])('held to a size and destroyed before it was read is over ($way)', async ({ config }) => {
    burst.reset();
    const api = client({ limit: { concurrency: 1, per: 'client' } });
    const records = attemptsOf(api);
    (await open(api, burst.url, { maxContentLength: BURST, ...config })).destroy();
    await burst.closed();
    expect(records).toMatchObject([{ outcome: 'canceled', status: 200 }]);
    expect((await api.get(lab.url('healthy'))).status).toBe(200);
    // Also where all of it is here: the connection is not free until somebody reads it.
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    (await open(api, lab.url('healthy'), { maxContentLength: BURST, httpAgent, ...config })).destroy();
    expect((await api.get(lab.url('healthy'), { httpAgent })).status).toBe(200);
    httpAgent.destroy();
  });

  it.each<{ way: string; config: RequestConfig }>([
    { way: 'by our own exchange', config: {} },
    { way: 'by way of axios', config: { maxRate: [1e9, 1e9] } },
    { way: 'by an adapter of the user', config: { adapter: (given) => axios.getAdapter('http')(given) } },
  ])('of a client protected twice leaves the consumer as many listeners as Node allows ($way)', async ({ config }) => {
    const packed = await upstreamOf(
      ({ res }) => void res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(BURST))),
    );
    const warnings: string[] = [];
    const onWarning = (warning: Error): unknown => warning.name === 'MaxListenersExceededWarning' && warnings.push(warning.message);
    process.on('warning', onWarning);
    const inner = client();
    const api = protect(inner);
    const records = attemptsOf(api);
    const { signal } = new AbortController();
    const stream = await open(api, packed.url, { signal, ...config });
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const written = pipeline(
      stream,
      new Writable({
        write(_chunk, _encoding, done) {
          held.then(() => done());
        },
      }),
    );
    await until(() => records.length === 1, 'all bytes are here, but not read'); // then the abort is still listened for
    await sleep(10);
    goOn();
    await written;
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    await Promise.all([api.close(), packed.close()]);
  });

  it('read to its end gives its connection back', async () => {
    const upstream = lab.upstream('healthy');
    upstream.reset();
    const api = client();
    await drain(await open(api, lab.url('healthy', '/bytes/200000')));
    await sleep(50);
    await drain(await open(api, lab.url('healthy', '/bytes/200000')));
    expect(upstream).toMatchObject({ connections: 1, requests: 2 });
  });
});

it('a packed stream that falls silent is found out: read counts what comes off the wire', async () => {
  const packed = await upstreamOf(({ res }) => void res.writeHead(200, { 'Content-Encoding': 'gzip' }).write(Buffer.from('1f8b08', 'hex')));
  const api = client({ timeout: { read: 250 } });
  const run = async (): Promise<never> => Promise.reject(await endOf(await open(api, packed.url)));
  await timesOut(run, { limit: 'read', ms: 250, phase: 'body', kind: 'read' });
  await packed.closed();
  await packed.close();
});
