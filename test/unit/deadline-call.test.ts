// The deadline of a call: a hard end, whatever hangs inside, told once, and no harder than the event loop was free.
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptRecord, type CallRecord, type ClientConfig, createClient, isTimeout } from '../../src/index';
import { errorOf, FakeUpstream, settled, URL } from './breaker-support';
import { blockable, YIELD } from './fake-clock';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // deadlines this short are warned of
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const never = (): Promise<never> => new Promise(() => {});

function clientOver(config: ClientConfig = {}) {
  const upstream = new FakeUpstream();
  upstream.does = 'hang';
  const client = createClient({ adapter: upstream.adapter, timeout: false, retry: false, breaker: false, deadline: 1_000, ...config });
  const timeouts: AttemptRecord[] = [];
  const calls: CallRecord[] = [];
  client.on('timeout', (record) => timeouts.push(record));
  client.on('call', (record) => calls.push(record));
  return { client, upstream, timeouts, calls };
}

describe('the deadline of a call', () => {
  it('ends it at its time and not before, and is told once', async () => {
    const { client, upstream, timeouts, calls } = clientOver();
    const outcome = errorOf(client.get(URL));
    await vi.advanceTimersByTimeAsync(999);
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1 + YIELD);
    const error = await outcome;
    expect(isTimeout(error)).toBe(true);
    expect(error).toMatchObject({ limit: 'deadline', limitMs: 1_000, elapsed: 1_000 + YIELD, lag: 0, attempts: 1 });
    expect(timeouts).toMatchObject([{ limit: 'deadline', limitMs: 1_000, attempt: 1, outcome: 'timeout' }]);
    expect(calls).toMatchObject([{ limit: 'deadline', outcome: 'timeout', attempts: 1 }]);
    expect(vi.getTimerCount()).toBe(0);
    upstream.held[0]?.answer(200);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(timeouts).toHaveLength(1);
    expect(calls).toHaveLength(1);
  });

  it('ends it in an interceptor that hangs, before any attempt', async () => {
    const { client, upstream, timeouts } = clientOver();
    client.interceptors.request.use(never);
    const outcome = errorOf(client.get(URL));
    await vi.advanceTimersByTimeAsync(1_000 + YIELD);
    expect(await outcome).toMatchObject({ limit: 'deadline', attempts: 0, phase: 'waiting' });
    expect(timeouts).toMatchObject([{ limit: 'deadline', attempt: 0 }]);
    expect(upstream.requests).toBe(0);
  });

  it('stops the attempt in progress', async () => {
    const { client } = clientOver();
    const signals: AbortSignal[] = [];
    const adapter = ({ signal }: { signal?: unknown }) => {
      signals.push(signal as AbortSignal);
      return never();
    };
    const outcome = errorOf(client.get(URL, { adapter }));
    await vi.advanceTimersByTimeAsync(1_000 + YIELD);
    expect(signals[0]?.reason).toBe(await outcome);
  });

  it('that is over already lets nothing begin', async () => {
    const { client, upstream, timeouts, calls } = clientOver();
    const interceptor = vi.fn(never);
    client.interceptors.request.use(interceptor);
    const error = await errorOf(client.get(URL, { deadline: new Date(Date.now() - 5) }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', limit: 'deadline', limitMs: 0, lag: 0, attempts: 0, elapsed: 0 });
    expect(error).toHaveProperty('message', expect.stringContaining('ran out before the call began, after 0 ms'));
    expect(timeouts).toMatchObject([{ limit: 'deadline', attempt: 0, elapsed: 0 }]);
    expect(calls).toMatchObject([{ limit: 'deadline', outcome: 'timeout' }]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(interceptor).not.toHaveBeenCalled();
    expect(upstream.requests).toBe(0);
    expect(timeouts).toHaveLength(1);
  });

  it('may be a Date of another realm', async () => {
    const { client } = clientOver();
    const outcome = errorOf(client.get(URL, { deadline: runInNewContext(`new Date(${Date.now() + 500})`) }));
    await vi.advanceTimersByTimeAsync(500 + YIELD);
    expect(await outcome).toMatchObject({ limit: 'deadline', limitMs: 500 });
    const invalid = runInNewContext('new Date("never")');
    expect(await errorOf(client.get(URL, { deadline: invalid }))).toMatchObject({ code: 'ERR_BAD_OPTION_VALUE' });
  });

  it.each([200, 'ECONNRESET'] as const)('is over with the call: %s', async (does) => {
    const { client, upstream, timeouts, calls } = clientOver();
    const outcome = client.get(URL).catch(() => {});
    await settled();
    upstream.held[0]?.answer(does);
    await outcome;
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(timeouts).toEqual([]);
    expect(calls).toHaveLength(1);
  });

  it('is over with a call that its user aborted', async () => {
    const { client, timeouts, calls } = clientOver();
    const controller = new AbortController();
    const outcome = errorOf(client.get(URL, { signal: controller.signal }));
    await settled();
    controller.abort();
    expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(timeouts).toEqual([]);
    expect(calls).toMatchObject([{ outcome: 'canceled' }]);
  });

  it('holds though an abort that an interceptor brought is kept from the caller by an interceptor that hangs', async () => {
    const { client, timeouts, calls } = clientOver();
    const controller = new AbortController();
    client.interceptors.request.use((config) => Object.assign(config, { signal: controller.signal }));
    client.interceptors.response.use(undefined, never);
    const outcome = errorOf(client.get(URL));
    await settled();
    controller.abort();
    await vi.advanceTimersByTimeAsync(1_000 + YIELD);
    expect(await outcome).toMatchObject({ limit: 'deadline', limitMs: 1_000, attempts: 1 });
    expect(timeouts).toHaveLength(1);
    expect(calls).toMatchObject([{ limit: 'deadline', outcome: 'timeout' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be off, and then sets no timer', async () => {
    const { client, upstream } = clientOver({ deadline: false });
    const outcome = client.get(URL);
    await settled();
    expect(vi.getTimerCount()).toBe(0);
    upstream.held[0]?.answer(200);
    expect((await outcome).status).toBe(200);
  });
});

describe('a deadline that the event loop was too busy to see', () => {
  it('gives the time back, once: an answer that was on its way is handed out', async () => {
    const { client, upstream, timeouts } = clientOver();
    const block = blockable();
    const outcome = client.get(URL);
    await settled();
    block(1_300); // 300 ms late
    await vi.advanceTimersByTimeAsync(1_000 + YIELD);
    await vi.advanceTimersByTimeAsync(200);
    upstream.held[0]?.answer(200);
    expect((await outcome).status).toBe(200);
    expect(timeouts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the call after that, says by how much it was late, and gives no more for a second delay', async () => {
    const { client, calls } = clientOver();
    const block = blockable();
    const outcome = errorOf(client.get(URL));
    await settled();
    block(300);
    await vi.advanceTimersByTimeAsync(1_000 + YIELD);
    expect(calls).toEqual([]);
    block(500);
    await vi.advanceTimersByTimeAsync(300 + YIELD);
    expect(await outcome).toMatchObject({ limit: 'deadline', limitMs: 1_000, lag: 300 });
    expect(calls).toMatchObject([{ outcome: 'timeout', lag: 300 }]);
  });
});
