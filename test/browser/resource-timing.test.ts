// After a success the record has what the browser measured, where the browser tells it; elsewhere waiting and body, as the page saw them.
import { describe, expect, inject, it, vi } from 'vitest';
import type { AttemptRecord, CallRecord, ClientConfig, RequestConfig, Timings } from '../bare';
import { cleanly, clientWith, meet, sleep } from './support';

cleanly();

/** A file that the tests' own server has: this one. */
const OWN_FILE = new URL(import.meta.url).pathname;

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

/**
 * Makes the call again where the browser told of it a task too late: seldom on a crowded machine, often where the body is empty.
 * A record does not wait for that.
 */
async function measured(make: () => Promise<[AttemptRecord, CallRecord]>, tries = 5): Promise<[AttemptRecord, CallRecord]> {
  const records = await make();
  const [{ timings }] = records;
  return tries > 1 && timings.response === undefined && timings.tcp === undefined ? measured(make, tries - 1) : records;
}

const phasesOf = ({ timings }: { timings: Timings }): string[] => Object.keys(timings);
const sum = (timings: Timings): number => Object.values(timings).reduce((total, ms) => total + ms, 0);

describe.each(['fetch', 'xhr'] as const)('by %s', (adapter) => {
  it('a new connection has lookup and tcp', async () => {
    const [{ timings }] = await measured(async () => record((await meet('healthy')).at('/delay/120'), { adapter }));
    expect(Object.keys(timings)).toEqual(['waiting', 'lookup', 'tcp', 'response', 'body']);
    expect(timings.response).toBeGreaterThanOrEqual(115);
  });

  it('a reused connection has not, and the phases add up to no more than the attempt took', async () => {
    const peer = await meet('healthy');
    await record(peer.at('/x'), { adapter });
    const [attempt, call] = await measured(() => record(peer.at('/delay/100'), { adapter }));
    expect(phasesOf(attempt)).toEqual(['waiting', 'response', 'body']);
    expect(call.timings).toEqual(attempt.timings);
    for (const ms of Object.values(attempt.timings)) expect(ms).toBeGreaterThanOrEqual(0);
    expect(sum(attempt.timings)).toBeLessThanOrEqual(attempt.elapsed + 1);
  });

  it('a slow body is in body, not in response', async () => {
    const peer = await meet('slow-body');
    const [{ timings }] = await measured(() => record(peer.url, { adapter }));
    expect(timings.body).toBeGreaterThanOrEqual(900);
    expect(timings.response).toBeLessThan(900);
  });

  it('redirects are in waiting: only the last hop is told apart', async () => {
    const peer = await meet('healthy');
    const [{ timings }] = await measured(() => record(peer.at('/redirect?after=150&to=/delay/100'), { adapter }));
    expect(timings.waiting).toBeGreaterThanOrEqual(145);
    expect(timings.response).toBeGreaterThanOrEqual(95);
    expect(sum(timings)).toBeGreaterThanOrEqual(240);
  });

  it('an HTTP error is told as well', async () => {
    const peer = await meet('healthy');
    const [{ outcome, timings }] = await measured(() => record(peer.at('/status/500'), { adapter }));
    expect(outcome).toBe('http-error');
    expect(timings.response).toBeGreaterThan(0);
  });

  it('an origin that grants nothing has waiting and body', async () => {
    const [attempt] = await record(`${inject('control')}/ping`, { adapter });
    expect(attempt.outcome).toBe('success');
    expect(phasesOf(attempt)).toEqual(['waiting', 'body']);
  });

  it('the page’s own origin is told', async () => {
    // A relative URL, which Resource Timing knows by its absolute one.
    const [attempt] = await measured(() => record(OWN_FILE, { adapter, params: { own: adapter } }));
    expect(attempt.status).toBe(200);
    expect(attempt.timings.response).toBeGreaterThan(0);
  });

  it('a timeout has only what the page saw', async () => {
    const peer = await meet('json-stall');
    const [attempt] = await record(peer.url, { adapter }, { timeout: { read: 200 } });
    expect(attempt.outcome).toBe('timeout');
    expect(phasesOf(attempt)).toEqual(['waiting', 'body']);
  });

  it('a large upload is in waiting: when it was sent is not told', async () => {
    const data = new Uint8Array(2 * 1024 * 1024);
    const [attempt] = await measured(async () => record((await meet('slow-reader')).url, { adapter, method: 'POST', data }));
    expect(attempt.outcome).toBe('success');
    expect(phasesOf(attempt)).toEqual(['waiting', 'lookup', 'tcp', 'body']);
    expect(attempt.timings.waiting).toBeGreaterThan(150);
  });
});

describe('of concurrent calls', () => {
  it('to several URLs each has its own', async () => {
    const peer = await meet('healthy');
    const delays = [40, 160, 280];
    const records = await Promise.all(delays.map((ms) => measured(() => record(peer.at(`/delay/${ms}`)))));
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

describe('of an answer that stays open', () => {
  /** One whose first request is the attempt's own, as the browser sees it, and whose body ends when it is told to. */
  function open(): { fetch: typeof fetch; end(): void } {
    let end = (): void => {};
    const body = new ReadableStream({
      start: (controller) => {
        end = () => controller.close();
      },
    });
    const held: typeof fetch = async (input) => {
      const { status, headers } = await fetch(input);
      return new Response(body, { status, headers });
    };
    return { fetch: held, end: () => end() };
  }

  it('the timings are those of its own request, and of the many others to its URL only what tells that is kept', async () => {
    const url = (await meet('healthy')).at('/delay/100');
    const again = (): Promise<unknown> => fetch(url, { cache: 'no-store' }).then((response) => response.text());
    const { fetch: held, end } = open();
    const client = clientWith();
    const ended = new Promise<AttemptRecord>((resolve) => client.on('attempt', resolve));
    const { data } = await client.get<ReadableStream>(url, { responseType: 'stream', env: { fetch: held } });
    for (let i = 0; i < 5; i++) await Promise.all([again(), again(), again(), again()]);
    await sleep(50); // the browser tells of them in a task of its own
    const asked = vi.spyOn(PerformanceEntry.prototype, 'startTime', 'get');
    try {
      end();
      await new Response(data).text();
      const { timings } = await ended;
      expect(phasesOf({ timings })).toContain('response');
      expect(timings.response).toBeGreaterThanOrEqual(95);
      expect(asked.mock.calls.length).toBeLessThan(10);
    } finally {
      asked.mockRestore();
    }
  });
});

describe('whoever else uses Resource Timing', () => {
  it('a full buffer, or one that is cleared, takes nothing away', async () => {
    const peer = await meet('healthy');
    performance.setResourceTimingBufferSize(0);
    try {
      const [attempt] = await measured(() => record(peer.at('/full')));
      expect(phasesOf(attempt)).toContain('response');
    } finally {
      performance.setResourceTimingBufferSize(250);
    }
  });

  it('with upload progress the upload is told: send, then response', async () => {
    const peer = await meet('slow-reader');
    const data = new Uint8Array(2 * 1024 * 1024);
    const [attempt] = await record(peer.url, { method: 'POST', data, onUploadProgress: () => {} });
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
