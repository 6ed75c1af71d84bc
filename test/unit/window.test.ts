// Counts over a sliding window, on a fake clock.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Window } from '../../src/util/window';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('counts what was added within the span, each name on its own', () => {
  const window = new Window(30_000, 30, ['calls', 'failures']);
  window.add('calls');
  vi.advanceTimersByTime(10_000);
  window.add('calls', 4);
  window.add('failures');
  expect([window.total('calls'), window.total('failures')]).toEqual([5, 1]);
});

it('forgets bucket by bucket, in the order of time', () => {
  const window = new Window(30_000, 30, ['calls']);
  for (let second = 0; second < 30; second++) {
    window.add('calls');
    vi.advanceTimersByTime(1_000);
  }
  const totals = Array.from({ length: 30 }, () => {
    const total = window.total('calls');
    vi.advanceTimersByTime(1_000);
    return total;
  });
  expect(totals).toEqual(Array.from({ length: 30 }, (_, i) => 29 - i));
});

it.each([30_000, 30_001, 3_600_000])('is empty after %i ms of idleness', (idle) => {
  const window = new Window(30_000, 30, ['calls']);
  window.add('calls', 7);
  vi.advanceTimersByTime(idle);
  expect(window.total('calls')).toBe(0);
  window.add('calls');
  expect(window.total('calls')).toBe(1);
});

it('is empty at once, however long nobody came', () => {
  const window = new Window(30_000, 30, ['calls']);
  window.add('calls', 7);
  const later = performance.now() + 1e15; // bucket by bucket that would take an hour
  expect(window.total('calls', later)).toBe(0);
  window.add('calls', 2, later);
  expect(window.total('calls', later)).toBe(2);
});

it('agrees with a list of times, whatever the traffic, for each name on its own', () => {
  const names = ['calls', 'failures', 'slow'] as const;
  const window = new Window(1_000, 10, names);
  const times = { calls: [] as number[], failures: [] as number[], slow: [] as number[] };
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed % below;
  };
  const bucketOf = (time: number): number => Math.floor(time / 100);
  for (let i = 0; i < 2_000; i++) {
    vi.advanceTimersByTime(random(20) ? random(97) : random(1_500));
    const name = names[random(3)] as (typeof names)[number];
    if (random(4)) {
      window.add(name);
      times[name].push(performance.now());
    }
    // What is in the same bucket or in the nine before it counts, and nothing else.
    const oldest = bucketOf(performance.now()) - 9;
    for (const name of names) expect(window.total(name)).toBe(times[name].filter((time) => bucketOf(time) >= oldest).length);
  }
});

it('does not follow the wall clock', () => {
  const window = new Window(30_000, 30, ['calls']);
  window.add('calls');
  vi.setSystemTime(Date.now() + 86_400_000);
  expect(window.total('calls')).toBe(1);
  vi.setSystemTime(Date.now() - 2 * 86_400_000);
  window.add('calls');
  expect(window.total('calls')).toBe(2);
});

it('is empty once cleared', () => {
  const window = new Window(30_000, 30, ['calls']);
  window.add('calls', 3);
  window.clear();
  expect(window.total('calls')).toBe(0);
});
