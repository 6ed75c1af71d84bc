// The alarm under a fake clock: never early, lazily moved, honest about being late, and gone when stopped.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm, afterPendingInput, credit, now, Timer } from '../../src/clock';
import { blockable, YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function ringing(): { alarm: Alarm; ring: ReturnType<typeof vi.fn<(late: number) => void>> } {
  const ring = vi.fn<(late: number) => void>();
  return { alarm: new Alarm(ring), ring };
}

describe('an alarm', () => {
  it('rings once, at its time and not before', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() + 100);
    vi.advanceTimersByTime(99);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10_000);
    expect(ring).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for the whole of a fraction of a millisecond', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() + 100.25);
    vi.advanceTimersByTime(100);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('goes back to sleep where its timer fires before the time', () => {
    const block = blockable();
    const { alarm, ring } = ringing();
    alarm.set(now() + 100);
    block(-2); // setTimeout counts on a clock of its own and may be a little early
    vi.advanceTimersByTime(100);
    expect(ring).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('is moved later without a new timer', () => {
    const { alarm, ring } = ringing();
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    alarm.set(now() + 100);
    for (let i = 0; i < 1000; i++) alarm.set(now() + 200 + i);
    expect(setTimer).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1198);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
    expect(setTimer).toHaveBeenCalledTimes(2);
  });

  it('is moved earlier', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() + 1_000);
    alarm.set(now() + 50);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(50 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5_000, 2 ** 33])('rings after %d ms, which setTimeout may not take, and not at once', (ms) => {
    const { alarm, ring } = ringing();
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    alarm.set(now() + ms);
    vi.advanceTimersByTime(ms - 1);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
    for (const [, delay] of setTimer.mock.calls) expect(delay).toBeLessThan(2 ** 31);
  });

  it('has no timer where it never rings', () => {
    const { alarm } = ringing();
    alarm.set(Infinity);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be set to never, and then to a time again', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() + 100);
    alarm.set(Infinity);
    vi.advanceTimersByTime(1_000);
    expect(ring).not.toHaveBeenCalled();
    alarm.set(now() + 100);
    vi.advanceTimersByTime(100 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('rings at once for a time that has passed', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() - 5);
    vi.advanceTimersByTime(1 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('leaves no timer when stopped, and does not ring', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() + 100);
    alarm.stop();
    alarm.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(ring).not.toHaveBeenCalled();
  });

  it('works again after it was stopped', () => {
    const { alarm, ring } = ringing();
    alarm.set(now() + 50);
    alarm.stop();
    alarm.set(now() + 100);
    vi.advanceTimersByTime(100 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });
});

describe('an alarm whose timer fired', () => {
  const LONG_YIELD = 10; // ms, long enough for something to happen in it

  /** Fires the timer and stops before the yield to input is over. */
  function untilYield(alarm: Alarm): void {
    alarm.set(now() + 100);
    const yielded = vi.fn();
    const later = (run: () => void): unknown => {
      const both = (): void => {
        yielded();
        run();
      };
      return setTimeout(both, LONG_YIELD);
    };
    vi.stubGlobal('setImmediate', vi.fn(later));
    vi.stubGlobal(
      'clearImmediate',
      vi.fn((handle: ReturnType<typeof setTimeout>) => clearTimeout(handle)),
    );
    vi.advanceTimersByTime(105);
    expect(yielded).not.toHaveBeenCalled();
  }

  it('lets input that is already there be handled first', () => {
    const { alarm, ring } = ringing();
    untilYield(alarm);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('does not ring where that input stops it', () => {
    const { alarm, ring } = ringing();
    untilYield(alarm);
    alarm.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(ring).not.toHaveBeenCalled();
  });

  it('does not ring where that input moves it later', () => {
    const { alarm, ring } = ringing();
    untilYield(alarm);
    alarm.set(now() + 500);
    vi.advanceTimersByTime(499);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + LONG_YIELD);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('says how late the event loop let it fire', () => {
    const block = blockable();
    const { alarm, ring } = ringing();
    alarm.set(now() + 100);
    block(300); // at once: until the timer's own time the loop was not free for 300 ms
    vi.advanceTimersByTime(100 + YIELD);
    expect(ring).toHaveBeenCalledExactlyOnceWith(300);
  });
});

describe('alarms that share a timer', () => {
  it('ring each at its own time', () => {
    const timer = new Timer();
    const rings = [vi.fn(), vi.fn()] as const;
    const [first, second] = rings.map((ring) => new Alarm(ring, timer)) as [Alarm, Alarm];
    first.set(now() + 100);
    second.set(now() + 200);
    vi.advanceTimersByTime(100 + YIELD);
    expect(rings.map((ring) => ring.mock.calls.length)).toEqual([1, 0]);
    vi.advanceTimersByTime(100 + YIELD);
    expect(rings.map((ring) => ring.mock.calls.length)).toEqual([1, 1]);
  });

  it.each([
    ['stopped already', true],
    ['never set', false],
  ])('are not stopped by one that was %s', (_, wasSet) => {
    const timer = new Timer();
    const ring = vi.fn();
    const other = new Alarm(vi.fn(), timer);
    if (wasSet) other.set(now() + 50);
    new Alarm(ring, timer).set(now() + 100);
    other.stop();
    other.stop();
    vi.advanceTimersByTime(100 + YIELD);
    expect(ring).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('afterPendingInput', () => {
  it.each(['with setImmediate', 'without it, as in a browser'])('runs in a later turn and can be cancelled (%s)', (where) => {
    if (where !== 'with setImmediate') vi.stubGlobal('setImmediate', undefined);
    const run = vi.fn();
    const cancelled = vi.fn();
    afterPendingInput(run);
    afterPendingInput(cancelled)();
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
    expect(cancelled).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('credit', () => {
  it.each([
    [0, 100, 0],
    [20, 100, 0], // timers are late by some milliseconds on any machine
    [21, 100, 21],
    [99, 100, 99],
    [5_000, 100, 100], // never more than the limit itself
  ])('%d ms late on a limit of %d ms is worth %d ms', (late, limit, worth) => {
    expect(credit(late, limit)).toBe(worth);
  });
});
