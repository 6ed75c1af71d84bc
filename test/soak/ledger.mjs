// The books: each call is to be settled once, told of once, in time, and with what can be meant. Known by its trace id, so memory is that
// of the calls in progress.

import axios from 'axios';
import { isBreakerOpen, isLimited, isTimeout } from 'breakwater';

/** @typedef {'ok' | 'stale' | 'timeout' | 'cut' | 'limited' | 'canceled' | 'http' | 'network' | 'unknown'} Ending */
/** @typedef {{ scenario: string, endings: readonly Ending[], within: number, isTold: boolean }} Expected `within` is in milliseconds. */
/** @typedef {Expected & { startedAt: number, settled: number, told: number }} Entry */

/** A little: how much later than its deadline a call may settle, in milliseconds. What the machine held up comes on top. */
const LITTLE = 1_000;

/** What a call came to. @param {unknown} error @returns {Ending} */
export function endingOf(error) {
  if (isTimeout(error)) return 'timeout';
  if (isBreakerOpen(error)) return 'cut';
  if (isLimited(error)) return 'limited';
  if (axios.isCancel(error)) return 'canceled';
  if (!axios.isAxiosError(error)) return 'unknown';
  return error.response ? 'http' : error.code ? 'network' : 'unknown';
}

/** Which limit, how long, how late. @param {unknown} error */
const factsOf = (error) => (isTimeout(error) ? JSON.stringify({ ...error.toJSON(), config: undefined, stack: undefined }) : '');

export class Ledger {
  /** @type {Map<string, Entry>} */
  #open = new Map();
  /** @type {Map<string, number>} */
  violations = new Map();
  /** What was wrong first, one of each kind. @type {Map<string, string>} */
  examples = new Map();
  /** @type {Map<string, Map<Ending, number>>} */
  endings = new Map();
  begun = 0;
  settled = 0;
  latest = 0;
  attemptsTold = 0;
  attemptsMade = 0;
  #stalls;

  /** @param {import('./gauges.mjs').Stalls} stalls */
  constructor(stalls) {
    this.#stalls = stalls;
  }

  get inProgress() {
    return this.#open.size;
  }

  /** @param {string} what @param {string} example */
  violated(what, example) {
    this.violations.set(what, (this.violations.get(what) ?? 0) + 1);
    if (this.examples.has(what)) return;
    this.examples.set(what, example);
    console.log(`VIOLATED: ${what}: ${example}`);
  }

  /** @param {string} id @param {Expected} expected */
  begin(id, expected) {
    this.begun++;
    this.#open.set(id, { ...expected, startedAt: performance.now(), settled: 0, told: 0 });
  }

  /** @param {string} id @param {Ending} ending @param {unknown} [error] */
  end(id, ending, error) {
    const entry = this.#open.get(id);
    if (!entry || entry.settled++) return this.violated('settled more than once', `${id} ${ending}`);
    this.settled++;
    const { scenario, endings, startedAt, within } = entry;
    const took = performance.now() - startedAt;
    const late = took - within - this.#stalls.since(startedAt);
    this.latest = Math.max(this.latest, late);
    if (late > LITTLE)
      this.violated(
        'settled too late',
        `${scenario}: ${took | 0} ms of ${within}, ${late | 0} late by itself, ${ending} ${factsOf(error)}`,
      );
    if (!endings.includes(ending))
      this.violated('ended as it cannot', `${scenario}: ${ending} ${error instanceof Error ? error.stack : error}`);
    const counts = this.endings.get(scenario) ?? new Map();
    this.endings.set(scenario, counts.set(ending, (counts.get(ending) ?? 0) + 1));
    this.#close(id, entry);
  }

  /** A `call` event. @param {import('breakwater').CallRecord} record */
  told({ traceId, attempts, endpoint }) {
    this.attemptsMade += attempts;
    const entry = this.#open.get(traceId);
    if (!entry || entry.told++) return this.violated('told of more than once', endpoint);
    this.#close(traceId, entry);
  }

  /** An `attempt` event. */
  attemptTold() {
    this.attemptsTold++;
  }

  /** Once nothing is in progress. */
  audit() {
    for (const { scenario, settled, isTold, told } of this.#open.values()) {
      if (!settled) this.violated('never settled', scenario);
      else if (isTold && !told) this.violated('never told of', scenario);
    }
    this.#open.clear();
    if (this.attemptsTold !== this.attemptsMade) {
      this.violated('attempts told of are not those made', `${this.attemptsTold} of ${this.attemptsMade}`);
      this.attemptsTold = this.attemptsMade;
    }
  }

  /** @param {string} id @param {Entry} entry */
  #close(id, { settled, told, isTold }) {
    if (settled && (told || !isTold)) this.#open.delete(id);
  }
}
