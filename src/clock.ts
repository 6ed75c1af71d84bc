/**
 * Time, in one place: a monotonic now, and an alarm that no busy event loop can make lie.
 * Globals are looked up at each call, so fake clocks and page life-cycle shims just work.
 */

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

/**
 * One timer that rings at a due time which may move. Moving it later costs nothing: the timer that is set re-arms itself.
 * Before it rings it yields once to input that is already there, and it says how late the event loop let it fire.
 */
export class Alarm {
  #due = Infinity;
  #armed = Infinity;
  #handle: ReturnType<typeof setTimeout> | undefined;
  #cancelYield: (() => void) | undefined;
  readonly #ring: (late: number) => void;

  constructor(ring: (late: number) => void) {
    this.#ring = ring;
  }

  /** Rings at this monotonic time; `Infinity` is never. */
  set(due: number): void {
    this.#due = due;
    if (this.#cancelYield || due >= this.#armed) return;
    this.#arm();
  }

  stop(): void {
    this.#due = Infinity;
    this.#armed = Infinity;
    clearTimeout(this.#handle);
    this.#cancelYield?.();
    this.#cancelYield = undefined;
  }

  #arm(): void {
    clearTimeout(this.#handle);
    this.#armed = this.#due;
    if (this.#due === Infinity) return;
    const delay = Math.min(Math.max(Math.ceil(this.#due - now()), 0), MAX_DELAY);
    this.#handle = setTimeout(() => this.#fire(), delay);
  }

  #fire(): void {
    const late = now() - this.#due;
    if (late < 0) return this.#arm();
    this.#armed = Infinity;
    this.#cancelYield = afterPendingInput(() => {
      this.#cancelYield = undefined;
      if (this.#due > now()) this.#arm();
      else this.#ring(late);
    });
  }
}

/** Timers fire a few milliseconds late on any machine; beyond this the event loop was blocked or the page frozen. */
const LATE = 20;

/**
 * What a limit that was rung late gets back: the time for which nothing could have been noticed, once and no more than the limit itself.
 * Without it an answer that arrived in time, or a request that a blocked loop kept from being sent, would count as the peer's delay.
 */
export const credit = (late: number, limit: number): number => (late > LATE ? Math.min(late, limit) : 0);
