// The books: each call must be settled once, reported once, in time, and with an expected outcome. Calls are known by trace id, and only
// those in progress are kept in memory.

import axios from 'axios';
import { isBreakerOpen, isLimited, isTimeout } from 'breakwater';
import { Punctual } from './punctual.mjs';
import { Seen } from './seen.mjs';
import { Told } from './told.mjs';

/** @typedef {'ok' | 'stale' | 'timeout' | 'cut' | 'limited' | 'canceled' | 'http' | 'network' | 'unknown'} Ending */
/**
 * @typedef {object} Expected
 * @property {string} scenario
 * @property {readonly Ending[]} endings
 * @property {number} within Milliseconds.
 * @property {number} [grace] How many milliseconds a fallback may take beyond that.
 * @property {boolean} isTold
 * @property {boolean} [isStream]
 * @property {string | undefined} [answer] The body, where it is known.
 */
/** @typedef {Expected & { startedAt: number, told: number, id: string }} Entry */

/** The outcome of a call that failed. @param {unknown} error @returns {Ending} */
export function endingOf(error) {
  if (isTimeout(error)) return 'timeout';
  if (isBreakerOpen(error)) return 'cut';
  if (isLimited(error)) return 'limited';
  if (axios.isCancel(error)) return 'canceled';
  if (!axios.isAxiosError(error)) return 'unknown';
  return error.response ? 'http' : error.code ? 'network' : 'unknown';
}

export class Ledger {
  /** @type {Map<string, Entry>} */
  #open = new Map();
  /** @type {Map<string, number>} */
  violations = new Map();
  /** The first violation of each kind. @type {Map<string, string>} */
  examples = new Map();
  /** @type {Map<string, Map<Ending, number>>} */
  endings = new Map();
  begun = 0;
  settled = 0;
  seen = new Seen();
  events = new Told((what, example) => this.violated(what, example));
  calls;
  scopes;

  /** @param {import('./loop.mjs').Loop} loop */
  constructor(loop) {
    this.calls = new Punctual(loop, (what, example) => this.violated(what, example));
    this.scopes = new Punctual(loop, (what, example) => this.violated(what, example));
  }

  get inProgress() {
    return this.#open.size;
  }

  /** @param {import('breakwater').Client} client */
  watch(client) {
    this.events.watch(client);
    this.seen.watch(client);
    client.on('call', ({ id, traceId, endpoint }) => this.tell(id, traceId, endpoint));
  }

  /** @param {string} what @param {string} example */
  violated(what, example) {
    this.violations.set(what, (this.violations.get(what) ?? 0) + 1);
    if (this.examples.has(what)) return;
    this.examples.set(what, example);
    console.log(`VIOLATED: ${what}: ${example}`);
  }

  /** @param {string} trace @param {Expected} expected */
  begin(trace, expected) {
    this.begun++;
    this.#open.set(trace, { ...expected, startedAt: performance.now(), told: 0, id: '' });
  }

  /** @param {string} trace @param {Ending} ending @param {unknown} [error] */
  end(trace, ending, error) {
    const entry = this.#open.get(trace);
    if (!entry) return this.violated('settled more than once', `${trace} ${ending}`);
    this.settled++;
    const { scenario, endings, isTold, isStream = false } = entry;
    this.calls.ended(`${scenario}, ${ending}`, entry, error);
    this.seen.add(`ending ${ending}`);
    if (!endings.includes(ending))
      this.violated('ended as it cannot', `${scenario}: ${ending} ${error instanceof Error ? error.stack : error}`);
    const counts = this.endings.get(scenario) ?? new Map();
    this.endings.set(scenario, counts.set(ending, (counts.get(ending) ?? 0) + 1));
    if (isTold && !entry.told) this.violated('settled before it was told of', scenario);
    this.events.settled(entry.id, isStream);
    this.#open.delete(trace);
  }

  /** Records a `call` event. @param {string} id @param {string} trace @param {string} endpoint */
  tell(id, trace, endpoint) {
    const entry = this.#open.get(trace);
    if (!entry || entry.told++) return this.violated('told of more than once', endpoint);
    entry.id = id;
  }

  /** To be called once nothing is in progress. */
  audit() {
    for (const { scenario } of this.#open.values()) this.violated('never settled', scenario);
    this.#open.clear();
    this.events.audit();
  }
}
