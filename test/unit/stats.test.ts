// Statistics per endpoint, from records alone, on a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptRecord } from '../../src/telemetry/record';
import { type EndpointStats, OTHER, Statistics } from '../../src/telemetry/stats';
import type { Kind } from '../../src/words';
import { attemptOf, callOf, ENDPOINT, failureOf, timeoutOf, Watching } from './telemetry-support';

const HOUR = 3_600_000;
const MINUTE = 60_000;

let statistics: Statistics;

beforeEach(() => {
  vi.useFakeTimers();
  statistics = new Statistics();
});
afterEach(() => void vi.useRealTimers());

/** What is known of the endpoint; that there is something is asserted. */
function stats(endpoint = ENDPOINT): EndpointStats {
  const found = statistics.get(endpoint);
  if (!found) throw new Error(`nothing is known of ${endpoint}`);
  return found;
}

function attempts(times: number, facts = {}): void {
  for (let i = 0; i < times; i++) statistics.attempt(attemptOf(facts));
}

describe('counts', () => {
  it('are those of calls, and of their attempts', () => {
    statistics.attempt(timeoutOf());
    statistics.attempt(attemptOf({ attempt: 2, status: 503, outcome: 'http-error' }));
    statistics.attempt(attemptOf({ attempt: 3 }));
    statistics.call(callOf(attemptOf(), 3));
    expect(stats()).toMatchObject({ endpoint: ENDPOINT, calls: 1, attempts: 3, timeoutRate: 1 / 3 });
    expect(stats().series.at(-1)).toMatchObject({ attempts: 3, timeouts: 1, max: 10_000 });
  });

  it('are of each endpoint on its own, and there are none of others', () => {
    attempts(2);
    attempts(1, { endpoint: 'POST https://up.test/orders' });
    expect(statistics.list().map(({ endpoint, attempts }) => [endpoint, attempts])).toEqual([
      [ENDPOINT, 2],
      ['POST https://up.test/orders', 1],
    ]);
    expect(statistics.get('GET https://up.test/users/1')).toBeUndefined();
    expect(statistics.get(OTHER)).toBeUndefined();
  });

  it('tell timeouts by kind', () => {
    const kinds: Record<Kind, number> = { queue: 1, connect: 2, write: 3, read: 4, unknown: 5 };
    for (const [kind, times] of Object.entries(kinds)) {
      for (let i = 0; i < times; i++) statistics.attempt(timeoutOf({ kind: kind as Kind }));
    }
    attempts(15);
    expect(stats()).toMatchObject({ timeouts: kinds, attempts: 30, timeoutRate: 0.5 });
  });

  it('leave out what the caller canceled: nothing is known of how long it would have taken', () => {
    const canceled = failureOf({ outcome: 'canceled', code: 'ERR_CANCELED', elapsed: 60_000 });
    statistics.attempt(canceled);
    statistics.call(callOf(canceled));
    expect(stats()).toMatchObject({ calls: 1, attempts: 0, timeoutRate: 0, p99: 0 });
    expect(stats().series.every((point) => point.attempts === 0)).toBe(true);
  });

  it('hold a deadline that ran out before the first attempt, and no other call, to be a timeout', () => {
    const watching = new Watching();
    statistics = watching.statistics;
    const waited = timeoutOf({ attempt: 0, kind: 'unknown', phase: 'waiting', limit: 'deadline', limitMs: 30_000, elapsed: 30_000 });
    watching.timeout(waited);
    watching.call(callOf(waited, 0));
    expect(stats()).toMatchObject({ calls: 1, attempts: 1, timeouts: { unknown: 1, read: 0 }, timeoutRate: 1 });
    expect(stats().recentTimeouts).toMatchObject([{ attempt: 0, limit: 'deadline', elapsed: 30_000 }]);
    watching.timeout(timeoutOf({ limitMs: 10_000 })); // its attempt tells of it
    watching.call(callOf(timeoutOf(), 1));
    watching.call(callOf(failureOf({ outcome: 'refused', code: 'EBREAKEROPEN' }), 0));
    watching.timeout({ ...waited, limitMs: 0 }); // there was none left when it began
    watching.call(callOf({ ...waited, limitMs: 0 }, 0));
    watching.call(callOf(timeoutOf(), 0)); // of another client's call, in an interceptor
    expect(stats()).toMatchObject({ calls: 5, attempts: 1 });
    watching.close();
  });
});

describe('the latest timeouts', () => {
  it('are 5, oldest first', () => {
    for (let i = 1; i <= 7; i++) {
      statistics.attempt(timeoutOf({ id: `t-${i}` }));
      attempts(10);
      expect(stats().recentTimeouts.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7].slice(Math.max(0, i - 5), i).map((n) => `t-${n}`));
    }
  });

  it('are the records', () => {
    const record = timeoutOf({ status: 200, phase: 'body', timings: { tcp: 3, body: 9_000 }, reusedSocket: false });
    statistics.attempt(record);
    expect(stats().recentTimeouts).toStrictEqual([record]);
  });

  it('stay as they were where a record is changed', () => {
    const record = timeoutOf({ timings: { tcp: 3 } });
    const copy = structuredClone(record);
    statistics.attempt(record);
    record.url = 'changed';
    record.timings.tcp = 99;
    expect(stats().recentTimeouts).toStrictEqual([copy]);
  });
});

