// From an alert's beginning to its end, on a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AlertOptions } from '../../src/options/alerts';
import { ENDPOINT, Watching } from './telemetry-support';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

let watching: Watching;

function start(options?: AlertOptions): void {
  watching.close();
  watching = new Watching(options);
}

beforeEach(() => {
  vi.useFakeTimers();
  watching = new Watching();
});
afterEach(() => {
  watching.close();
  vi.restoreAllMocks(); // before: a spy on a fake timer, restored later, would put that back
  vi.useRealTimers();
});

const statuses = (): string[] => watching.alerts.map(({ status }) => status);

/** Two attempts a second. */
function traffic(seconds: number, timesOut: boolean): void {
  for (let i = 0; i < seconds; i++) {
    if (timesOut) watching.timeouts(2);
    else watching.answers(2);
    vi.advanceTimersByTime(SECOND);
  }
}

describe('an alert ends', () => {
  it('where the platform drops timers, as a worker does with the request that set them: it is looked at with the next attempts', () => {
    const setting = vi.spyOn(globalThis, 'setTimeout').mockReturnValue({} as never); // none ever fires
    watching.timeouts(5);
    watching.answers(95);
    vi.advanceTimersByTime(11 * SECOND);
    watching.answers(1);
    expect(statuses()).toEqual(['firing']);
    vi.advanceTimersByTime(11 * SECOND - 1);
    watching.answers(1);
    expect(statuses()).toEqual(['firing']);
    vi.advanceTimersByTime(1);
    watching.answers(1);
    expect(statuses()).toEqual(['firing', 'resolved']);
    expect(setting).toHaveBeenCalled();
  });

  it('when the rate was below half of what is frequent, at two looks 10 s apart', () => {
    watching.timeouts(5);
    const startedAt = Date.now();
    vi.advanceTimersByTime(5 * SECOND);
    watching.answers(95);
    vi.advanceTimersByTime(15 * SECOND - 1);
    expect(statuses()).toEqual(['firing']);
    vi.advanceTimersByTime(1);
    expect(watching.alerts).toMatchObject([
      { status: 'firing', rate: 1, baseline: 0, calls: 5, timeouts: 5, startedAt },
      {
        endpoint: ENDPOINT,
        reason: 'frequent',
        status: 'resolved',
        rate: 0.05,
        baseline: 0,
        calls: 100,
        timeouts: 5,
        startedAt,
        endedAt: startedAt + 20 * SECOND,
      },
    ]);
    expect(watching.alerts[0]).not.toHaveProperty('endedAt');
  });

  it('no earlier than it began, though the clock was set back meanwhile', () => {
    watching.timeouts(5);
    const startedAt = Date.now();
    vi.setSystemTime(startedAt - HOUR);
    watching.answers(95);
    vi.advanceTimersByTime(20 * SECOND);
    expect(watching.alerts[1]).toMatchObject({ status: 'resolved', startedAt, endedAt: startedAt });
  });

  it('not at exactly half', () => {
    watching.timeouts(5);
    watching.answers(45);
    vi.advanceTimersByTime(45 * SECOND);
    expect(statuses()).toEqual(['firing']);
    watching.answers(1);
    vi.advanceTimersByTime(15 * SECOND);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('at two looks in a row, not two in all', () => {
    watching.timeouts(5);
    watching.answers(95);
    vi.advanceTimersByTime(15 * SECOND); // one calm look
    watching.timeouts(200);
    vi.advanceTimersByTime(10 * SECOND); // none
    watching.answers(3_000);
    vi.advanceTimersByTime(10 * SECOND); // one
    expect(statuses()).toEqual(['firing']);
    vi.advanceTimersByTime(5 * SECOND); // and another
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('not while timeouts are still frequent, however many they were', () => {
    traffic(20, true); // the alert begins at 100 %
    for (let i = 0; i < 300; i++) {
      watching.timeouts(2);
      watching.answers(3);
      vi.advanceTimersByTime(SECOND);
    }
    expect(statuses()).toEqual(['firing']);
    traffic(70, false);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('where a surge is small against what is normal', () => {
    start({ frequent: false, surge: { ratio: 1.5 } });
    const minutes = (count: number, timeouts: number, of: number): void => {
      for (let i = 0; i < count * 6; i++) {
        watching.answers(of - timeouts);
        watching.timeouts(timeouts);
        vi.advanceTimersByTime(10 * SECOND);
      }
    };
    minutes(12, 20, 200); // 10 % time out, as ever
    minutes(2, 50, 200);
    minutes(2, 26, 200); // 13 %: not yet halfway back from 15 %
    expect(watching.alerts).toMatchObject([{ reason: 'surge', status: 'firing' }]);
    minutes(2, 20, 200);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('whatever a handler makes of what it was told', () => {
    watching.timeouts(5);
    const [alert] = watching.alerts;
    const begun = { ...alert };
    Object.assign(alert as object, { endpoint: '', reason: 'none', rate: 100, baseline: 1, startedAt: 0 });
    vi.advanceTimersByTime(20 * SECOND);
    expect(watching.alerts).toHaveLength(1);
    watching.answers(95);
    vi.advanceTimersByTime(20 * SECOND);
    const { endpoint, reason, baseline, startedAt } = begun;
    expect(watching.alerts[1]).toMatchObject({ endpoint, reason, baseline, startedAt, status: 'resolved' });
  });

  it('with the latest timeouts, those since it began included', () => {
    watching.timeouts(5);
    vi.advanceTimersByTime(SECOND);
    watching.timeouts(1);
    const last = Date.now();
    watching.answers(100);
    vi.advanceTimersByTime(30 * SECOND);
    expect(watching.alerts.map(({ recent }) => recent.at(-1)?.startedAt)).toEqual([last - SECOND, last]);
  });

  it('after 15 minutes in which nobody has called: until then nothing is known', () => {
    watching.timeouts(5);
    vi.advanceTimersByTime(15 * MINUTE - 1);
    expect(statuses()).toEqual(['firing']);
    vi.advanceTimersByTime(1);
    expect(watching.alerts).toMatchObject([{}, { status: 'resolved', rate: 0, calls: 0, timeouts: 0, recent: Array(5).fill({}) }]);
  });

  it.each([
    [0, 15 * MINUTE],
    [8 * MINUTE, 16 * MINUTE],
  ])('with a cooldown of %i ms after %i ms without a call', (cooldown, silence) => {
    start({ cooldown });
    watching.timeouts(5);
    vi.advanceTimersByTime(silence - 1);
    expect(statuses()).toEqual(['firing']);
    vi.advanceTimersByTime(10_000);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });
});

describe('an outage', () => {
  it('is one alert, as long as it lasts', () => {
    traffic(10 * 60, false);
    traffic(3_600, true);
    expect(watching.alerts).toMatchObject([{ reason: 'surge', status: 'firing' }]);
    traffic(120, false);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('is one alert though hardly anybody calls any more', () => {
    traffic(20, true);
    for (let i = 0; i < 60; i++) {
      vi.advanceTimersByTime(MINUTE);
      watching.timeouts(1);
    }
    expect(statuses()).toEqual(['firing']);
  });

  it('is one alert though an open breaker lets nothing pass but a probe every 5 minutes', () => {
    traffic(20, true);
    for (let i = 0; i < 24; i++) {
      vi.advanceTimersByTime(5 * MINUTE + 10 * SECOND); // and the probe takes its time
      watching.timeouts(1);
    }
    expect(statuses()).toEqual(['firing']);
  });

  it('of half a minute in every minute is one alert', () => {
    traffic(10 * 60, false);
    for (let i = 0; i < 60; i++) {
      traffic(30, true);
      traffic(30, false);
    }
    expect(statuses()).toEqual(['firing']);
  });

  it('that comes and goes every 5 minutes is told of each time it comes, and when it goes', () => {
    traffic(10 * 60, false);
    const begun = performance.now();
    for (let i = 0; i < 6; i++) {
      traffic(5 * 60, true);
      traffic(5 * 60, false);
    }
    expect(performance.now() - begun).toBe(HOUR);
    expect(statuses()).toEqual(Array(6).fill(['firing', 'resolved']).flat());
  });

  it('that comes and goes every 2 minutes is told of no more often than the cooldown allows', () => {
    traffic(10 * 60, false);
    for (let i = 0; i < 15; i++) {
      traffic(2 * 60, true);
      traffic(2 * 60, false);
    }
    const firing = watching.alerts.filter(({ status }) => status === 'firing');
    expect(firing.length).toBeGreaterThanOrEqual(5);
    expect(firing.length).toBeLessThanOrEqual(10);
    watching.alerts.forEach(({ status, startedAt }, i) => {
      expect(status).toBe(i % 2 ? 'resolved' : 'firing');
      if (i >= 2 && i % 2 === 0) expect(startedAt - (watching.alerts[i - 1]?.endedAt ?? 0)).toBeGreaterThanOrEqual(5 * MINUTE);
    });
  });
});
