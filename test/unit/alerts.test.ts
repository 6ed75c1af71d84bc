// What raises an alert, and what an alert tells, on a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AlertOptions, alertSettings } from '../../src/options/alerts';
import { OTHER } from '../../src/telemetry/stats';
import { callOf, ENDPOINT, timeoutOf, Watching } from './telemetry-support';

const MINUTE = 60_000;

let watching: Watching;

beforeEach(() => {
  vi.useFakeTimers();
  watching = new Watching();
});
afterEach(() => {
  watching.close();
  vi.useRealTimers();
});

/** So many answers and timeouts in the 10 minutes before the last one, evenly mixed. */
function past(options: AlertOptions | false | undefined, answers: number, timeouts = 0): void {
  watching = new Watching(options);
  const steps = timeouts || 1;
  for (let i = 0; i < steps; i++) {
    watching.answers(answers / steps);
    if (timeouts) watching.timeouts(1);
    vi.advanceTimersByTime((5 * MINUTE) / steps);
  }
  vi.advanceTimersByTime(2 * MINUTE);
  expect(watching.alerts).toEqual([]);
}

/** Timeouts, one after the other, until there is an alert. */
function timeoutsToAlert(endpoint = ENDPOINT): number {
  for (let count = 1; count <= 1_000; count++) {
    watching.timeouts(1, endpoint);
    if (watching.alerts.length) return count;
  }
  return Infinity;
}

describe('a surge', () => {
  const NO_OTHER = { ratio: 1, increase: 0.001, score: 0.001, timeouts: 1, attempts: 1 };

  // After 1 000 answers without a timeout, which count as 0.5 %, and 100 of the last minute.
  it.each([
    ['by default', {}, 6],
    ['with nothing asked', NO_OTHER, 1],
    ['ratio 20', { ...NO_OTHER, ratio: 20 }, 12],
    ['increase 0.2', { ...NO_OTHER, increase: 0.2 }, 26],
    ['score 6', { ...NO_OTHER, score: 6 }, 10],
    ['timeouts 7', { ...NO_OTHER, timeouts: 7 }, 7],
    ['attempts 150', { ...NO_OTHER, attempts: 150 }, 50],
  ])('%s', (_, surge, expected) => {
    past({ frequent: false, surge }, 1_000);
    watching.answers(100);
    expect(timeoutsToAlert()).toBe(expected);
    expect(watching.alerts).toMatchObject([
      { endpoint: ENDPOINT, reason: 'surge', status: 'firing', baseline: 0, rate: expected / (100 + expected) },
    ]);
  });

  it('is measured against the endpoint itself: what was always so is none', () => {
    past({ frequent: false }, 400, 100);
    watching.answers(40);
    watching.timeouts(10);
    expect(watching.alerts).toEqual([]);
    expect(timeoutsToAlert()).toBe(51); // 61 of 101: three times as many
    expect(watching.alerts[0]?.baseline).toBe(100 / 500);
  });

  it('is not seen in an endpoint without a past', () => {
    past({ frequent: false }, 0);
    expect(timeoutsToAlert()).toBe(Infinity);
  });

  it('is told apart from timeouts that are merely frequent', () => {
    past(undefined, 1_000);
    watching.answers(4);
    watching.timeouts(5);
    expect(watching.alerts).toMatchObject([{ reason: 'frequent', rate: 5 / 9, calls: 9, timeouts: 5 }]); // too few to compare
    past(undefined, 1_000);
    watching.answers(10);
    watching.timeouts(5);
    expect(watching.alerts).toMatchObject([{ reason: 'surge' }]);
  });
});

describe('frequent timeouts', () => {
  it.each<[string, AlertOptions, number, number]>([
    ['5 of 5 by default', {}, 0, 5],
    ['a fifth by default', {}, 100, 25],
    ['rate 0.5', { frequent: { rate: 0.5 } }, 10, 10],
    ['timeouts 9', { frequent: { timeouts: 9 } }, 0, 9],
  ])('are %s', (_, options, answers, expected) => {
    past({ ...options, surge: false }, 0);
    watching.answers(answers);
    expect(timeoutsToAlert()).toBe(expected);
    expect(watching.alerts).toMatchObject([{ reason: 'frequent', status: 'firing' }]);
  });

  it('are those of the last 60 s', () => {
    for (let i = 0; i < 100; i++) {
      watching.timeouts(1);
      vi.advanceTimersByTime(15_001);
    }
    expect(watching.alerts).toEqual([]);
  });
});

describe('off', () => {
  it('is a trigger that is false', () => {
    past({ surge: false }, 1_000);
    watching.answers(100);
    expect(timeoutsToAlert()).toBe(25);
    past({ surge: false, frequent: false }, 1_000);
    expect(timeoutsToAlert()).toBe(Infinity);
  });

  it('is all with false: timeouts are counted, and there is no timer', () => {
    past(false, 1_000);
    expect(timeoutsToAlert()).toBe(Infinity);
    expect(vi.getTimerCount()).toBe(0);
    expect(watching.statistics.get(ENDPOINT)?.timeouts.read).toBe(1_000);
  });
});

