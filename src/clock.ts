/**
 * Time, in one place: a monotonic now, and an alarm that no busy event loop can make lie.
 * Globals are looked up at each call, so fake clocks and page life-cycle shims just work.
 */

import { contain } from './util/complain';

/** Monotonic milliseconds; system clock changes do not move it. */
export const now = (): number => performance.now();

/** The longest delay setTimeout takes; anything above overflows and fires at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Lets input that has already arrived be handled before the caller goes on. Returns what cancels it. */
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
 * One timer of the platform for all alarms of a call: most never ring, and to set a timer and to clear it costs more than all the rest of them.
 * It is moved only for an alarm that is due sooner; one that fires too soon sets itself anew.
 */
export class Timer {
  /** Few; copied to be added to, since an array that is pushed to keeps room for sixteen more. */
  #alarms: readonly Alarm[] = [];
  readonly #sooner: number;
  #armed = Infinity;
  #handle: ReturnType<typeof setTimeout> | undefined;
  #cancelYield: (() => void) | undefined;

  /** @param sooner Milliseconds within which another alarm is to be expected: the first sleep is no longer, so that it need not be moved. */
  constructor(sooner = Infinity) {
    this.#sooner = sooner;
  }

  /** An alarm was set. */
  heed(alarm: Alarm): void {
    if (!this.#alarms.includes(alarm)) this.#alarms = [...this.#alarms, alarm];
    if (this.#cancelYield || alarm.due >= this.#armed) return;
    this.#arm(alarm.due, this.#handle ? alarm.due : now() + this.#sooner);
  }

  /** An alarm was stopped. */
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
      // One at a time: what this one settles is heard of before another, due a moment later, settles the same.
      if (alarm.due <= now()) contain(ring, alarm, late);
      const next = this.#next();
      if (next && next.due < this.#armed) this.#arm(next.due);
    });
  }
}

/**
 * Rings at a due time which may move; moving it later costs nothing. Before it rings it yields once to input that is already there, and it
 * says how late the event loop let it ring.
 */
export class Alarm {
  due = Infinity;
  readonly #ring: (late: number) => void;
  readonly #timer: Timer;

  constructor(ring: (late: number) => void, timer: Timer = new Timer()) {
    this.#ring = ring;
    this.#timer = timer;
  }

  /** Rings at this monotonic time; `Infinity` is never. */
  set(due: number): void {
    this.due = due;
    this.#timer.heed(this);
  }

  stop(): void {
    this.due = Infinity;
    this.#timer.forget(this);
  }

  /** @internal Once for each time that it is set. */
  ring(late: number): void {
    this.due = Infinity;
    this.#ring(late);
  }
}

/** Timers fire a few milliseconds late on any machine; beyond this the event loop was blocked or the page frozen. */
const LATE = 20;

/**
 * What a limit that was rung late gets back: the time for which nothing could have been noticed, once and no more than the limit itself.
 * Without it an answer that arrived in time, or a request that a blocked loop kept from being sent, would count as the peer's delay.
 */
export const credit = (late: number, limit: number): number => (late > LATE ? Math.min(late, limit) : 0);