describe('the quantiles', () => {
  it('are of what the attempts took, however they ended', () => {
    for (let i = 1; i <= 98; i++) statistics.attempt(attemptOf({ elapsed: i }));
    statistics.attempt(failureOf({ elapsed: 500 }));
    statistics.attempt(timeoutOf({ elapsed: 10_000 }));
    const { p50, p95, p99 } = stats();
    expect([p50 / 50, p95 / 95, p99 / 500].every((ratio) => Math.abs(ratio - 1) < 0.02)).toBe(true);
  });

  it('and the rate keep at least 200 attempts, however old', () => {
    const everyMinute = (times: number, record: AttemptRecord): void => {
      for (let i = 0; i < times; i++) {
        statistics.attempt(record);
        vi.advanceTimersByTime(MINUTE);
      }
    };
    everyMinute(200, timeoutOf());
    everyMinute(199, attemptOf());
    vi.advanceTimersByTime(24 * HOUR);
    expect(stats()).toMatchObject({ timeoutRate: 200 / 399, attempts: 399 });
    everyMinute(1, attemptOf()); // the 200 timeouts go, 200 answers are left
    expect(stats()).toMatchObject({ timeoutRate: 0, attempts: 400 });
  });

  it('and the rate tell of this side of a pause alone, from 200 attempts on', () => {
    attempts(10_000);
    vi.advanceTimersByTime(5.5 * MINUTE);
    attempts(200);
    vi.advanceTimersByTime(11 * MINUTE);
    expect(stats()).toMatchObject({ timeoutRate: 0, p50: expect.closeTo(100, -1) });
    for (let i = 0; i < 199; i++) statistics.attempt(timeoutOf());
    expect(stats().timeoutRate).toBe(199 / 399);
    statistics.attempt(timeoutOf());
    expect(stats().timeoutRate).toBe(0.5); // the answers were 11 minutes ago, and no more
    vi.advanceTimersByTime(1);
    const { timeoutRate, p50, suggested } = stats();
    expect([timeoutRate, Math.round(p50 / 1_000), suggested]).toEqual([1, 10, undefined]);
  });

  it('and the rate keep at least 5.5 minutes, however many attempts those are', () => {
    statistics.attempt(timeoutOf());
    attempts(9_998);
    vi.advanceTimersByTime(5.5 * MINUTE - 1);
    attempts(1);
    vi.advanceTimersByTime(1);
    attempts(5_000);
    expect(stats().timeoutRate).toBe(1 / 15_000);
    vi.advanceTimersByTime(5.5 * MINUTE - 1);
    attempts(5_000);
    expect(stats().timeoutRate).toBe(1 / 20_000);
  });

  it('and the rate forget the older half when the newer is full', () => {
    const full = (elapsed: number): void => {
      attempts(200, { elapsed });
      vi.advanceTimersByTime(5.5 * MINUTE);
    };
    for (let i = 0; i < 200; i++) statistics.attempt(timeoutOf());
    vi.advanceTimersByTime(5.5 * MINUTE);
    full(100);
    expect(stats()).toMatchObject({ timeoutRate: 0.5 });
    full(300); // its first attempt drops the timeouts
    expect(stats()).toMatchObject({ timeoutRate: 0, attempts: 600, timeouts: { read: 200 } });
    full(900);
    const { p50, p99 } = stats();
    expect([Math.abs(p50 / 300 - 1) < 0.02, Math.abs(p99 / 900 - 1) < 0.02]).toEqual([true, true]);
  });
});

describe('a snapshot', () => {
  beforeEach(() => {
    for (let i = 0; i < 220; i++) statistics.attempt(attemptOf({ timings: { tcp: 3, response: 50 + i, body: 1 } }));
    statistics.attempt(timeoutOf({ timings: { tcp: 3, response: 9_000 } }));
    statistics.call(callOf(attemptOf()));
  });

  it('is JSON', () => {
    expect(stats().suggested).toBeDefined();
    expect(JSON.parse(JSON.stringify(stats()))).toStrictEqual(stats());
    expect(JSON.parse(JSON.stringify(statistics.list()))).toStrictEqual(statistics.list());
  });

  it('stays as it was', () => {
    const before = stats();
    const copy = structuredClone(before);
    vi.advanceTimersByTime(15_000);
    statistics.attempt(timeoutOf());
    statistics.call(callOf(attemptOf()));
    expect(before).toStrictEqual(copy);
    expect(stats()).not.toEqual(copy);
  });

  it("is the reader's to change", () => {
    const copy = structuredClone(stats());
    const changed = stats();
    changed.timeouts.read = 99;
    changed.series.length = 0;
    Object.assign(changed.recentTimeouts[0] ?? {}, { url: 'changed' });
    Object.assign(changed.recentTimeouts[0]?.timings ?? {}, { tcp: 99 });
    changed.recentTimeouts.length = 0;
    expect(stats()).toStrictEqual(copy);
  });
});
