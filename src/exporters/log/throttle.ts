/**
 * At most one value per key and interval: the first at once, and what comes meanwhile merged into one at the interval's end. Nothing is
 * lost, and a key that has been quiet for an interval is forgotten.
 */

import { quietly } from '../../util/quietly';

/** Keys beyond the cap share this one. */
const OTHERS = Symbol('others');

interface Interval<T> {
  held?: T;
  cancel(): void;
}

export class Throttle<T> {
  readonly #running = new Map<string | typeof OTHERS, Interval<T>>();
  readonly #interval: number;
  readonly #cap: number;
  readonly #merge: (held: T, next: T) => T;
  readonly #tell: (value: T) => void;

  /**
   * @param interval Milliseconds.
   * @param cap Keys told apart within one interval.
   */
  constructor(interval: number, cap: number, merge: (held: T, next: T) => T, tell: (value: T) => void) {
    this.#interval = interval;
    this.#cap = cap;
    this.#merge = merge;
    this.#tell = tell;
  }

  add(key: string | typeof OTHERS, value: T): void {
    const own = this.#running.has(key) || this.#running.size < this.#cap ? key : OTHERS;
    const interval = this.#running.get(own);
    if (interval) {
      interval.held = interval.held === undefined ? value : this.#merge(interval.held, value);
      return;
    }
    // A timer, since a count must be written even if nothing else comes.
    this.#running.set(own, { cancel: quietly(this.#interval, () => this.#over(own)) });
    this.#tell(value);
  }

  /** Writes at once what is held. */
  stop(): void {
    const intervals = [...this.#running.values()];
    this.#running.clear();
    for (const { cancel } of intervals) cancel();
    for (const { held } of intervals) if (held !== undefined) this.#tell(held);
  }

  #over(key: string | typeof OTHERS): void {
    const held = this.#running.get(key)?.held;
    this.#running.delete(key);
    if (held !== undefined) this.add(key, held);
  }
}
