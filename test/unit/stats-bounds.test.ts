// Statistics stay small, however many endpoints there are. What they take is measured in stats-cost.wide.test.ts.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OTHER, Statistics } from '../../src/telemetry/stats';
import { attemptOf, callOf, timeoutOf } from './telemetry-support';

const HOUR = 3_600_000;

let statistics: Statistics;

beforeEach(() => {
  vi.useFakeTimers();
  statistics = new Statistics();
});
afterEach(() => void vi.useRealTimers());

describe('beyond 200 endpoints', () => {
  const endpoint = (i: number): string => `GET https://up.test/${i}`;
  const see = (from: number, until: number): void => {
    for (let i = from; i < until; i++) {
      statistics.attempt(timeoutOf({ endpoint: endpoint(i) }));
      statistics.call(callOf(timeoutOf({ endpoint: endpoint(i) })));
    }
  };

  it('the rest are one', () => {
    see(0, 250);
    expect(statistics.list()).toHaveLength(201);
    expect(statistics.list().at(-1)).toMatchObject({ endpoint: OTHER, calls: 50, attempts: 50, timeouts: { read: 50 }, timeoutRate: 1 });
    expect(statistics.get(OTHER)).toEqual(statistics.list().at(-1));
    expect([statistics.get(endpoint(199))?.attempts, statistics.get(endpoint(200))]).toEqual([1, undefined]);
  });

  it('those that are known go on being told apart', () => {
    see(0, 201);
    see(0, 200);
    expect([endpoint(0), endpoint(199), OTHER].map((name) => statistics.get(name)?.attempts)).toEqual([2, 2, 1]);
  });

  it('one that was not called for an hour makes room', () => {
    see(0, 200);
    vi.advanceTimersByTime(1);
    see(1, 200);
    vi.advanceTimersByTime(HOUR - 2);
    see(200, 201);
    expect(statistics.get(endpoint(200))).toBeUndefined();
    vi.advanceTimersByTime(1);
    see(200, 202);
    expect([0, 1, 200, 201].map((i) => statistics.get(endpoint(i))?.attempts)).toEqual([undefined, 2, 1, undefined]);
    vi.advanceTimersByTime(1);
    see(201, 202);
    expect([1, 2, 201].map((i) => statistics.get(endpoint(i))?.attempts)).toEqual([undefined, 2, 1]);
    expect(statistics.get(OTHER)?.attempts).toBe(2);
  });

  it('a name that is theirs is one of them', () => {
    statistics.attempt(attemptOf({ endpoint: OTHER }));
    see(0, 201);
    expect(statistics.get(OTHER)?.attempts).toBe(2);
    expect(statistics.list()).toHaveLength(201);
  });
});
