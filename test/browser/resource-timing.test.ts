// After a success the record has what the browser measured, where the browser tells it; elsewhere waiting and body, as the page saw them.
import { describe, expect, inject, it } from 'vitest';
import type { AttemptRecord, CallRecord, ClientConfig, RequestConfig, Timings } from '../../src/index';
import { cleanly, clientWith, meet, sleep } from './support';

cleanly();

/** Makes one call, and gives its records. */
async function record(url: string, request: RequestConfig = {}, config: ClientConfig = {}): Promise<[AttemptRecord, CallRecord]> {
  const client = clientWith(config);
  const attempts: AttemptRecord[] = [];
  const calls: CallRecord[] = [];
  client.on('attempt', (attempt) => attempts.push(attempt));
  client.on('call', (call) => calls.push(call));
  await client.request({ url, ...request }).catch(() => {});
  const [attempt] = attempts;
  const [call] = calls;
  if (!attempt || !call || attempts.length + calls.length !== 2) throw new Error('expected one record of each');
  return [attempt, call];
}

const phasesOf = ({ timings }: { timings: Timings }): string[] => Object.keys(timings);
const sum = (timings: Timings): number => Object.values(timings).reduce((total, ms) => total + ms, 0);

describe.each(['fetch', 'xhr'] as const)('by %s', (adapter) => {
  it('a new connection has lookup and tcp, a reused one has not; response and body are told in both', async () => {
    const peer = await meet('healthy');
    const [first] = await record(peer.at('/delay/120'), { adapter });
    expect(phasesOf(first)).toEqual(['waiting', 'lookup', 'tcp', 'response', 'body']);
    expect(first.timings.response).toBeGreaterThanOrEqual(115);
    const [second, call] = await record(peer.at('/delay/100'), { adapter });
    expect(phasesOf(second)).toEqual(['waiting', 'response', 'body']);
    expect(call.timings).toEqual(second.timings);
    for (const ms of Object.values(second.timings)) expect(ms).toBeGreaterThanOrEqual(0);
    expect(sum(second.timings)).toBeLessThanOrEqual(second.elapsed + 1);
  });

  it('a slow body is in body, not in response', async () => {
    const peer = await meet('slow-body');
    const [{ timings }] = await record(peer.url, { adapter });
    expect(timings.body).toBeGreaterThanOrEqual(900);
    expect(timings.response).toBeLessThan(900);
  });

  it('redirects are in waiting: only the last hop is told apart', async () => {
    const peer = await meet('healthy');
    const [{ timings }] = await record(peer.at('/redirect?after=150&to=/delay/100'), { adapter });
    expect(timings.waiting).toBeGreaterThanOrEqual(145);
    expect(timings.response).toBeGreaterThanOrEqual(95);
    expect(timings.response).toBeLessThan(timings.waiting ?? 0);
  });

  it('an HTTP error is told as well', async () => {
    const peer = await meet('healthy');
    const [{ outcome, timings }] = await record(peer.at('/status/500'), { adapter });
    expect(outcome).toBe('http-error');
    expect(timings.response).toBeGreaterThan(0);
  });

  it('an origin that grants nothing has waiting and body', async () => {
    const [attempt] = await record(`${inject('control')}/ping`, { adapter });
    expect(attempt.outcome).toBe('success');
    expect(phasesOf(attempt)).toEqual(['waiting', 'body']);
  });

  it('the page’s own origin is told', async () => {
    const [attempt] = await record('/', { adapter, params: { own: adapter } });
    expect(attempt.timings.response).toBeGreaterThan(0);
  });

  it('a timeout has only what the page saw', async () => {
    const peer = await meet('json-stall');
    const [attempt] = await record(peer.url, { adapter }, { timeout: { read: 200 } });
    expect(attempt.outcome).toBe('timeout');
    expect(phasesOf(attempt)).toEqual(['waiting', 'body']);
  });

  it('a large upload is in waiting: when it was sent is not told', async () => {
    const peer = await meet('slow-reader');
    const [attempt] = await record(peer.url, { adapter, method: 'POST', data: new Uint8Array(2 * 1024 * 1024) });
    expect(attempt.outcome).toBe('success');
    expect(phasesOf(attempt)).not.toContain('response');
    expect(attempt.timings.waiting).toBeGreaterThan(150);
  });
});

describe('of concurrent calls', () => {
  it('to several URLs each has its own', async () => {
    const peer = await meet('healthy');
    const delays = [40, 160, 280];
    const records = await Promise.all(delays.map((ms) => record(peer.at(`/delay/${ms}`))));
    for (const [index, [{ timings }]] of records.entries()) {
      const delay = delays[index] ?? 0;
      expect(timings.response).toBeGreaterThanOrEqual(delay - 5);
    }
  });

  it('to one URL none has more than it took itself', async () => {
    const peer = await meet('healthy');
    const calls = [0, 30, 60].map(async (later) => {
      await sleep(later);
      return record(peer.at('/delay/100'), { headers: { 'Cache-Control': 'no-store' } });
    });
    for (const [{ timings, elapsed }] of await Promise.all(calls)) expect(sum(timings)).toBeLessThanOrEqual(elapsed + 1);
  });
});

describe('whoever else uses Resource Timing', () => {
  it('a full buffer, or one that is cleared, takes nothing away', async () => {
    const peer = await meet('healthy');
    performance.setResourceTimingBufferSize(0);
    try {
      const [attempt] = await record(peer.at('/full'));
      expect(phasesOf(attempt)).toContain('response');
    } finally {
      performance.setResourceTimingBufferSize(250);
    }
  });

  it('with upload progress the upload is told: send, then response', async () => {
    const peer = await meet('slow-reader');
    const [attempt] = await record(peer.url, {
      method: 'POST',
      data: new Uint8Array(4 * 1024 * 1024),
      onUploadProgress: () => {},
    });
    expect(phasesOf(attempt)).toEqual(expect.arrayContaining(['send', 'response', 'body']));
    expect(attempt.timings.send).toBeGreaterThan(0);
  });

  it('where there is no PerformanceObserver, calls work as ever', async () => {
    const peer = await meet('healthy');
    const { PerformanceObserver } = globalThis;
    Reflect.deleteProperty(globalThis, 'PerformanceObserver');
    try {
      const [attempt] = await record(peer.url);
      expect(phasesOf(attempt)).toEqual(['waiting', 'body']);
    } finally {
      globalThis.PerformanceObserver = PerformanceObserver;
    }
  });
});
