// responseType 'stream' is a web ReadableStream: handed out with the headers, and under its limits until the last byte.
import { describe, expect, it, vi } from 'vitest';
import { type AttemptRecord, isTimeout, type RequestConfig } from '../bare';
import { block, cleanly, clientWith, expectTimeout, failure, meet, type Peer, sleep } from './support';

cleanly();

type Bytes = ReadableStream<Uint8Array>;

/** Reads all; after each of the first four reads the reader pauses for so many milliseconds. */
async function drain(stream: Bytes, pause = 0): Promise<number> {
  const reader = stream.getReader();
  let bytes = 0;
  for (let reads = 0; ; reads++) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
    if (pause && reads < 4) await sleep(pause);
  }
}

it('the stream of an error, which nobody reads, is released when `read` is over, and is no timeout', async () => {
  const peer = await meet('flaky');
  const client = clientWith({ timeout: { read: 250, total: 10_000 }, retry: false });
  const told: string[] = [];
  client.on('*', (type, event) => void told.push(type === 'attempt' ? (event as AttemptRecord).outcome : type));
  await expect(client.get(peer.url, { responseType: 'stream' })).rejects.toMatchObject({ response: { status: 503 } });
  await vi.waitFor(() => expect(told).toEqual(['call', 'http-error']), { timeout: 10_000 });
});

