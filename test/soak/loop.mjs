// Probes this process's event loop for how long no timer could fire. Anything may be late by that much, and no more.

import { createHistogram } from 'node:perf_hooks';

/** Milliseconds between two probes. */
const BEAT = 10;
/** A timer is this much late on any machine. */
const USUAL = 2; // ms
/** How many gaps are remembered: those of several seconds, even when the loop is saturated. */
const REMEMBERED = 1_000;

/** A distribution of milliseconds whose memory does not grow with the number of values. */
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

  /** @param {number} share In per cent. */
  percentile(share) {
    return this.count ? this.#histogram.percentile(share) / 1_000 : 0;
  }
}

export class Loop {
  /** The spans in which no timer could fire. @type {{ from: number, to: number }[]} */
  #gaps = [];
  #beatAt = performance.now();
  #timer = setInterval(() => this.#beat(), BEAT);
  /** How late each probe was. */
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

  /** For how many milliseconds since a moment no timer could fire, including an ongoing gap. @param {number} moment */
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
   * How late a timer due at a moment may have been: until the first probe after it and, since timers due at the same time run one after the
   * other, until the next. @param {number} moment
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
