/**
 * All timekeeping: a monotonic `now`, and alarms that stay truthful when the event loop is blocked.
 * Globals are looked up at each call, so fake clocks and page life-cycle shims just work.
 */

import { contain } from './util/complain';
import { NONE, plus } from './util/few';

/** Monotonic milliseconds, unaffected by changes of the system clock. */
export const now = (): number => performance.now();

/**
 * Milliseconds to the microsecond. Where the clock is coarse (WebKit's ticks once a millisecond, in fractions of a second), an alarm rings
 * exactly when it is due, and the plain difference of 300 ticks may be 299.99999999999994: less than its limit.
 */
export const toMicroseconds = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** Milliseconds since `start`, to the microsecond. */
export const since = (start: number): number => toMicroseconds(now() - start);

/** The longest delay setTimeout takes; anything above overflows and fires at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** How often within `read` bytes of unfinished headers are looked for: silence after them is noticed late by a part of it at most. */
export const LOOKS = 8;

/** Runs `run` once I/O that has already arrived has been handled. Returns a function that cancels it. */
export function afterPendingInput(run: () => void): () => void {
  if (typeof setImmediate === 'function') {
    const handle = setImmediate(run);
    return () => clearImmediate(handle);
  }
  const handle = setTimeout(run, 0);
  return () => clearTimeout(handle);
}

const ring = (alarm: Alarm, late: number): void => alarm.ring(late);

/**
 * One platform timer for all alarms of a call: most never ring, and setting and clearing a timer is most of what an alarm costs.
 * It is moved only for an alarm that is due sooner; if it fires too early, it re-arms itself.
 */
export class Timer {
  #alarms: readonly Alarm[] = NONE;
  readonly #sooner: number;
  #armed = Infinity;
  #handle: ReturnType<typeof setTimeout> | undefined;
  #cancelYield: (() => void) | undefined;

  /** @param sooner Milliseconds within which another alarm is expected: the first sleep is no longer, so the timer need not be moved. */
  constructor(sooner = Infinity) {
    this.#sooner = sooner;
  }

  /** To be called when an alarm was set. */
  heed(alarm: Alarm): void {
    if (!this.#alarms.includes(alarm)) this.#alarms = plus(this.#alarms, alarm);
    if (this.#cancelYield || alarm.due >= this.#armed) return;
    this.#arm(alarm.due, this.#handle ? alarm.due : now() + this.#sooner);
  }

  /** To be called when an alarm was stopped. */
  forget(alarm: Alarm): void {
    this.#alarms = this.#alarms.filter((one) => one !== alarm);
    if (this.#alarms.length) return;
    this.#armed = Infinity;
    clearTimeout(this.#handle);
    this.#cancelYield?.();
    this.#cancelYield = undefined;
  }

  #arm(due: number, atTheLatest = due): void {
    clearTimeout(this.#handle);
    this.#armed = Math.min(due, atTheLatest);
    if (due === Infinity) return;
    const delay = Math.min(Math.max(Math.ceil(this.#armed - now()), 0), MAX_DELAY);
    this.#handle = setTimeout(() => this.#fire(), delay);
  }

  #next(): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) if (alarm.due < (next?.due ?? Infinity)) next = alarm;
    return next;
  }

  #fire(): void {
    const alarm = this.#next();
    const late = now() - (alarm?.due ?? Infinity);
    if (!alarm || late < 0) return this.#arm(alarm?.due ?? Infinity);
    this.#armed = Infinity;
    this.#cancelYield = afterPendingInput(() => {
      this.#cancelYield = undefined;
      // One at a time, so that what this alarm settles is seen before another, due a moment later, settles it too.
      if (alarm.due <= now()) contain(ring, alarm, late);
      const next = this.#next();
      if (next && next.due < this.#armed) this.#arm(next.due);
    });
  }
}

/**
 * Rings at a due time, which costs nothing to postpone. Before ringing it yields once to I/O that has already arrived, and it reports how
 * late the event loop let it ring.
 */
export class Alarm {
  due = Infinity;
  readonly #ring: (late: number) => void;
  readonly #timer: Timer;

  constructor(ring: (late: number) => void, timer: Timer = new Timer()) {
    this.#ring = ring;
    this.#timer = timer;
  }

  /** Sets the monotonic time to ring at; `Infinity` is never. */
  set(due: number): void {
    this.due = due;
    this.#timer.heed(this);
  }

  stop(): void {
    this.due = Infinity;
    this.#timer.forget(this);
  }

  /** @internal Called by the timer, once per `set`. */
  ring(late: number): void {
    this.due = Infinity;
    this.#ring(late);
  }
}

/** Timers fire a few milliseconds late on any machine; beyond this the event loop was blocked or the page frozen. */
export const LATE = 20;

/**
 * The time to give back to a limit whose alarm rang late, during which nothing could be noticed: at most the limit itself, and callers
 * grant it once. Without it, a response that came in time, or a request a blocked loop kept from being sent, would be the peer's delay.
 */
export const credit = (late: number, limit: number): number => (late > LATE ? Math.min(late, limit) : 0);
