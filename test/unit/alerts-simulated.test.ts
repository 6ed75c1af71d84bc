// How often the alerts cry wolf, and how soon they see a fault: days of simulated traffic, with seeds, on a fake clock. Tables are printed.
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrivals, attemptOf, randomFrom, type Traffic, timeoutOf, Watching } from './telemetry-support';

const MINUTE = 60_000;
const DAY = 86_400_000;
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
function run(traffic: Traffic, milliseconds: number, untilAlert = false): void {
  for (const timesOut of arrivals(traffic, milliseconds)) {
    watching.attempt(timesOut ? TIMEOUT : ANSWER);
    if (untilAlert && watching.alerts.length) return;
  }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

describe('false alerts a day', () => {
  function perDay(traffic: Omit<Traffic, 'random'>, days: number): number {
    run({ ...traffic, random: randomFrom(7) }, days * DAY);
    const firing = watching.alerts.filter(({ status }) => status === 'firing');
    const surges = firing.filter(({ reason }) => reason === 'surge').length;
    const { rps, rate, inBursts } = traffic;
    lines.push(
      `${rps} rps, ${percent(rate)} time out${inBursts ? ', 3 to 8 at once' : ''}: ` +
        `${(firing.length / days).toFixed(2)} false alerts a day, ${(surges / days).toFixed(2)} of them surges (${days} days)`,
    );
    return firing.length / days;
  }

  it.each([
    [0.2, 0, 5, 0],
    [0.2, 0.01, 60, 0.05],
    [0.2, 0.05, 60, 2],
    [2, 0, 1, 0],
    [2, 0.01, 10, 0.8],
    [2, 0.05, 10, 0.8],
    [20, 0, 0.1, 0],
    [20, 0.01, 0.5, 0],
    [20, 0.05, 0.5, 0],
  ])(
    'at %d a second, a share of %d timing out by chance, over %d days: at most %d',
    (rps, rate, days, most) => {
      expect(perDay({ rps, rate }, days)).toBeLessThanOrEqual(most);
    },
    LIMIT,
  );

  // An upstream that halts this often is no healthy one; but this is what it costs.
  it.each([
    [0.2, 30, 22],
    [2, 5, 75],
    [20, 0.5, 0],
  ])(
    'at %d a second, a share of 0.01 timing out, 3 to 8 at once, over %d days: at most %d',
    (rps, days, most) => {
      expect(perDay({ rps, rate: 0.01, inBursts: true }, days)).toBeLessThanOrEqual(most);
    },
    LIMIT,
  );
});

describe('a rise from 1 %', () => {
  /** Seconds until the alert, sorted; `Infinity` where there was none in 10 minutes. */
  function delays(rps: number, rate: number, runs: number): number[] {
    const random = randomFrom(5);
    const found: number[] = [];
    while (found.length < runs) {
      watching.close();
      watching = new Watching();
      vi.advanceTimersByTime(random() * 10_000); // a fault does not wait for a bucket to begin
      run({ random, rps, rate: 0.01 }, 11 * MINUTE, true);
      if (watching.alerts.length) continue; // a false one
      const risenAt = performance.now();
      run({ random, rps, rate }, 10 * MINUTE, true);
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
