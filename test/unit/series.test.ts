// The last 11 minutes in buckets of 10 s, on a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BUCKET, Series } from '../../src/telemetry/series';
import { randomFrom } from './telemetry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LENGTH = 66;
const attempts = (series: Series): number[] => series.points().map((point) => point.attempts);
const lastOf = (series: Series) => series.points().at(-1);
const total = (series: Series): number => attempts(series).reduce((sum, count) => sum + count, 0);

describe('the points', () => {
  it('are 66 in steps of 10 s, oldest first, the last one being filled', () => {
    vi.advanceTimersByTime(3_600_000);
    const series = new Series();
    vi.advanceTimersByTime(3_210);
    const points = series.points();
    expect(points.map(({ startedAt }) => startedAt)).toEqual(
      Array.from({ length: LENGTH }, (_, i) => Date.now() - 3_210 - (LENGTH - 1 - i) * BUCKET),
    );
    expect(points.every(({ attempts, timeouts, mean, max }) => attempts + timeouts + mean + max === 0)).toBe(true);
  });

  it('keep their times from one look to the next', () => {
    const series = new Series();
    vi.advanceTimersByTime(BUCKET + 4_321);
    const before = series.points().map(({ startedAt }) => startedAt);
    vi.advanceTimersByTime(BUCKET);
    expect(series.points().map(({ startedAt }) => startedAt)).toEqual([...before.slice(1), (before.at(-1) ?? 0) + BUCKET]);
  });

  it('tell attempts, timeouts, the mean and the longest of their 10 s', () => {
    const series = new Series();
    series.add(100, false);
    series.add(200, false);
    vi.advanceTimersByTime(BUCKET - 1);
    series.add(900, true);
    vi.advanceTimersByTime(1);
    series.add(50, false);
    const [before, now] = series.points().slice(-2);
    expect(before).toMatchObject({ attempts: 3, timeouts: 1, mean: 400, max: 900 });
    expect(now).toMatchObject({ attempts: 1, timeouts: 0, mean: 50, max: 50 });
  });

  it('leave in the order in which they came', () => {
    const series = new Series();
    for (let bucket = 1; bucket <= LENGTH; bucket++) {
      for (let i = 0; i < bucket; i++) series.add(1, false);
      if (bucket < LENGTH) vi.advanceTimersByTime(BUCKET);
    }
    const counts = Array.from({ length: LENGTH }, (_, i) => i + 1);
    expect(attempts(series)).toEqual(counts);
    vi.advanceTimersByTime(3 * BUCKET);
    expect(attempts(series)).toEqual([...counts.slice(3), 0, 0, 0]);
  });

  it('are copies', () => {
    const series = new Series();
    const [first] = series.points();
    Object.assign(first ?? {}, { attempts: 99 });
    series.add(1, false);
    expect(first?.attempts).toBe(99);
    expect(total(series)).toBe(1);
  });
});

describe('time', () => {
  it('keeps an attempt for 66 buckets and no longer', () => {
    const series = new Series();
    series.add(5, true);
    vi.advanceTimersByTime(LENGTH * BUCKET - 1);
    expect(series.points()[0]).toMatchObject({ attempts: 1, timeouts: 1, mean: 5, max: 5 });
    vi.advanceTimersByTime(1);
    expect(total(series)).toBe(0);
    expect(series.long()).toEqual({ attempts: 0, timeouts: 0 });
  });

  it.each([LENGTH * BUCKET, LENGTH * BUCKET + 1, 2 * LENGTH * BUCKET + 7, 30 * 86_400_000])('empties all in a pause of %i ms', (pause) => {
    const series = new Series();
    for (let i = 0; i < 2 * LENGTH; i++) {
      series.add(7, true);
      vi.advanceTimersByTime(BUCKET);
    }
    vi.advanceTimersByTime(pause);
    expect(series.points().every(({ attempts, timeouts, mean, max }) => attempts + timeouts + mean + max === 0)).toBe(true);
    series.add(3, false);
    expect(lastOf(series)).toMatchObject({ attempts: 1, timeouts: 0, mean: 3, max: 3 });
    expect(total(series)).toBe(1);
  });

  it('before the start of the process is empty', () => {
    expect(performance.now()).toBeLessThan(BUCKET);
    const series = new Series();
    series.add(1, true);
    expect(attempts(series)).toEqual([...Array<number>(LENGTH - 1).fill(0), 1]);
    expect([series.short(), series.long()]).toEqual([
      { attempts: 1, timeouts: 1 },
      { attempts: 0, timeouts: 0 },
    ]);
  });

  it('is not the wall clock', () => {
    const series = new Series();
    series.add(1, true);
    for (const jump of [86_400_000, -7 * 86_400_000]) {
      vi.setSystemTime(Date.now() + jump);
      expect(series.short()).toEqual({ attempts: 1, timeouts: 1 });
      expect(attempts(series).at(-1)).toBe(1);
      expect(lastOf(series)?.startedAt).toBe(Date.now()); // told by the clock as it is now
    }
    vi.advanceTimersByTime(6 * BUCKET);
    expect([series.short().attempts, series.long().attempts]).toEqual([0, 1]);
  });
});

describe('the last 60 s, and the 10 minutes before', () => {
  it('part where the sixth bucket ends', () => {
    const series = new Series();
    series.add(1, false);
    series.add(1, true);
    const none = { attempts: 0, timeouts: 0 };
    const both = { attempts: 2, timeouts: 1 };
    vi.advanceTimersByTime(6 * BUCKET - 1);
    expect([series.short(), series.long()]).toEqual([both, none]);
    vi.advanceTimersByTime(1);
    expect([series.short(), series.long()]).toEqual([none, both]);
    vi.advanceTimersByTime(60 * BUCKET - 1);
    expect([series.short(), series.long()]).toEqual([none, both]);
    vi.advanceTimersByTime(1);
    expect([series.short(), series.long()]).toEqual([none, none]);
  });

  it('agree with a list of times, whatever the traffic', () => {
    const series = new Series();
    const random = randomFrom(3);
    const seen: { bucket: number; timedOut: boolean }[] = [];
    for (let i = 0; i < 3_000; i++) {
      vi.advanceTimersByTime(random() < 0.01 ? random() * 400_000 : random() * 3_000);
      const timedOut = random() < 0.3;
      series.add(10, timedOut);
      seen.push({ bucket: Math.floor(performance.now() / BUCKET), timedOut });
      const now = Math.floor(performance.now() / BUCKET);
      const within = (from: number, until: number) => {
        const found = seen.filter(({ bucket }) => now - bucket >= from && now - bucket < until);
        return { attempts: found.length, timeouts: found.filter((attempt) => attempt.timedOut).length };
      };
      expect(series.short()).toEqual(within(0, 6));
      expect(series.long()).toEqual(within(6, 66));
    }
  });
});
