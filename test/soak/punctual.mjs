// Checks that things end in time: by their deadline, plus a tolerance, plus the measured event loop delay after it. And that whatever
// claims to have ended by its deadline did not end before it.

import { isTimeout } from 'breakwater';
import { Spread } from './loop.mjs';

/** The tolerance in milliseconds. */
const LITTLE = 100;
/** How early a timer may be, in milliseconds. */
const EARLY = 5;

/** @typedef {{ startedAt: number, within: number, grace?: number }} Promised In milliseconds; `grace` is a fallback's extra time. */

/** The facts of a timeout: which limit, how long, how late. @param {unknown} error */
const factsOf = (error) => (isTimeout(error) ? JSON.stringify({ ...error.toJSON(), config: undefined, stack: undefined }) : '');

export class Punctual {
  /** How late what ended after its deadline was, as observed. */
  seen = new Spread();
  /** The part of that during which the event loop was blocked. */
  held = new Spread();
  /** The part of that for which a late deadline gave time back. */
  credited = new Spread();
  /** The rest. */
  byItself = new Spread();
  #loop;
  #violated;

  /** @param {import('./loop.mjs').Loop} loop @param {(what: string, example: string) => void} violated */
  constructor(loop, violated) {
    this.#loop = loop;
    this.#violated = violated;
  }

  /** Checks something that has ended just now. @param {string} what @param {Promised} promised @param {unknown} [error] */
  ended(what, { startedAt, within, grace = 0 }, error) {
    const took = performance.now() - startedAt;
    const byDeadline = isTimeout(error) && error.limit === 'deadline';
    const told = () => `${what}: ${took.toFixed(1)} ms of ${within.toFixed(1)} + ${grace} ${factsOf(error)}`;
    if (took < within - EARLY && byDeadline) this.#violated('ended by its deadline before that', told());
    const late = took - within - grace;
    if (late <= 0) return;
    // Counted from the call's deadline even if there was a fallback, since that may also have been asked late.
    const held = this.#loop.heldSince(startedAt + within);
    // A deadline that fired late because the loop was blocked gives that time back, once, and no more than its own length.
    const credit = Math.min(within, this.#loop.lateAt(startedAt + within), byDeadline ? error.lag : Infinity);
    const byItself = Math.max(0, late - held - credit);
    this.seen.add(late);
    this.held.add(held);
    this.credited.add(Math.min(credit, Math.max(0, late - held)));
    this.byItself.add(byItself);
    if (byItself > LITTLE)
      this.#violated('ended too late', `${told()}; ${byItself.toFixed(1)} ms late, the loop's ${held.toFixed(1)} not counted`);
  }
}
