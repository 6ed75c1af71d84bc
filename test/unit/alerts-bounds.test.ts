// What bounds alerts: the cooldown, so many in a minute, and no timer for longer than there is something to look after. On a fake clock.
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
  vi.restoreAllMocks(); // of the fake clock, so before it goes
  vi.useRealTimers();
});

const statuses = (): string[] => watching.alerts.map(({ status }) => status);

/** An alert that has just begun, with 5 timeouts in 5 attempts, and ends in the way of the calm: 20 s later. */
function beginAndEnd(): void {
  watching.timeouts(5);
  watching.answers(100);
  vi.advanceTimersByTime(20 * SECOND);
}

describe('the cooldown', () => {
  it.each([
    [5 * MINUTE, {}],
    [MINUTE, { cooldown: MINUTE }],
    [12_345, { cooldown: 12_345 }],
  ])('keeps the endpoint quiet for %i ms', (cooldown, options) => {
    start(options);
    beginAndEnd();
    expect(statuses()).toEqual(['firing', 'resolved']);
    vi.advanceTimersByTime(cooldown - 1);
    watching.timeouts(50);
    expect(watching.alerts).toHaveLength(2);
    vi.advanceTimersByTime(1);
    watching.timeouts(1);
    expect(statuses()).toEqual(['firing', 'resolved', 'firing']);
  });

  it('may be none', () => {
    start({ cooldown: 0 });
    beginAndEnd();
    watching.timeouts(100);
    expect(statuses()).toEqual(['firing', 'resolved', 'firing']);
  });

  it('is of one endpoint', () => {
    beginAndEnd();
    watching.timeouts(5, 'GET https://other.test/');
    expect(watching.alerts.map(({ endpoint }) => endpoint)).toEqual([ENDPOINT, ENDPOINT, 'GET https://other.test/']);
  });
});

describe('more alerts than may begin in a minute', () => {
  const endpoint = (i: number): string => `GET https://up-${i}.test/`;
  const outage = (endpoints: number): void => {
    for (let i = 0; i < endpoints; i++) watching.timeouts(5, endpoint(i));
  };
  const firing = (): string[] => watching.alerts.filter(({ status }) => status === 'firing').map((alert) => alert.endpoint);

  it('begin later, and none is lost', () => {
    start({ maxPerMinute: 2 });
    outage(5);
    expect(firing()).toEqual([endpoint(0), endpoint(1)]);
    vi.advanceTimersByTime(MINUTE - 1);
    outage(5);
    expect(firing()).toHaveLength(2);
    vi.advanceTimersByTime(1);
    outage(5);
    expect(firing()).toEqual([0, 1, 2, 3].map(endpoint));
    vi.advanceTimersByTime(MINUTE);
    outage(5);
    expect(firing()).toEqual([0, 1, 2, 3, 4].map(endpoint));
  });

  it('are more than 10', () => {
    outage(30);
    expect(firing()).toHaveLength(10);
  });

  it('does not count those that end', () => {
    start({ maxPerMinute: 2, cooldown: 0 });
    for (const i of [0, 1]) {
      watching.timeouts(5, endpoint(i));
      watching.answers(100, endpoint(i));
    }
    vi.advanceTimersByTime(MINUTE);
    expect(statuses()).toEqual(['firing', 'firing', 'resolved', 'resolved']);
    watching.timeouts(5, endpoint(2));
    expect(firing()).toHaveLength(3);
  });
});

describe('the timer', () => {
  it('is there only while there is something to look after', () => {
    watching.answers(10);
    watching.timeouts(4);
    expect(vi.getTimerCount()).toBe(0);
    watching.timeouts(50);
    watching.timeouts(5, 'GET https://other.test/');
    expect([watching.alerts.length, vi.getTimerCount()]).toEqual([2, 1]);
    watching.answers(2_000);
    vi.advanceTimersByTime(15 * MINUTE + 10 * SECOND); // the other one is forgotten and cools down
    expect([statuses(), vi.getTimerCount()]).toEqual([['firing', 'firing', 'resolved', 'resolved'], 1]);
    vi.advanceTimersByTime(5 * MINUTE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps no program alive', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    watching.timeouts(5);
    vi.advanceTimersByTime(10 * SECOND);
    const refs = timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef());
    timers.mockRestore();
    expect(refs).toEqual([false, false]);
  });

  it('is gone with close(), and what ends afterwards is counted and raises nothing', () => {
    watching.timeouts(5);
    watching.close();
    watching.close();
    expect(vi.getTimerCount()).toBe(0);
    watching.timeouts(100);
    watching.timeouts(100, 'GET https://other.test/');
    vi.advanceTimersByTime(HOUR);
    expect([statuses(), vi.getTimerCount()]).toEqual([['firing', 'resolved'], 0]);
    expect(watching.statistics.get(ENDPOINT)?.attempts).toBe(105);
  });

  it('is gone with close(), of which those hear that are firing, and no other', () => {
    beginAndEnd();
    expect(statuses()).toEqual(['firing', 'resolved']); // and it cools down
    for (const endpoint of ['one', 'two']) watching.timeouts(5, endpoint);
    const begun = Date.now();
    vi.advanceTimersByTime(5 * SECOND);
    watching.close();
    expect(watching.alerts.slice(4)).toMatchObject(
      ['one', 'two'].map((endpoint) => ({ endpoint, status: 'resolved', startedAt: begun, endedAt: begun + 5 * SECOND, calls: 5 })),
    );
    expect(statuses()).toHaveLength(6);
  });

  it('is gone when a handler of the alert closes the client', () => {
    watching.onAlert(() => watching.close());
    watching.timeouts(5);
    expect([statuses(), vi.getTimerCount()]).toEqual([['firing', 'resolved'], 0]);
    start();
    watching.onAlert(({ status }) => status === 'resolved' && watching.close());
    beginAndEnd();
    expect([statuses(), vi.getTimerCount()]).toEqual([['firing', 'resolved'], 0]);
  });
});