describe('a stream that was handed out', () => {
  it('is a ReadableStream, there before its last byte', async () => {
    const peer = await meet('body-stall');
    const { data } = await clientWith({ timeout: { read: 5_000 } }).get<Bytes>(peer.url, { responseType: 'stream' });
    expect(data).toBeInstanceOf(ReadableStream);
    await data.cancel();
    await peer.closed();
  });

  it.each([
    { fault: 'body-stall', timeout: { read: 250 }, limit: 'read', limitMs: 250 },
    { fault: 'body-drip', timeout: { body: 300 }, limit: 'body', limitMs: 300 },
    { fault: 'body-drip', timeout: { total: 1_500 }, limit: 'total', limitMs: 1_500 },
    { fault: 'body-stall', timeout: { total: 1_500 }, limit: 'total', limitMs: 1_500 },
  ] as const)('ends $fault with the TimeoutError of $limit', async ({ fault, timeout, limit, limitMs }) => {
    const peer = await meet(fault);
    const client = clientWith({ timeout, responseType: 'stream' });
    await expectTimeout(async () => drain((await client.get<Bytes>(peer.url)).data), { limit, limitMs, phase: 'body', kind: 'read' });
    await peer.closed();
  });

  it('of an answer that has methods of its own, none of which reads a stream, is held as well', async () => {
    const peer = await meet('body-stall');
    const env = { fetch: async (...args: Parameters<typeof fetch>) => Object.assign(await fetch(...args), { text: async () => 'mine' }) };
    const client = clientWith({ timeout: { read: 250 }, responseType: 'stream', env });
    const limit = { limit: 'read', limitMs: 250, phase: 'body', kind: 'read' } as const;
    await expectTimeout(async () => drain((await client.get<Bytes>(peer.url)).data), limit);
    await peer.closed();
  });

  // A page that is starved for as long as read is ends one try; the fault that each is about ends every one.
  it('a reader that pauses longer than read is not the peer’s fault', { retry: 3 }, async () => {
    const peer = await meet('slow-body');
    const { data } = await clientWith({ timeout: { read: 250 } }).get<Bytes>(peer.url, { responseType: 'stream' });
    await sleep(600);
    await expect(drain(data, 300)).resolves.toBe(120);
  });

  it('time that the reader takes is not in body either', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ timeout: { read: 400, body: 400 }, responseType: 'stream' });
    const { data } = await client.get<Bytes>(peer.at('/bytes/300000'));
    await expect(drain(data, 250)).resolves.toBe(300_000);
  });

  it('a peer that falls silent while the reader pauses is found out at the latest within read of the next read', async () => {
    const peer = await meet('body-stall');
    const { data } = await clientWith({ timeout: { read: 250 } }).get<Bytes>(peer.url, { responseType: 'stream' });
    const reader = data.getReader();
    await reader.read();
    await sleep(600);
    const { error, took } = await failure(() => reader.read());
    expect(error).toMatchObject({ limit: 'read', limitMs: 250, phase: 'body', kind: 'read' });
    expect(error.timings.body).toBeGreaterThanOrEqual(250);
    expect(took).toBeLessThan(4_000);
    await peer.closed();
  });

  it('a blocked page that reads it is not the peer’s fault', { retry: 3 }, async () => {
    const peer = await meet('slow-body');
    const { data } = await clientWith({ timeout: { read: 250 } }).get<Bytes>(peer.url, { responseType: 'stream' });
    const reader = data.getReader();
    let bytes = 0;
    for (;;) {
      const next = reader.read();
      if (bytes < 12) block(500);
      const { done, value } = await next;
      if (done) break;
      bytes += value.length;
    }
    expect(bytes).toBe(120);
  });

  it('cancelled by its reader, the connection is closed and the attempt over: no timeout follows', async () => {
    const peer = await meet('body-drip');
    const client = clientWith({ timeout: { read: 1_000, total: 1_500 }, responseType: 'stream' });
    const seen: string[] = [];
    client.on('timeout', ({ limit }) => seen.push(`timeout ${limit}`));
    client.on('attempt', ({ outcome }) => seen.push(outcome));
    const { data } = await client.get<Bytes>(peer.url);
    await data.cancel();
    await peer.closed();
    await sleep(1_600);
    expect(seen).toEqual(['canceled']);
  });

  it('goes on after the deadline of its call', async () => {
    const peer = await meet('slow-body');
    const { data } = await clientWith({ deadline: 500, timeout: { read: 2_000 } }).get<Bytes>(peer.url, { responseType: 'stream' });
    await expect(drain(data)).resolves.toBe(120);
  });

  it('reports the attempt with its last byte, and the call with its headers', async () => {
    const peer = await meet('slow-body');
    const client = clientWith({ timeout: { read: 2_000 }, responseType: 'stream' });
    const order: string[] = [];
    let record: AttemptRecord | undefined;
    client.on('call', () => order.push('call'));
    client.on('attempt', (attempt) => {
      order.push('attempt');
      record = attempt;
    });
    const { data } = await client.get<Bytes>(peer.url);
    order.push('headers');
    await drain(data);
    expect(order).toEqual(['call', 'headers', 'attempt']);
    expect(record).toMatchObject({ outcome: 'success', status: 200, timedOut: false });
    expect(record?.timings.body).toBeGreaterThan(500);
  });

  it('of 204, 205, 304 or HEAD is over with its headers, for it has no body: nobody need read it', async () => {
    const unread = async (what: string, peer: Peer, config: RequestConfig): Promise<void> => {
      const request = what === 'HEAD' ? { method: 'head', url: peer.url } : { url: peer.at(`/status/${what}`) };
      const client = clientWith({ validateStatus: null, ...config, timeout: { total: 1_500 }, responseType: 'stream' });
      const seen: string[] = [];
      client.on('timeout', () => seen.push('timeout'));
      client.on('attempt', ({ outcome, status }) => seen.push(`${outcome} ${status}`));
      const response = await client.request(request).catch((error) => error.response);
      const status = what === 'HEAD' ? 200 : Number(what);
      expect(seen, what).toEqual([`${'validateStatus' in config ? 'http-error' : 'success'} ${status}`]);
      await sleep(1_600);
      expect(response.data === null || (await drain(response.data)) === 0, what).toBe(true);
      expect(seen, what).toHaveLength(1);
    };
    const configs: RequestConfig[] = [{}, { adapter: 'fetch' }, { maxContentLength: 1_000 }, { validateStatus: () => false }];
    const all = ['204', '205', '304', 'HEAD'].map(async (what) => {
      const peer = await meet('healthy');
      await Promise.all(configs.map((config) => unread(what, peer, config)));
    });
    await Promise.all(all);
  });

  it('one that nobody reads is nobody’s fault; total ends it all the same', async () => {
    const peer = await meet('body-drip');
    const client = clientWith({ timeout: { read: 200, body: 250, total: 1_500 }, responseType: 'stream' });
    const limits: unknown[] = [];
    client.on('timeout', ({ limit }) => limits.push(limit));
    const { data } = await client.get<Bytes>(peer.url);
    await peer.closed();
    const error: unknown = await drain(data).catch((reason: unknown) => reason);
    expect(isTimeout(error) && error.limit).toBe('total');
    expect(limits).toEqual(['total']);
  });
});
