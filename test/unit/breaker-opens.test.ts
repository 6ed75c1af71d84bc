// When a breaker opens: on the failure rate, in a burst, on slow calls, those still hanging included. On a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BreakerEvent, type BreakerOptions, type Client, createClient } from '../../src/index';
import { ask, askTimes, ENDPOINT, FakeUpstream, settled } from './breaker-support';

let upstream: FakeUpstream;
let client: Client;
let events: BreakerEvent[];

function start(breaker: BreakerOptions = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, breaker });
  client.on('breaker', (event) => events.push(event));
}

const state = (): string => client.breakers.get(ENDPOINT).state;

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
  events = [];
});

afterEach(async () => {
  await client.close();
  vi.useRealTimers();
});

/** Calls that end so, one a second. */
async function traffic(times: number, does: FakeUpstream['does']): Promise<void> {
  upstream.does = does;
  for (let i = 0; i < times; i++) {
    await ask(client);
    vi.advanceTimersByTime(1_000);
  }
}

describe('the failure rate', () => {
  it('does not open at exactly half of 20 calls, and opens at the next failure', async () => {
    start({ burst: false });
    await traffic(10, 200);
    await traffic(10, 500);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 20, failureRate: 0.5 });
    await traffic(1, 500);
    expect(state()).toBe('open');
    expect(events).toMatchObject([{ endpoint: ENDPOINT, from: 'closed', to: 'open', reason: 'failure-rate' }]);
  });

  it('means nothing before 20 calls', async () => {
    start({ burst: false });
    await traffic(19, 500);
    expect(state()).toBe('closed');
    await traffic(1, 500);
    expect(state()).toBe('open');
  });

  it('is counted over 5 minutes', async () => {
    start({ burst: false });
    await traffic(19, 500);
    vi.advanceTimersByTime(300_000);
    expect(client.breakers.get(ENDPOINT).calls).toBe(0);
    await traffic(19, 500);
    expect(state()).toBe('closed');
  });

  it('forgets old failures in an hour of idleness, all at once', async () => {
    start({ burst: false });
    await traffic(19, 500);
    vi.advanceTimersByTime(3_600_000);
    await traffic(1, 500);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 1, failureRate: 1 });
  });

  it('of 1 is never exceeded', async () => {
    start({ failureRate: 1, burst: false });
    await traffic(100, 500);
    expect(state()).toBe('closed');
  });

  it.each<BreakerOptions>([
    { failureRate: 0, burst: false },
    { failureRate: 1, burst: { failureRate: 0, minCalls: 20 } },
  ])('of 0 is exceeded by any failure: %j', async (breaker) => {
    start(breaker);
    await traffic(50, 200);
    expect(state()).toBe('closed');
    await traffic(1, 500);
    expect(state()).toBe('open');
  });

  it('takes its own numbers', async () => {
    start({ failureRate: 0.2, minCalls: 5, window: 10_000, burst: false });
    await traffic(4, 200);
    await traffic(1, 500);
    expect(state()).toBe('closed');
    await traffic(1, 500);
    expect(state()).toBe('open');
  });
});

/** Seconds from the beginning of a total outage, after 5 minutes of health at 4 calls a second, until calls are refused. */
async function secondsToCut(): Promise<number> {
  const second = async (): Promise<void> => {
    await askTimes(4, client);
    vi.advanceTimersByTime(1_000);
  };
  for (let i = 0; i < 300; i++) await second();
  upstream.does = 500;
  for (let i = 1; i < 300; i++) {
    await second();
    if (state() === 'open') return i;
  }
  return Infinity;
}

describe('the burst trigger', () => {
  it('cuts an outage after healthy traffic in seconds', async () => {
    start();
    expect(await secondsToCut()).toBeLessThanOrEqual(17);
    expect(events).toMatchObject([{ reason: 'burst' }]);
  });

  it('is what does it: without, it takes two and a half minutes', async () => {
    start({ burst: false });
    expect(await secondsToCut()).toBeGreaterThan(140);
  });

  it('needs 10 calls in 30 s, more than half of them failing', async () => {
    start();
    await traffic(5, 200);
    await traffic(5, 500);
    expect(state()).toBe('closed');
    await traffic(1, 500);
    expect(state()).toBe('open');
  });

  it('does not see failures half a minute apart', async () => {
    start();
    upstream.does = 500;
    for (let i = 0; i < 19; i++) {
      await ask(client);
      vi.advanceTimersByTime(15_000);
    }
    expect(state()).toBe('closed');
  });
});

