// The rate limit: a token bucket, with a queue in order. On a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Client,
  createClient,
  isLimited,
  type LimitError,
  type LimitedEvent,
  type LimitOptions,
  type Policies,
} from '../../src/index';
import { ask, askTimes, ENDPOINT, errorOf, FakeUpstream, settled, URL } from './breaker-support';
import { blockable } from './fake-clock';

let upstream: FakeUpstream;
let client: Client;

function start(limit: LimitOptions, policies: Policies = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, limit, ...policies });
}

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
});

afterEach(async () => {
  await client.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** When each of so many calls, made at once, reaches the upstream; those that are refused do not. */
async function arrivals(calls: number, over: number, step = 10, config = {}): Promise<number[]> {
  const startedAt = performance.now();
  const times: number[] = [];
  const adapter: typeof upstream.adapter = (config) => {
    times.push(performance.now() - startedAt);
    return upstream.adapter(config);
  };
  const all = Array.from({ length: calls }, () => ask(client, { adapter, ...config }));
  await settled();
  for (let at = 0; at < over; at += step) await vi.advanceTimersByTimeAsync(step);
  await Promise.all(all);
  return times;
}

describe('a rate', () => {
  it('lets a burst through, then refuses at once and says when there is room', async () => {
    start({ rate: 10 });
    const events: LimitedEvent[] = [];
    client.on('limited', (event) => events.push(event));
    expect(await askTimes(10, client)).toEqual(Array(10).fill(200));
    const error = (await errorOf(client.get(URL))) as LimitError;
    expect(isLimited(error)).toBe(true);
    expect(error).toMatchObject({ name: 'LimitError', code: 'ELIMITED', limit: 'rate', retryAfter: 100 });
    expect(error.message).toContain('100 ms');
    expect(error.config?.url).toBe(URL);
    expect(events).toMatchObject([{ endpoint: ENDPOINT, limit: 'rate', retryAfter: 100 }]);
    expect(upstream.requests).toBe(10);
    vi.advanceTimersByTime(99);
    expect(await ask(client)).toBe('ELIMITED');
    vi.advanceTimersByTime(1);
    expect(await askTimes(2, client)).toEqual([200, 'ELIMITED']);
  });

  it('is full again after a quiet time, and no fuller', async () => {
    start({ rate: 10 });
    await askTimes(10, client);
    vi.advanceTimersByTime(3_600_000);
    expect((await askTimes(15, client)).filter((outcome) => outcome === 200)).toHaveLength(10);
  });

  it('has a burst and an interval of its own', async () => {
    start({ rate: 6, interval: 60_000, burst: 2 });
    expect(await askTimes(3, client)).toEqual([200, 200, 'ELIMITED']);
    vi.advanceTimersByTime(10_000);
    expect(await askTimes(2, client)).toEqual([200, 'ELIMITED']);
  });

  it('may be less than one in an interval', async () => {
    start({ rate: 0.5 });
    expect(await askTimes(2, client)).toEqual([200, 'ELIMITED']);
    vi.advanceTimersByTime(1_999);
    expect(await ask(client)).toBe('ELIMITED');
    vi.advanceTimersByTime(1);
    expect(await ask(client)).toBe(200);
  });

  it('is never exceeded in any window: what was refused was not taken', async () => {
    start({ rate: 20, burst: 5 });
    const times: number[] = [];
    for (let ms = 0; ms < 5_000; ms += 7) {
      if ((await ask(client)) === 200) times.push(performance.now());
      vi.advanceTimersByTime(7);
    }
    for (const from of times) {
      expect(times.filter((time) => time >= from && time < from + 1_000).length).toBeLessThanOrEqual(25);
    }
    expect(times.length).toBeGreaterThanOrEqual(95); // 5 at once, then 20 a second: nothing is lost
    expect(times.length).toBeLessThanOrEqual(105);
  });

  it.each([
    ['endpoint', [200, 'ELIMITED', 200, 200]],
    ['origin', [200, 'ELIMITED', 'ELIMITED', 200]],
    ['client', [200, 'ELIMITED', 'ELIMITED', 'ELIMITED']],
  ] as const)('is shared per %s', async (per, outcomes) => {
    start({ rate: 1, per });
    const urls = [URL, URL, 'http://up.test/orders', 'http://other.test/'];
    const got: (number | string)[] = [];
    for (const url of urls) got.push(await ask(client, { url }));
    expect(got).toEqual(outcomes);
  });

  it('may be set, or lifted, by a request', async () => {
    start({ rate: 1 });
    expect(await askTimes(3, client, { limit: false })).toEqual([200, 200, 200]);
    expect(await askTimes(2, client)).toEqual([200, 'ELIMITED']);
    expect(await ask(client, { url: 'http://up.test/a', limit: { rate: 2 } })).toBe(200);
    expect(await ask(client, { url: 'http://up.test/a', limit: { rate: 2 } })).toBe(200);
  });

  it('of an endpoint is not forgotten while it is used up, however many other endpoints there are', async () => {
    start({ rate: 1 });
    await ask(client);
    const others = async (): Promise<void> => {
      for (let n = 0; n < 1_100; n++) expect(await ask(client, { endpoint: `other ${n}` })).toBe(200);
    };
    await others();
    expect(await ask(client)).toBe('ELIMITED');
    vi.advanceTimersByTime(1_000);
    await others();
    expect(await ask(client)).toBe(200);
  });

  it('does not move with the wall clock', async () => {
    start({ rate: 1 });
    await ask(client);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await ask(client)).toBe('ELIMITED');
    vi.setSystemTime(Date.now() - 7 * 86_400_000);
    vi.advanceTimersByTime(1_000);
    expect(await ask(client)).toBe(200);
  });

  it('counts retries as well', async () => {
    start({ rate: 2, interval: 60_000 }, { retry: { retries: 5, jitter: 'none', budget: false } });
    upstream.does = 503;
    const call = ask(client);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toBe('ELIMITED');
    expect(upstream.requests).toBe(2);
  });
});

describe('waiting for a token', () => {
  it('is in order, one at its time, never early', async () => {
    start({ rate: 10, burst: 1, maxQueue: 5 });
    const order: string[] = [];
    const calls = ['a', 'b', 'c', 'd'].map((name) => client.get(URL, { params: { name } }).then(() => order.push(name)));
    await Promise.all([...calls, vi.advanceTimersByTimeAsync(1_000)]);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    vi.advanceTimersByTime(10_000);
    const times = await arrivals(5, 1_000, 1);
    for (const [i, time] of times.entries()) {
      expect(time).toBeGreaterThanOrEqual(i * 100);
      expect(time).toBeLessThanOrEqual(i * 100 + 2);
    }
  });

  it('has so many places', async () => {
    start({ rate: 10, burst: 1, maxQueue: 2 });
    expect(await arrivals(10, 1_000)).toHaveLength(3);
  });

  it('is refused at once where it would be longer than maxWait', async () => {
    start({ rate: 10, burst: 1, maxQueue: 100, maxWait: 250 });
    const calls = Array.from({ length: 4 }, () => ask(client));
    expect(await errorOf(client.get(URL))).toMatchObject({ code: 'ELIMITED', retryAfter: 300 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(calls)).toEqual([200, 200, 200, 'ELIMITED']);
  });

  it('may be exactly as long as maxWait', async () => {
    start({ rate: 10, burst: 1, maxQueue: 1, maxWait: 100 });
    await ask(client);
    const call = ask(client);
    await vi.advanceTimersByTimeAsync(110);
    expect(await call).toBe(200);
  });

  it('lets nobody past who comes while the event loop is too busy to serve the queue', async () => {
    start({ rate: 10, burst: 2, maxQueue: 5 });
    const block = blockable();
    await askTimes(2, client);
    const order: string[] = [];
    const call = (name: string) => client.get(URL).then(() => order.push(name));
    const calls = [call('first')];
    await settled();
    block(1_000);
    calls.push(call('second'));
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(calls);
    expect(order).toEqual(['first', 'second']);
  });

  it('is not forgotten meanwhile, however many other endpoints there are', async () => {
    start({ rate: 10, burst: 2, maxQueue: 5 });
    const block = blockable();
    await askTimes(2, client);
    const order: string[] = [];
    const call = (name: string) => client.get(URL).then(() => order.push(name));
    const calls = [call('first')];
    await settled();
    block(1_000);
    for (let n = 0; n < 1_100; n++) expect(await ask(client, { endpoint: `other ${n}` })).toBe(200);
    calls.push(call('second'));
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(calls);
    expect(order).toEqual(['first', 'second']);
  });

  it('lasts no longer than maxWait, where who was before it took more than was to be expected', async () => {
    start({ rate: 10, burst: 1, maxQueue: 10, maxWait: 250 });
    const events: LimitedEvent[] = [];
    client.on('limited', (event) => events.push(event));
    await ask(client);
    const greedy = ask(client, { limit: { interval: 10_000, maxWait: 2_000 } });
    const call = ask(client);
    const patient = ask(client, { limit: { maxWait: 5_000 } });
    let over = false;
    void call.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(249);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(11);
    expect(over).toBe(true);
    expect(await call).toBe('ELIMITED');
    expect(events).toMatchObject([{ endpoint: ENDPOINT, limit: 'rate' }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await Promise.all([greedy, patient])).toEqual([200, 200]);
    expect(upstream.requests).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may last exactly as long as maxWait, behind others', async () => {
    start({ rate: 10, burst: 1, maxQueue: 5, maxWait: 300 });
    const calls = Array.from({ length: 4 }, () => ask(client));
    await vi.advanceTimersByTimeAsync(310);
    expect(await Promise.all(calls)).toEqual([200, 200, 200, 200]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not done with a maxWait of 0', async () => {
    start({ rate: 10, burst: 1, maxQueue: 100, maxWait: 0 });
    expect(await askTimes(2, client)).toEqual([200, 'ELIMITED']);
  });

  it('is refused at once where the deadline comes first', async () => {
    start({ rate: 1, maxQueue: 100 });
    await ask(client);
    expect(await errorOf(client.get(URL, { deadline: 900 }))).toMatchObject({ code: 'ELIMITED', retryAfter: 1_000 });
    const call = ask(client, { deadline: 1_500 });
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await call).toBe(200);
  });

  it('ends with an abort, at once; the next in line moves up, and no token is lost', async () => {
    start({ rate: 10, burst: 1, maxQueue: 10 });
    await ask(client);
    const controller = new AbortController();
    const given = ask(client, { signal: controller.signal });
    await settled();
    const startedAt = performance.now();
    let reached = 0;
    const next = ask(client).then((outcome) => {
      reached = performance.now() - startedAt;
      return outcome;
    });
    await settled();
    controller.abort();
    expect(await given).toBe('ERR_CANCELED');
    expect(performance.now()).toBe(startedAt);
    await vi.advanceTimersByTimeAsync(110);
    expect(await next).toBe(200);
    expect(reached).toBeGreaterThanOrEqual(100);
    expect(upstream.requests).toBe(2);
  });

  it('never lets two through for one token, whoever leaves the queue', async () => {
    start({ rate: 1, maxQueue: 10 });
    const startedAt = performance.now();
    const times: number[] = [];
    const adapter: typeof upstream.adapter = (config) => {
      times.push(performance.now() - startedAt);
      return upstream.adapter(config);
    };
    const controller = new AbortController();
    const calls = [ask(client, { adapter }), ask(client, { adapter, signal: controller.signal }), ask(client, { adapter })];
    await vi.advanceTimersByTimeAsync(100);
    controller.abort();
    await settled();
    calls.push(ask(client, { adapter }));
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(calls);
    expect(times.map((time) => Math.floor(time / 1_000))).toEqual([0, 1, 2]);
  });

  it('ends with the deadline, where who was before it took more than was to be expected', async () => {
    start({ rate: 1, maxQueue: 10 });
    await ask(client);
    const greedy = ask(client, { limit: { interval: 100_000 }, deadline: false });
    const call = ask(client, { deadline: 5_000 });
    await vi.advanceTimersByTimeAsync(5_010);
    expect(await greedy).toBe(200);
    expect(await call).toBe('ETIMEDOUT');
    expect(upstream.requests).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives no more than the burst at once after the event loop was blocked', async () => {
    const block = blockable();
    start({ rate: 10, burst: 2, maxQueue: 100 });
    const calls = Array.from({ length: 30 }, () => ask(client));
    await settled();
    expect(upstream.requests).toBe(2);
    block(1_000);
    await vi.advanceTimersByTimeAsync(120);
    expect(upstream.requests).toBeGreaterThanOrEqual(4);
    expect(upstream.requests).toBeLessThanOrEqual(2 + 2 + 2);
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(calls);
  });

  it('looks at few of the others’ tokens, also after the event loop was blocked: else thousands would look at each', async () => {
    const block = blockable();
    start({ rate: 10, burst: 1, maxQueue: 100 });
    const calls = Array.from({ length: 60 }, () => ask(client));
    await settled();
    block(3_000);
    await vi.advanceTimersByTimeAsync(3_000); // all looked when they had been due
    const setting = vi.spyOn(globalThis, 'setTimeout');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(setting.mock.calls.length).toBeLessThan(100); // of 10 tokens, and some 30 who wait
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await Promise.all(calls)).toEqual(Array(60).fill(200));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends where the platform drops the timers of whoever was before it, as a worker does once their request is over', async () => {
    start({ rate: 2, burst: 1, maxQueue: 10 });
    const calls = [ask(client), ask(client), ask(client)];
    await vi.advanceTimersByTimeAsync(499);
    const setting = vi.spyOn(globalThis, 'setTimeout').mockReturnValue(0 as never);
    await vi.advanceTimersByTimeAsync(20);
    expect(upstream.requests).toBe(2);
    expect(setting).toHaveBeenCalled();
    setting.mockRestore();
    await vi.advanceTimersByTimeAsync(520);
    expect(upstream.requests).toBe(3);
    expect(await Promise.all(calls)).toEqual([200, 200, 200]);
  });

  it('of 1 000 is fair, exact and leaves no timer', async () => {
    start({ rate: 100, burst: 1, maxQueue: 1_000 }, { deadline: false });
    const order: number[] = [];
    const calls = Array.from({ length: 1_000 }, (_, i) => client.get(URL, { params: { i } }).then(() => order.push(i)));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(order.length).toBeGreaterThanOrEqual(490); // a late timer costs no token
    expect(order.length).toBeLessThanOrEqual(501);
    await vi.advanceTimersByTimeAsync(5_010);
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(vi.getTimerCount()).toBe(0);
  }, 30_000);
});
