// Whether things end when they must: by their deadline, plus a little, plus what the event loop of this process was measured to hold up
// after it. And not before it, where it is the deadline that they say they ended by.

import { isTimeout } from 'breakwater';
import { Spread } from './loop.mjs';

/** A little, in milliseconds. */
const LITTLE = 100;
/** A timer may be early by this, in milliseconds. */
const EARLY = 5;

/** @typedef {{ startedAt: number, within: number, grace?: number }} Promised In milliseconds; `grace` is what a stand-in may take beyond. */

/** Which limit, how long, how late. @param {unknown} error */
const factsOf = (error) => (isTimeout(error) ? JSON.stringify({ ...error.toJSON(), config: undefined, stack: undefined }) : '');

export class Punctual {
  /** Of those that ended after their deadline: by how much, as it was seen. */
  seen = new Spread();
  /** Of the same: what of it the loop held up. */
  held = new Spread();
  /** Of the same: what their deadline gave back of that. */
  credited = new Spread();
  /** Of the same: the rest. */
  byItself = new Spread();
  #loop;
  #violated;

  /** @param {import('./loop.mjs').Loop} loop @param {(what: string, example: string) => void} violated */
  constructor(loop, violated) {
    this.#loop = loop;
    this.#violated = violated;
  }

  /** It has ended just now. @param {string} what @param {Promised} promised @param {unknown} [error] */
  ended(what, { startedAt, within, grace = 0 }, error) {
    const took = performance.now() - startedAt;
    const byDeadline = isTimeout(error) && error.limit === 'deadline';
    const told = () => `${what}: ${took.toFixed(1)} ms of ${within.toFixed(1)} + ${grace} ${factsOf(error)}`;
    if (took < within - EARLY && byDeadline) this.#violated('ended by its deadline before that', told());
    const late = took - within - grace;
    if (late <= 0) return;
    // Of a stand-in that was asked late, too, its time is counted from there.
    const held = this.#loop.heldSince(startedAt + within);
    // A deadline that a blocked loop rang late gives that time back, once, and no more than itself.
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