describe('the slow trigger', () => {
  /** Begins calls that nobody answers. */
  async function hang(times: number, config = {}): Promise<void> {
    upstream.does = 'hang';
    for (let i = 0; i < times; i++) void ask(client, config);
    await settled();
  }

  it('counts calls that still hang: nothing has ended, and the next is refused', async () => {
    start();
    await hang(10);
    vi.advanceTimersByTime(10_399); // 0.8 of connect and read together
    await hang(1);
    expect(upstream.requests).toBe(11);
    vi.advanceTimersByTime(1);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(upstream.requests).toBe(11);
    expect(events).toMatchObject([{ to: 'open', reason: 'slow-rate', snapshot: { inFlight: 11 } }]);
  });

  it('shows in a snapshot, asked for or not by a call', async () => {
    start({ slow: { after: 1_000 } });
    await hang(10);
    vi.advanceTimersByTime(1_000);
    expect(client.breakers.list()).toMatchObject([{ state: 'open', inFlight: 10 }]);
  });

  it('is 0.8 of the total, where there is one', async () => {
    start();
    await hang(10, { timeout: 5_000 });
    vi.advanceTimersByTime(3_999);
    expect(state()).toBe('closed');
    vi.advanceTimersByTime(1);
    expect(state()).toBe('open');
  });

  it.each([{ read: false }, { connect: false }, false] as const)(
    'is none where an attempt may take for ever: timeout %o',
    async (timeout) => {
      start();
      await hang(30, { timeout, deadline: false });
      vi.advanceTimersByTime(9_900);
      for (const held of upstream.held) held.answer(200);
      await settled();
      expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 30, slowRate: 0 });
    },
  );

  it('is not blinded by a call that may take for ever', async () => {
    start();
    await hang(1, { timeout: false, deadline: false });
    await hang(10, { timeout: 1_000 });
    vi.advanceTimersByTime(800);
    expect(await ask(client)).toBe('EBREAKEROPEN');
  });

  it('is not blinded by a patient call before impatient ones', async () => {
    start();
    await hang(2, { timeout: 20_000 });
    await hang(10, { timeout: 1_000 });
    vi.advanceTimersByTime(800);
    expect(await ask(client)).toBe('EBREAKEROPEN');
  });

  it('leaves an endpoint alone whose other calls are quick', async () => {
    start({ slow: { after: 1_000 } });
    upstream.does = 200;
    await askTimes(10, client);
    await hang(10);
    vi.advanceTimersByTime(1_000);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', slowRate: 0.5 });
  });

  /** Calls that succeed, after so long. */
  async function succeedAfter(times: number, ms: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await hang(1);
      vi.advanceTimersByTime(ms);
      upstream.held.pop()?.answer(200);
      await settled();
    }
  }

  it('opens though every call succeeds, and can be reached at 100 %', async () => {
    start({ slow: { after: 1_000, rate: 1 }, burst: { minCalls: 10 } });
    await succeedAfter(9, 1_000);
    expect(state()).toBe('closed');
    await succeedAfter(1, 1_000);
    expect(events).toMatchObject([{ reason: 'slow-rate', snapshot: { failureRate: 0, slowRate: 1 } }]);
  });

  it('has no part in the snapshot of one that another trigger opens: its rate is that of the calls that ended', async () => {
    start({ slow: { after: 1_000 } });
    await hang(25);
    upstream.does = 500;
    await askTimes(9, client);
    vi.advanceTimersByTime(1_000);
    await ask(client);
    expect(events).toMatchObject([{ reason: 'burst', snapshot: { calls: 10, failureRate: 1, inFlight: 25 } }]);
  });

  it('does not count a call as slow a millisecond before', async () => {
    start({ slow: { after: 1_000 } });
    await succeedAfter(30, 999);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', slowRate: 0 });
  });

  it('can be turned off', async () => {
    start({ slow: false });
    await hang(30);
    vi.advanceTimersByTime(29_000);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', slowRate: 0, inFlight: 30 });
  });
});

describe('the transition', () => {
  it('is one event, however many calls fail at once', async () => {
    start();
    upstream.does = 'hang';
    const calls = Array.from({ length: 50 }, () => ask(client));
    await settled();
    for (const held of upstream.held) held.answer(500);
    await Promise.all(calls);
    expect(events).toHaveLength(1);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'open', retryAfter: 60_000 });
  });

  it('does not move with the wall clock', async () => {
    start();
    await traffic(9, 500);
    vi.setSystemTime(Date.now() + 86_400_000);
    await ask(client);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'open', calls: 10, retryAfter: 60_000 });
    vi.setSystemTime(Date.now() - 7 * 86_400_000);
    vi.advanceTimersByTime(59_999);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    vi.setSystemTime(Date.now() + 30 * 86_400_000);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    vi.advanceTimersByTime(1);
    expect(await ask(client)).toBe(500);
  });

  it('leaves no timer behind', async () => {
    start();
    await traffic(20, 500);
    expect(state()).toBe('open');
    expect(vi.getTimerCount()).toBe(0);
  });
});
