// The event loop of this process, probed: for how much of any late span no timer could fire. By so much anything may be late, and no more.

import { createHistogram } from 'node:perf_hooks';

/** Milliseconds between two looks. */
const BEAT = 10;
/** A timer is this much late on any machine. */
const USUAL = 2; // ms
/** Gaps that are remembered: of several seconds, when the loop is at its limit. */
const REMEMBERED = 1_000;

/** Milliseconds, as they were distributed: memory does not grow with how many there were. */
export class Spread {
  #histogram = createHistogram();
  max = 0;

  /** @param {number} ms */
  add(ms) {
    this.max = Math.max(this.max, ms);
    this.#histogram.record(Math.max(1, Math.round(ms * 1_000)));
  }

  get count() {
    return Number(this.#histogram.count);
  }

  /** @param {number} share In a hundred. */
  percentile(share) {
    return this.count ? this.#histogram.percentile(share) / 1_000 : 0;
  }
}

export class Loop {
  /** When no timer could fire. @type {{ from: number, to: number }[]} */
  #gaps = [];
  #beatAt = performance.now();
  #timer = setInterval(() => this.#beat(), BEAT);
  /** By how much each look was late. */
  delays = new Spread();

  #beat() {
    const from = this.#beatAt + BEAT;
    const to = performance.now();
    this.#beatAt = to;
    this.delays.add(Math.max(0, to - from));
    if (to - from < USUAL) return;
    this.#gaps.push({ from, to });
    if (this.#gaps.length > 2 * REMEMBERED) this.#gaps.splice(0, REMEMBERED);
  }

  /** Milliseconds of the time since a moment in which no timer could fire; a gap that still goes on included. @param {number} moment */
  heldSince(moment) {
    const now = performance.now();
    let held = Math.max(0, now - Math.max(moment, this.#beatAt + BEAT));
    for (let i = this.#gaps.length - 1; i >= 0; i--) {
      const { from, to } = /** @type {{ from: number, to: number }} */ (this.#gaps[i]);
      if (to <= moment) break;
      held += to - Math.max(from, moment);
    }
    return held;
  }

  /**
   * By how much a timer that was due at a moment may have been late: until the first look after it, and, as timers that are due at a time run
   * one after the other, until the next. @param {number} moment
   */
  lateAt(moment) {
    const now = performance.now();
    const gaps = [...this.#gaps.slice(-REMEMBERED), { from: this.#beatAt + BEAT, to: now }].filter(({ to }) => to > moment);
    const [first, second] = gaps;
    if (!first || first.from > moment + BEAT + USUAL) return 0;
    const next = second && second.from <= first.to + BEAT + USUAL ? Math.max(0, second.to - second.from) : 0;
    return Math.max(0, first.to - Math.max(first.from, moment)) + next;
  }

  stop() {
    clearInterval(this.#timer);
  }
}
