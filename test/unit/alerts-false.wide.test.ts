// How often the alerts cry wolf: days of simulated traffic, with seeds, on a fake clock. A table is printed.
import { describe, expect, it } from 'vitest';
import { LIMIT, percent, simulation } from './alerts-simulated-support';
import { randomFrom, type Traffic } from './telemetry-support';

const DAY = 86_400_000;

const { alerts, run, tell } = simulation();

describe('false alerts a day', () => {
  function perDay(traffic: Omit<Traffic, 'random'>, days: number): number {
    run({ ...traffic, random: randomFrom(7) }, days * DAY);
    const firing = alerts().filter(({ status }) => status === 'firing');
    const surges = firing.filter(({ reason }) => reason === 'surge').length;
    const { rps, rate, inBursts } = traffic;
    tell(
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
