// The clock of an attempt under a fake clock: one timer, its sums, and what a blocked event loop is given back.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type CallInit } from '../../src/call';
import { PhaseClock } from '../../src/transport/phase-clock';
import type { Phase } from '../../src/words';
import { clockOf, expectExpiryIn } from './clock-of';
import { blockable, YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('total', () => {
  it('runs from the beginning, whatever the phases do', () => {
    const { clock, expired } = clockOf({ total: 100, read: 60 });
    clock.enter('tcp');
    vi.advanceTimersByTime(50);
    clock.enter('response');
    vi.advanceTimersByTime(45);
    clock.enter('body');
    clock.progress();
    expectExpiryIn(5, expired, 'total', 100);
  });
});

describe('a clock', () => {
  it('has one timer for all limits, and sets it anew only where one ends sooner', () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const { clock } = clockOf({ connect: 5_000, read: 5_000, response: 5_000, body: 5_000, total: 1_000, queue: 5_000 });
    for (const phase of ['queue', 'lookup', 'tcp', 'send', 'response', 'body'] as const) clock.enter(phase);
    for (let i = 0; i < 1_000; i++) clock.progress();
    expect(vi.getTimerCount()).toBe(1);
    expect(setTimer).toHaveBeenCalledOnce();
    clock.stop();
  });

  it('sets none for the looks at an answer, where the timer of its call wakes in time for the first', () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const call = new Call({ limits: { connect: 3_000, read: 8_000 }, deadline: undefined } as CallInit);
    const clock = new PhaseClock(call.limits, () => {}, call.timer);
    clock.enter('tcp');
    vi.advanceTimersByTime(10);
    clock.watcher = { hasUnseenProgress: () => false };
    clock.enter('response');
    expect(setTimer).toHaveBeenCalledOnce();
    clock.stop();
  });

  it('has no timer without limits', () => {
    const { clock } = clockOf({});
    clock.enter('response');
    clock.enter('body');
    expect(vi.getTimerCount()).toBe(0);
    clock.stop();
  });

  it('leaves no timer when stopped, and nothing starts one again', () => {
    const { clock, expired } = clockOf({ total: 100, read: 50, body: 70, connect: 10 });
    clock.enter('response');
    clock.stop();
    clock.stop();
    clock.enter('tcp');
    clock.enter('body');
    clock.progress();
    clock.pause();
    clock.resume();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it.each([2 ** 31, 2 ** 31 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER])('holds limits of %d ms and never fires early', (ms) => {
    const { clock, expired } = clockOf({ total: ms, connect: ms, read: ms, response: ms });
    clock.enter('tcp');
    clock.enter('response');
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(expired).not.toHaveBeenCalled();
    clock.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('adds up the time of each phase, the running one included, and stands still when stopped', () => {
    const { clock } = clockOf({});
    const steps: [Phase, number][] = [
      ['queue', 1],
      ['lookup', 2],
      ['tcp', 3],
      ['tls', 4],
      ['send', 5],
      ['response', 6],
      ['queue', 10],
      ['response', 20],
      ['body', 7],
    ];
    for (const [phase, ms] of steps) {
      clock.enter(phase);
      vi.advanceTimersByTime(ms);
    }
    const timings = { waiting: 0, queue: 11, lookup: 2, tcp: 3, tls: 4, send: 5, response: 26, body: 7 };
    expect(clock.timings).toEqual(timings);
    clock.stop();
    vi.advanceTimersByTime(1_000);
    expect(clock.timings).toEqual(timings);
  });
});

describe('a limit that the event loop let ring late', () => {
  it('gets the lost time back, once, and says so', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ response: 100 });
    clock.enter('response');
    lose(60); // the timer will find itself 60 ms late
    vi.advanceTimersByTime(100);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(59);
    expect(expired).not.toHaveBeenCalled();
    lose(500);
    vi.advanceTimersByTime(1 + 2 * YIELD);
    expect(expired).toHaveBeenCalledOnce();
    expect(expired.mock.calls[0]?.[0]).toMatchObject({ limit: 'response', limitMs: 100 });
    expect(expired.mock.calls[0]?.[0].lag).toBeGreaterThanOrEqual(60);
  });

  it('gets it back each time, where bytes came in between', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('response');
    lose(60);
    vi.advanceTimersByTime(100 + YIELD);
    clock.progress();
    vi.advanceTimersByTime(90); // by now the timer is set for what the bytes have made of it
    lose(60);
    vi.advanceTimersByTime(10 + YIELD);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60 + YIELD);
    expect(expired).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ limit: 'read', limitMs: 100 }));
  });

  it('gets no more than the limit itself', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('response');
    lose(5_000);
    vi.advanceTimersByTime(100);
    vi.advanceTimersByTime(99);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + 2 * YIELD);
    expect(expired).toHaveBeenCalledExactlyOnceWith({ limit: 'read', limitMs: 100, lag: 100 });
  });

  it('does not run out where the answer comes in that time', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ connect: 100, total: 100, response: 100 });
    clock.enter('tcp');
    lose(200);
    vi.advanceTimersByTime(100);
    vi.advanceTimersByTime(50);
    clock.stop();
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not forgiven the few milliseconds that any timer is late', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('response');
    lose(15);
    vi.advanceTimersByTime(100 + YIELD);
    expect(expired).toHaveBeenCalledExactlyOnceWith({ limit: 'read', limitMs: 100, lag: 0 });
  });
});
