// Bodies on a repeat: what can be sent again is the same byte for byte, what cannot is not, and a factory makes a new one.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip, gunzipSync } from 'node:zlib';
import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import NodeFormData from 'form-data';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptSummary, Client, RetryEvent, StopReason } from '../bare';
import type { Upstream } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { clients, rejection, until, upstreamOf } from './support';

type Told = Error & { history: AttemptSummary[]; retryStopped: StopReason; response?: { status: number } };

interface Received {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const { client: make, close } = clients();
const unhandled = watchUnhandled();
let peer: Upstream;
let received: Received[];
let client: Client;
let events: RetryEvent[];

// Reads each body whole, answers 503 to the first two, and then 200.
beforeEach(async () => {
  received = [];
  peer = await upstreamOf(({ req, res }) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks) });
      res.writeHead(received.length > 2 ? 200 : 503).end();
    });
  });
  client = make({ retry: { baseDelay: 5, jitter: 'none' } });
  events = [];
  client.on('retry', (event) => events.push(event));
});
afterEach(async () => {
  await close();
  await peer.close();
});
afterAll(() => unhandled.none());

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield Buffer.alloc(10);
  }
}

const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** The size of a body that no socket takes at once. */
const LARGE = 1_000_000;
const large = Buffer.alloc(LARGE, 'abcdefghij');

describe.each(['http', 'fetch'] as const)("by axios' %s adapter", (adapter) => {
  it.each([
    ['a string', () => 'text ä', Buffer.from('text ä')],
    ['JSON', () => ({ n: 1, of: ['a'] }), Buffer.from('{"n":1,"of":["a"]}')],
    ['a Buffer', () => large, large],
    ['a typed array', () => new Uint8Array([1, 2, 3]), Buffer.from([1, 2, 3])],
    ['an ArrayBuffer', () => new Uint8Array([1, 2, 3]).buffer, Buffer.from([1, 2, 3])],
    ['URLSearchParams', () => new URLSearchParams({ a: '1 2' }), Buffer.from('a=1+2')],
    ['a Blob', () => new Blob([large]), large],
    ['nothing', () => undefined, Buffer.alloc(0)],
  ] as [string, () => unknown, Buffer][])('%s arrives three times, the same byte for byte', async (_, data, expected) => {
    expect((await client.put(peer.url, data(), { adapter })).status).toBe(200);
    expect(received.map(({ body }) => hash(body))).toEqual(Array(3).fill(hash(expected)));
    const types = new Set(received.map(({ headers }) => [headers['content-type'], headers['content-length']].join()));
    expect(types.size).toBe(1);
  });
});

// Only http: in Node axios' fetch adapter itself sends a FormData with the wrong type.
it('a FormData of the platform arrives three times, whole', async () => {
  const form = new FormData();
  form.append('field', 'value');
  form.append('file', new Blob([large]), 'file.bin');
  expect((await client.put(peer.url, form)).status).toBe(200);
  expect(received).toHaveLength(3);
  for (const part of received) expectWhole(part);
});

/** A multipart body with its boundary, from its first line to its last. */
function expectWhole({ headers, body }: Received): void {
  const boundary: string | undefined = /boundary=(.+)/.exec(headers['content-type'] ?? '')?.[1];
  expect(boundary).toBeTruthy();
  const text = body.toString('latin1');
  expect(text.startsWith(`--${boundary}\r\n`)).toBe(true);
  expect(text.trimEnd().endsWith(`--${boundary}--`)).toBe(true);
  expect(body.includes(large)).toBe(true);
  if (headers['content-length']) expect(Number(headers['content-length'])).toBe(body.length);
}

describe('a body that can be read only once', () => {
  it.each([
    ['a stream', () => Readable.from([Buffer.from('once')])],
    [
      'a FormData of the package',
      () => {
        const form = new NodeFormData();
        form.append('field', 'value');
        return form;
      },
    ],
  ])('is not sent again: %s', async (_, data) => {
    const error = (await rejection(client.put(peer.url, data()))) as Told;
    expect(error.response?.status).toBe(503);
    expect(error.retryStopped).toBe('body');
    expect(error.history).toHaveLength(1);
    expect(events).toMatchObject([{ attempt: 1, reason: 'body', status: 503 }]);
    expect(received).toHaveLength(1);
    expect(received[0]?.body.length).toBeGreaterThan(0);
  });

  it('is not sent again by fetch: a web stream', async () => {
    const data = new Blob(['once']).stream();
    const error = (await rejection(client.put(peer.url, data, { adapter: 'fetch' }))) as Told;
    expect(error.retryStopped).toBe('body');
    expect(received.map(({ body }) => body.toString())).toEqual(['once']);
  });

  it('is not sent again although nobody was there', async () => {
    await peer.close();
    const error = (await rejection(client.put(peer.url, Readable.from(['once'])))) as Told;
    expect(error).toMatchObject({ code: 'ECONNREFUSED', retryStopped: 'body' });
  });
});

