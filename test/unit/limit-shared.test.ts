// A limiter shared with other processes: what it says counts, and when it fails or hangs, what was configured. On a fake clock.
import { RateLimiterMemory, RateLimiterUnion } from 'rate-limiter-flexible';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Client, createClient, type LimitError, type Limiter, type LimitOptions, type Policies } from '../../src/index';
import { ask, askTimes, ENDPOINT, errorOf, FakeUpstream, settled, URL } from './breaker-support';

let upstream: FakeUpstream;
let client: Client;

function start(consume: Limiter['consume'], limit: LimitOptions = {}, policies: Policies = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, limit: { limiter: { consume }, ...limit }, ...policies });
}

const never = (): Promise<never> => new Promise(() => {});

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
});

afterEach(async () => {
  await client.close();
  vi.useRealTimers();
});

it.each([
  ['endpoint', ENDPOINT],
  ['origin', 'http://up.test'],
  ['client', ''],
] as const)('is asked once an attempt, with the key of the %s', async (per, key) => {
  const consume = vi.fn<Limiter['consume']>(async () => undefined);
  start(consume, { per });
  expect(await ask(client)).toBe(200);
  expect(consume.mock.calls.map(([asked]) => asked)).toEqual([key]);
  expect(vi.getTimerCount()).toBe(0);
});

it('is asked for a retry too', async () => {
  const consume = vi.fn<Limiter['consume']>(async () => undefined);
  start(consume, {}, { retry: { retries: 2, jitter: 'none' } });
  upstream.does = 503;
  const call = ask(client);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await call).toBe(503);
  expect(consume).toHaveBeenCalledTimes(3);
});

it('refuses with msBeforeNext: a LimitError says when there is room, rounded up', async () => {
  start(() => Promise.reject({ msBeforeNext: 249.2, remainingPoints: 0 }), { whenUnavailable: 'allow' });
  expect(await errorOf(client.get(URL))).toMatchObject({ code: 'ELIMITED', limit: 'rate', retryAfter: 250 });
  expect(upstream.requests).toBe(0);
});

it.each([
  ['at once', { msBeforeNext: 0 }, 0],
  ['when the last of several has room', { minute: { msBeforeNext: 20 }, day: { msBeforeNext: 30.5 }, none: null }, 31],
])('refuses, with room %s', async (_, refusal, retryAfter) => {
  start(() => Promise.reject(refusal));
  expect(await errorOf(client.get(URL))).toMatchObject({ code: 'ELIMITED', retryAfter });
});

it.each([[null], [undefined], ['down'], [new Error('down')], [{}]])('fails by %o, which is no refusal', async (failure) => {
  start(() => Promise.reject(failure));
  expect(await ask(client)).toBe(200);
});

it.each([-1, Number.NaN, Infinity, Number.MAX_SAFE_INTEGER])(
  'refuses with an msBeforeNext of %d, and says no time: there is none to tell',
  async (msBeforeNext) => {
    start(() => Promise.reject({ msBeforeNext }));
    const limited = vi.fn();
    client.on('limited', limited);
    const error = await errorOf(client.get(URL));
    expect(error).toMatchObject({ code: 'ELIMITED', limit: 'rate' });
    for (const told of [error, limited.mock.calls[0]?.[0]]) expect(told).not.toHaveProperty('retryAfter');
  },
);

it.each([
  [{ second: [2, 1_000], minute: [3, 60_000] }, 1_000],
  [{ second: [2, 1_000], minute: [2, 60_000] }, 60_000],
  [{ second: [2, 1_000], ever: [2, 0] }, undefined],
] as const)('may be a union, which refuses where one of its limiters does: %j', async (limits, retryAfter) => {
  const limiters = Object.entries(limits).map(
    ([keyPrefix, [points, ms]]) => new RateLimiterMemory({ keyPrefix, points, duration: ms / 1_000 }),
  );
  const union = new RateLimiterUnion(...limiters);
  start((key, points) => union.consume(key, points));
  expect(await askTimes(2, client)).toEqual([200, 200]);
  const error = (await errorOf(client.get(URL))) as LimitError;
  expect(error).toMatchObject({ code: 'ELIMITED', ...(retryAfter && { retryAfter }) });
  expect('retryAfter' in error).toBe(retryAfter !== undefined);
});

const broken = new Error('ECONNREFUSED');

it.each<[string, Limiter['consume']]>([
  ['rejects', () => Promise.reject(broken)],
  [
    'throws',
    () => {
      throw broken;
    },
  ],
  ['rejects with nothing', () => Promise.reject()],
])('that %s is not there: allow lets the call through, refuse refuses it with the cause', async (_, consume) => {
  start(consume);
  expect(await ask(client)).toBe(200);
  start(consume, { whenUnavailable: 'refuse' });
  const error = (await errorOf(client.get(URL))) as Error & { retryAfter?: number };
  expect(error).toMatchObject({ code: 'ELIMITED', limit: 'rate' });
  expect(error.message).toContain('limit.limiter is not available: GET');
  expect('retryAfter' in error).toBe(false);
  expect(upstream.requests).toBe(1);
});

it.each([
  [undefined, 1_000],
  [5_000, 1_000],
  [200, 200],
  [0, 1_000],
])('that hangs, with a maxWait of %s ms, holds a call for %i ms and no longer', async (maxWait, patience) => {
  for (const [whenUnavailable, outcome] of [
    ['allow', 200],
    ['refuse', 'ELIMITED'],
  ] as const) {
    start(never, { whenUnavailable, ...(maxWait !== undefined && { maxWait }) });
    let over = false;
    const call = ask(client).finally(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(patience - 1);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(11);
    expect(over).toBe(true);
    expect(await call).toBe(outcome);
    expect(vi.getTimerCount()).toBe(0);
  }
});

it('that hangs is named as the cause where it refuses, not a lack of room', async () => {
  start(never, { whenUnavailable: 'refuse' });
  const error = errorOf(client.get(URL));
  await vi.advanceTimersByTimeAsync(1_010);
  expect(await error).toMatchObject({ code: 'ELIMITED', cause: { message: expect.stringContaining('limiter') } });
  expect(String(await error)).toContain('limit.limiter is not available: GET');
});

it('that hangs does not keep a call beyond its deadline or its abort', async () => {
  start(never, { whenUnavailable: 'refuse' });
  const limited = vi.fn();
  client.on('limited', limited);
  const late = ask(client, { deadline: 300 });
  await vi.advanceTimersByTimeAsync(310);
  expect(await late).toBe('ETIMEDOUT');
  const controller = new AbortController();
  const given = ask(client, { signal: controller.signal });
  await settled();
  controller.abort();
  expect(await given).toBe('ERR_CANCELED');
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(limited).not.toHaveBeenCalled(); // nothing was refused
  expect(upstream.requests).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

it('may fail late, after the call went on without it: nobody is told', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  start(() => new Promise((_, reject) => setTimeout(() => reject(broken), 3_000)));
  const call = ask(client);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await call).toBe(200);
  vi.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

it('takes the place of the rate, and leaves the concurrency', async () => {
  start(async () => undefined, { rate: 1, concurrency: 1 });
  expect(await askTimes(3, client)).toEqual([200, 200, 200]);
  upstream.does = 'hang';
  const first = ask(client);
  await settled();
  expect(await ask(client)).toBe('ELIMITED');
  upstream.held[0]?.answer(200);
  await first;
});
