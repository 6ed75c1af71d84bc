// How soon the alerts see a fault: simulated traffic, with seeds, on a fake clock. A table is printed.
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrivals, attemptOf, randomFrom, type Traffic, timeoutOf, Watching } from './telemetry-support';

const MINUTE = 60_000;
const LIMIT = 60_000;

const ANSWER = attemptOf();
const TIMEOUT = timeoutOf();

let watching: Watching;

beforeEach(() => {
  vi.useFakeTimers();
  watching = new Watching();
});
afterEach(() => {
  watching.close();
  vi.useRealTimers();
});

const lines: string[] = [];
afterAll(() => console.log(lines.join('\n')));

/** Until it is over, or there is an alert. */
function run(traffic: Traffic, milliseconds: number): void {
  for (const timesOut of arrivals(traffic, milliseconds)) {
    watching.attempt(timesOut ? TIMEOUT : ANSWER);
    if (watching.alerts.length) return;
  }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

describe('a rise from 1 %', () => {
  /** Seconds until the alert, sorted; `Infinity` where there was none in 10 minutes. */
  function delays(rps: number, rate: number, runs: number): number[] {
    const random = randomFrom(5);
    const found: number[] = [];
    while (found.length < runs) {
      watching.close();
      watching = new Watching();
      vi.advanceTimersByTime(random() * 10_000); // a fault does not wait for a bucket to begin
      run({ random, rps, rate: 0.01 }, 11 * MINUTE);
      if (watching.alerts.length) continue; // a false one
      const risenAt = performance.now();
      run({ random, rps, rate }, 10 * MINUTE);
      found.push(watching.alerts.length ? (performance.now() - risenAt) / 1_000 : Infinity);
    }
    return found.sort((a, b) => a - b);
  }

  it.each([
    [0.2, 0.2, 100, 300, 0.3],
    [0.2, 0.5, 100, 60, 0],
    [0.2, 1, 100, 30, 0],
    [2, 0.2, 50, 25, 0],
    [2, 0.5, 50, 10, 0],
    [2, 1, 50, 5, 0],
    [20, 0.2, 10, 17, 0],
    [20, 0.5, 10, 7, 0],
    [20, 1, 10, 4, 0],
  ])(
    'at %d a second to a share of %d, in %d runs: told in %d s at most (median), and a share of %d missed at most',
    (rps, rate, runs, most, share) => {
      const seconds = delays(rps, rate, runs);
      const at = (quantile: number): number => seconds[Math.ceil(quantile * runs) - 1] ?? Number.NaN;
      const missed = seconds.filter((delay) => delay === Infinity).length / runs;
      lines.push(
        `${rps} rps, 1 % to ${percent(rate)}: told after ${at(0.5).toFixed(1)} s (median), ${at(0.9).toFixed(1)} s (9 of 10); missed ${percent(missed)} (${runs} runs)`,
      );
      expect(at(0.5)).toBeLessThanOrEqual(most);
      expect(missed).toBeLessThanOrEqual(share);
    },
    LIMIT,
  );
});