describe('a function for a body', () => {
  it('makes a new stream for each attempt: each is sent whole', async () => {
    const made: Readable[] = [];
    const factory = (): Readable => {
      made.push(Readable.from([large.subarray(0, LARGE / 2), large.subarray(LARGE / 2)]));
      return made.at(-1) as Readable;
    };
    expect((await client.put(peer.url, factory)).status).toBe(200);
    expect(made).toHaveLength(3);
    expect(received.map(({ body }) => hash(body))).toEqual(Array(3).fill(hash(large)));
    expect(events.map(({ delay }) => delay)).toEqual([5, 10]);
  });

  it('may take its time', async () => {
    const factory = async (): Promise<Readable> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return Readable.from(['later']);
    };
    expect((await client.put(peer.url, factory)).status).toBe(200);
    expect(received.map(({ body }) => body.toString())).toEqual(Array(3).fill('later'));
  });

  it('makes a new FormData of the package for each attempt', async () => {
    const factory = (): NodeFormData => {
      const form = new NodeFormData();
      form.append('file', large, { filename: 'file.bin' });
      return form;
    };
    expect((await client.put(peer.url, factory)).status).toBe(200);
    expect(received).toHaveLength(3);
    for (const part of received) expectWhole(part);
    expect(new Set(received.map(({ headers }) => headers['content-type'])).size).toBe(3);
  });

  it('makes a new FormData for each attempt that may be longer or shorter, and so does a repeat of its config', async () => {
    let size = 10_000;
    const factory = (): NodeFormData => {
      size = size === 10_000 ? 90_000 : 10_000;
      const form = new NodeFormData();
      form.append('log', Buffer.alloc(size), { filename: 'log' });
      return form;
    };
    const { config } = await client.put(peer.url, factory);
    await client.request(config);
    expect(received).toHaveLength(4);
    for (const { headers, body } of received) expect(Number(headers['content-length'])).toBe(body.length);
    expect(received.map(({ body }) => body.length > 50_000)).toEqual([true, false, true, false]);
  });

  it('keeps a Content-Length that the caller gave', async () => {
    const factory = (): Readable => Readable.from(['12345']);
    await client.put(peer.url, factory, { headers: { 'Content-Length': '5' } });
    expect(received.map(({ headers, body }) => [headers['content-length'], body.toString()])).toEqual(Array(3).fill(['5', '12345']));
  });

  it.each<[by: string, config: AxiosRequestConfig, interceptor?: (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig]>([
    ['a transform', { transformRequest: (data: Readable) => data.pipe(createGzip()) }],
    ['an interceptor', {}, (config) => Object.assign(config, { data: config.data.pipe(createGzip()) })],
  ])('is not called again where %s made something else of the stream, which a new one would lack', async (_, config, interceptor) => {
    if (interceptor) client.interceptors.request.use(interceptor);
    const factory = vi.fn(() => Readable.from(['hello']));
    const error = (await rejection(client.put(peer.url, factory, config))) as Told;
    expect(error).toMatchObject({ retryStopped: 'body', response: { status: 503 } });
    expect(factory).toHaveBeenCalledTimes(1);
    expect(received.map(({ body }) => gunzipSync(body).toString())).toEqual(['hello']);
  });

  it('makes a new web stream for fetch', async () => {
    const factory = (): ReadableStream => new Blob([large]).stream();
    expect((await client.put(peer.url, factory, { adapter: 'fetch' })).status).toBe(200);
    expect(received.map(({ body }) => hash(body))).toEqual(Array(3).fill(hash(large)));
  });

  it('may make JSON: the transforms run once, and each attempt sends the same', async () => {
    const factory = vi.fn(() => ({ n: 1 }));
    const transform = vi.fn((data: unknown) => JSON.stringify(data));
    expect((await client.put(peer.url, factory, { transformRequest: transform })).status).toBe(200);
    expect(transform).toHaveBeenCalledTimes(1);
    expect(received.map(({ body }) => body.toString())).toEqual(Array(3).fill('{"n":1}'));
  });

  it('makes a POST no safer', async () => {
    const factory = vi.fn(() => Readable.from(['once']));
    const error = (await rejection(client.post(peer.url, factory))) as Told;
    expect(error.retryStopped).toBe('unsafe');
    expect(factory).toHaveBeenCalledTimes(1);
    expect(received).toHaveLength(1);
  });

  it.each(['http', 'fetch'] as const)('leaves none open under answers that come before it has gone out, by %s', async (adapter) => {
    const early = await upstreamOf(({ res }) => void res.writeHead(503).end('no'));
    const made: Readable[] = [];
    const factory = (): Readable => {
      made.push(Readable.from(endless()));
      return made.at(-1) as Readable;
    };
    expect(await rejection(client.put(early.url, factory, { adapter }))).toMatchObject({ response: { status: 503 } });
    expect(made).toHaveLength(3);
    await until(() => made.every(({ destroyed }) => destroyed), 'none is open');
    await early.close();
  });

  const formOf = (...files: Readable[]): unknown => {
    const form = new NodeFormData();
    for (const file of files) form.append('file', file);
    return form;
  };

  it.each<[string, number, (open: () => Readable) => unknown]>([
    ['a file', 1, (open) => open()],
    ['a form of the package with two', 2, (open) => formOf(open(), open())],
  ])('leaves no file open where the attempt came to nothing: %s', async (_, each, bodyOf) => {
    const folder = await mkdtemp(join(tmpdir(), 'body-'));
    const file = join(folder, 'large');
    await writeFile(file, large);
    const made: Readable[] = [];
    const open = (): Readable => {
      made.push(createReadStream(file, { highWaterMark: 1_024 }));
      return made.at(-1) as Readable;
    };
    const factory = (): unknown => bodyOf(open);
    const held = make({ retry: { baseDelay: 5 }, breaker: {} });
    held.breakers.open(`PUT ${new URL(peer.url).origin}/`);
    expect(await rejection(held.put(peer.url, factory))).toMatchObject({ code: 'EBREAKEROPEN' });
    await peer.close();
    await rejection(client.put(peer.url, factory));
    expect(made).toHaveLength(each * (1 + 3));
    await Promise.all(made.map((stream) => stream.closed || new Promise((resolve) => stream.once('close', resolve))));
    await rm(folder, { recursive: true });
  });
});
