// When a failed attempt is made again: the schedule, its jitter and its cap, and how the options merge.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type RequestConfig } from '../../src/index';
import { clientOver, failed, gaps, settled } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the schedule', () => {
  it('is 500 ms and then 1 s, exactly, without jitter', async () => {
    const { client, sent, events } = clientOver([503]);
    const error = await failed(client.get('/'));
    expect(sent).toHaveLength(3);
    expect(gaps(sent)).toEqual([500, 1_000]);
    expect(events.map(({ delay }) => delay)).toEqual([500, 1_000, undefined]);
    expect(error.response?.status).toBe(503);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has equal jitter where nothing is said: between half the delay and the whole', async () => {
    const random = vi.spyOn(Math, 'random');
    for (const [value, expected] of [
      [0, [250, 500]],
      [0.5, [375, 750]],
      [1 - Number.EPSILON, [500, 1_000]],
    ] as const) {
      random.mockReturnValue(value);
      const { client, sent } = clientOver([503], { retry: { jitter: 'equal' } });
      await failed(client.get('/'));
      expect(gaps(sent)).toEqual(expected);
      random.mockReturnValue(value);
      const { sent: byDefault, client: plain } = clientOver([503], { retry: 2 });
      await failed(plain.get('/'));
      expect(gaps(byDefault)).toEqual(expected);
    }
  });

  it('has full jitter where it is asked for: between nothing and the whole delay', async () => {
    const random = vi.spyOn(Math, 'random');
    for (const [value, expected] of [
      [0, [0, 0]],
      [0.5, [250, 500]],
      [1 - Number.EPSILON, [500, 1_000]],
    ] as const) {
      random.mockReturnValue(value);
      const { client, sent } = clientOver([503], { retry: { jitter: 'full' } });
      await failed(client.get('/'));
      expect(gaps(sent)).toEqual(expected);
    }
  });

  it('stays within its bounds, and spreads, with real randomness', async () => {
    for (const [jitter, low] of [
      ['equal', 250],
      ['full', 0],
    ] as const) {
      const seen = new Set<number>();
      for (let call = 0; call < 200; call++) {
        const { client, events } = clientOver([503, 200], { retry: { jitter } });
        await settled(client.get('/'));
        const delay = events[0]?.delay as number;
        expect(delay).toBeGreaterThanOrEqual(low);
        expect(delay).toBeLessThanOrEqual(500);
        seen.add(delay);
      }
      expect(seen.size).toBeGreaterThan(50);
    }
  });

  it('caps the delay, and spreads what is at the cap: calls that failed together do not come back together', async () => {
    const { client, sent } = clientOver([503], { retry: { retries: 6, maxDelay: 1_500, budget: false } });
    await failed(client.get('/'));
    expect(gaps(sent)).toEqual([500, 1_000, 1_500, 1_500, 1_500, 1_500]);

    const random = vi.spyOn(Math, 'random');
    for (const [jitter, value, expected] of [
      ['equal', 0, 650],
      ['equal', 0.5, 975],
      ['equal', 0.999_999, 1_300],
      ['full', 0.5, 650],
      ['full', 0.999_999, 1_300],
    ] as const) {
      random.mockReturnValue(value);
      const { client: jittery, sent: jittered } = clientOver([503], { retry: { jitter, baseDelay: 8_000, maxDelay: 1_300 } });
      await failed(jittery.get('/'));
      expect(gaps(jittered)).toEqual([expected, expected]);
    }
  });

  it('follows baseDelay and factor, and does without a delay', async () => {
    const { client, sent } = clientOver([503], { retry: { retries: 3, baseDelay: 10, factor: 3 } });
    await failed(client.get('/'));
    expect(gaps(sent)).toEqual([10, 30, 90]);

    const { client: hasty, sent: hastily } = clientOver([503], { retry: { baseDelay: 0, retries: 3 } });
    await failed(hasty.get('/'));
    expect(hastily).toHaveLength(4);
    for (const gap of gaps(hastily)) expect(gap).toBeLessThanOrEqual(1); // setTimeout(0) is a millisecond
  });

  it('overflows into the cap, not into no delay at all', async () => {
    const { client, events } = clientOver([503], {
      retry: { retries: 3, baseDelay: 1, factor: 1e308, maxDelay: Infinity, budget: false },
      deadline: false,
      timeout: false,
    });
    const outcome = client.get('/').catch(() => 'failed');
    await vi.advanceTimersByTimeAsync(1);
    expect(events.at(-1)?.delay).toBe(2 ** 31 - 1);
    await vi.advanceTimersByTimeAsync(2 ** 32);
    expect(await outcome).toBe('failed');

    const { client: zero, events: delays } = clientOver([503], { retry: { retries: 3, baseDelay: 0, factor: 1e308 } });
    await failed(zero.get('/'));
    expect(delays.map(({ delay }) => delay)).toEqual([0, 0, 0, undefined]);
  });

  it('ends with the first success', async () => {
    const { client, sent, events } = clientOver([503, 200]);
    const { value, took } = await settled(client.get('/'));
    expect(value?.status).toBe(200);
    expect(took).toBe(500);
    expect(sent).toHaveLength(2);
    expect(events.map(({ attempt, delay, reason, status }) => ({ attempt, delay, reason, status }))).toEqual([
      { attempt: 1, delay: 500, reason: undefined, status: 503 },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the options', () => {
  it.each([false, 0] as const)('%s means one attempt, no event and no history', async (retry) => {
    const { client, sent, events } = clientOver([503], { retry });
    const error = await failed(client.get('/'));
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
    expect(error.history).toBeUndefined();
  });

  it('take a number of retries', async () => {
    const { client, sent } = clientOver([503], { retry: 1 });
    await failed(client.get('/'));
    expect(sent).toHaveLength(2);
  });

  it('of a request go over those of the client, field by field', async () => {
    const { client, sent } = clientOver([503], { retry: { baseDelay: 100, budget: { ratio: 1, min: 50 } } });
    const run = async (retry?: RequestConfig): Promise<number[]> => {
      sent.length = 0;
      await failed(client.get('/', retry));
      return gaps(sent);
    };
    expect(await run()).toEqual([100, 200]);
    expect(await run({ retry: 1 })).toEqual([100]);
    expect(await run({ retry: 4 })).toEqual([100, 200, 400, 800]);
    expect(await run({ retry: { factor: 1 } })).toEqual([100, 100]);
    expect(await run({ retry: { retries: 0 } })).toEqual([]);
    expect(await run({ retry: { baseDelay: undefined, retries: 1 } })).toEqual([100]);
    expect(await run({ retry: false })).toEqual([]);
    expect(await run()).toEqual([100, 200]);
  });

  it('of a request turn on again what the client turned off', async () => {
    const { client, sent } = clientOver([503], { retry: false });
    await failed(client.get('/', { retry: { jitter: 'none' } }));
    expect(gaps(sent)).toEqual([500, 1_000]);
  });

  it.each([
    ['retry', -1],
    ['retry', 1.5],
    ['retry', '2'],
    ['retry', null],
    ['retry', []],
    ['retry.retries', { retries: -1 }],
    ['retry.baseDelay', { baseDelay: -1 }],
    ['retry.baseDelay', { baseDelay: Number.NaN }],
    ['retry.factor', { factor: 0.5 }],
    ['retry.maxDelay', { maxDelay: 0 }],
    ['retry.jitter', { jitter: 'some' }],
    ['retry.maxRetryAfter', { maxRetryAfter: '10s' }],
    ['retry.budget', { budget: true }],
    ['retry.budget.ratio', { budget: { ratio: 2 } }],
    ['retry.budget.min', { budget: { min: -1 } }],
    ['retry.budget.most', { budget: { most: 1 } }],
    ['retry.when', { when: true }],
    ['retry.retry', { retry: 3 }],
  ])('that cannot be meant are named: %s, %j', async (name, retry) => {
    const bad = { retry } as unknown as { retry: number };
    expect(() => createClient(bad)).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining(name) }),
    );
    const { client, sent } = clientOver([200]);
    const error = await failed(client.get('/', bad));
    expect(error.code).toBe('ERR_BAD_OPTION_VALUE');
    expect(sent).toEqual([]);
  });
});
