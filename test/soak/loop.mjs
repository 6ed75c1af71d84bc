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

  stop() {
    clearInterval(this.#timer);
  }
}