describe('an alert', () => {
  it('brings the latest 5 timeouts, oldest first: where, how long, what status, which phase, which trace', () => {
    watching = new Watching({ frequent: { timeouts: 6 } });
    const records = Array.from({ length: 6 }, (_, i) =>
      timeoutOf({
        url: `https://up.test/users/${i}?token=REDACTED`,
        elapsed: 10_000 + i,
        traceId: String(i).repeat(32),
        ...(i === 4 && { status: 200, phase: 'body', timings: { response: 20, body: 9_984 } }),
      }),
    );
    for (const record of records) watching.attempt(record);
    expect(watching.alerts).toStrictEqual([
      {
        endpoint: ENDPOINT,
        reason: 'frequent',
        status: 'firing',
        rate: 1,
        baseline: 0,
        calls: 6,
        timeouts: 6,
        startedAt: Date.now(),
        recent: records.slice(1),
      },
    ]);
  });

  it('is JSON, when it begins and when it ends', () => {
    past(undefined, 1_000);
    watching.timeouts(5);
    vi.advanceTimersByTime(MINUTE);
    watching.answers(20);
    vi.advanceTimersByTime(MINUTE);
    expect(watching.alerts.map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect(JSON.parse(JSON.stringify(watching.alerts))).toStrictEqual(watching.alerts);
  });

  it("stays as it was, and is its handler's to change", () => {
    watching.timeouts(5);
    const [alert] = watching.alerts;
    const copy = structuredClone(alert);
    watching.timeouts(5);
    vi.advanceTimersByTime(MINUTE);
    expect(alert).toStrictEqual(copy);
    Object.assign(alert?.recent[0] ?? {}, { url: 'changed' });
    expect(watching.statistics.get(ENDPOINT)?.recentTimeouts).not.toContainEqual(expect.objectContaining({ url: 'changed' }));
  });

  it('is raised by deadlines that run out before the first attempt, if there was any time', () => {
    const waited = timeoutOf({ attempt: 0, limit: 'deadline', limitMs: 30_000, phase: 'waiting', kind: 'unknown' });
    for (let i = 0; i < 9; i++) watching.timeout({ ...waited, limitMs: 0 });
    expect(watching.alerts).toEqual([]);
    for (let i = 0; i < 5; i++) watching.timeout(waited);
    expect(watching.alerts).toMatchObject([{ reason: 'frequent', calls: 5, recent: Array(5).fill({ attempt: 0, limit: 'deadline' }) }]);
  });

  it('is not raised twice by a timeout that both the attempt and its call tell of', () => {
    for (let i = 0; i < 4; i++) {
      watching.attempt(timeoutOf());
      watching.timeout(timeoutOf({ limitMs: 10_000 }));
      watching.call(callOf(timeoutOf()));
    }
    expect(watching.alerts).toEqual([]);
  });

  it('is of one endpoint; those beyond the cap are one', () => {
    watching = new Watching({ maxPerMinute: 1_000 });
    for (let i = 0; i < 200; i++) watching.answers(1, `GET https://up.test/${i}`);
    for (let i = 0; i < 10; i++) watching.timeouts(1, `GET https://beyond.test/${i}`);
    expect(watching.alerts).toMatchObject([{ endpoint: OTHER, timeouts: 5 }]);
    watching.timeouts(4, 'GET https://up.test/7');
    expect(watching.alerts).toHaveLength(1);
    watching.timeouts(1, 'GET https://up.test/7');
    expect(watching.alerts).toMatchObject([{ endpoint: OTHER }, { endpoint: 'GET https://up.test/7' }]);
  });
});

it.each<[string, unknown]>([
  ['alerts', true],
  ['alerts', null],
  ['alerts', 5],
  ['alerts.webhook', { webhook: 'https://up.test/' }],
  ['alerts.cooldown', { cooldown: -1 }],
  ['alerts.cooldown', { cooldown: '5m' }],
  ['alerts.maxPerMinute', { maxPerMinute: 0 }],
  ['alerts.maxPerMinute', { maxPerMinute: Infinity }],
  ['alerts.frequent', { frequent: true }],
  ['alerts.frequent', { frequent: 0 }],
  ['alerts.frequent.rate', { frequent: { rate: 20 } }],
  ['alerts.frequent.rate', { frequent: { rate: 0 } }],
  ['alerts.frequent.timeouts', { frequent: { timeouts: 2.5 } }],
  ['alerts.frequent.ratio', { frequent: { ratio: 3 } }],
  ['alerts.surge', { surge: null }],
  ['alerts.surge', { surge: [] }],
  ['alerts.surge.ratio', { surge: { ratio: 0.9 } }],
  ['alerts.surge.increase', { surge: { increase: 5 } }],
  ['alerts.surge.score', { surge: { score: Number.NaN } }],
  ['alerts.surge.timeouts', { surge: { timeouts: 0 } }],
  ['alerts.surge.attempts', { surge: { attempts: -10 } }],
])('%s cannot be what it is in %j', (name, options) => {
  const make = (): unknown => alertSettings(options as AlertOptions);
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining(`${name}: `) }));
});

it('options that are not named keep their defaults', () => {
  const { cooldown, surge, frequent } = alertSettings({ surge: { ratio: 5, score: undefined }, cooldown: undefined }) || {};
  expect({ cooldown, surge, frequent }).toEqual({
    cooldown: 300_000,
    surge: { ratio: 5, increase: 0.05, score: 4, timeouts: 5, attempts: 10 },
    frequent: { rate: 0.2, timeouts: 5 },
  });
  expect(alertSettings({})).toEqual(alertSettings(undefined));
});
