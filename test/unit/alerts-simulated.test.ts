// How soon the alerts see a fault: simulated traffic, with seeds, on a fake clock. A table is printed.
import { describe, expect, it, vi } from 'vitest';
import { LIMIT, percent, simulation } from './alerts-simulated-support';
import { randomFrom } from './telemetry-support';

const MINUTE = 60_000;

const { alerts, begin, run, tell } = simulation();
const isToldOf = (): boolean => alerts().length > 0;

describe('a rise from 1 %', () => {
  /** Seconds until the alert, sorted; `Infinity` where there was none in 10 minutes. */
  function delays(rps: number, rate: number, runs: number): number[] {
    const random = randomFrom(5);
    const found: number[] = [];
    while (found.length < runs) {
      begin();
      vi.advanceTimersByTime(random() * 10_000); // a fault does not wait for a bucket to begin
      run({ random, rps, rate: 0.01 }, 11 * MINUTE, isToldOf);
      if (isToldOf()) continue; // a false one
      const risenAt = performance.now();
      run({ random, rps, rate }, 10 * MINUTE, isToldOf);
      found.push(isToldOf() ? (performance.now() - risenAt) / 1_000 : Infinity);
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
      tell(
        `${rps} rps, 1 % to ${percent(rate)}: told after ${at(0.5).toFixed(1)} s (median), ${at(0.9).toFixed(1)} s (9 of 10); missed ${percent(missed)} (${runs} runs)`,
      );
      expect(at(0.5)).toBeLessThanOrEqual(most);
      expect(missed).toBeLessThanOrEqual(share);
    },
    LIMIT,
  );
});
