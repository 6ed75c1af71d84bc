// Performs a run: both lanes here in the browser, or both in the Node backend. Either way it yields the same events and outcomes.

import { viaAxios, viaBreakwater } from '../../lanes.mjs';
import { linesOf, post } from '../post.mjs';

/** @import { Entry } from '../../catalogue.mjs' */
/** @import { Chosen, Lane, LaneEvent, Outcome } from '../../lanes.mjs' */
/** @import { Line } from '../../backend.mjs' */

/**
 * @typedef {object} Run What is known of a run, in progress or over. Everything the page shows is derived from this.
 * @property {Entry} fault
 * @property {'browser' | 'node'} where
 * @property {Chosen} chosen
 * @property {number} began As given by `performance.now()`.
 * @property {boolean} over
 * @property {Partial<Record<Lane, Outcome>>} outcomes
 * @property {LaneEvent[]} events
 */

/** The globals of the two script tags. */
const { Breakwater, axios } = /** @type {{ Breakwater?: typeof import('breakwater'), axios?: typeof import('axios').default }} */ (
  globalThis
);

export const scriptTagLoaded = Breakwater !== undefined;
export const stockVersion = axios?.VERSION ?? '';

/**
 * @param {Run} run Filled in as the run goes on.
 * @param {{ signal: AbortSignal, onChange: () => void }} watch
 */
export async function perform(run, { signal, onChange }) {
  const tell = (/** @type {Line} */ line) => {
    if (line.type === 'event') run.events.push(line.event);
    else run.outcomes[line.lane] = line.outcome;
    onChange();
  };
  try {
    await (run.where === 'browser' ? inBrowser(run, signal, tell) : inNode(run, signal, tell));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    const elapsed = performance.now() - run.began;
    for (const lane of /** @type {Lane[]} */ (['breakwater', 'axios'])) run.outcomes[lane] ??= { elapsed, stopped: 'person' };
    run.over = true;
    onChange();
  }
}

/**
 * @param {Run} run
 * @param {AbortSignal} signal
 * @param {(line: Line) => void} tell
 */
async function inBrowser({ fault, chosen }, signal, tell) {
  if (!Breakwater || !axios) throw new Error('a script of the page did not load');
  await post('/api/reset', { fault: fault.name }, signal);
  const request = {
    method: fault.upload ? 'POST' : 'GET',
    ...(fault.upload ? { data: new Uint8Array(fault.upload), headers: { 'Content-Type': 'application/octet-stream' } } : {}),
  };
  const tellOutcome = (/** @type {Lane} */ lane) => (/** @type {Outcome} */ outcome) => tell({ type: 'outcome', lane, outcome });
  await Promise.all([
    viaBreakwater(Breakwater, { ...request, url: fault.urls.breakwater }, chosen, {
      signal,
      onEvent: (event) => tell({ type: 'event', event }),
    }).then(tellOutcome('breakwater')),
    viaAxios(axios, { ...request, url: fault.urls.axios }, chosen, { signal }).then(tellOutcome('axios')),
  ]);
}

/**
 * @param {Run} run
 * @param {AbortSignal} signal
 * @param {(line: Line) => void} tell
 */
async function inNode({ fault, chosen }, signal, tell) {
  const response = await post('/api/run', { fault: fault.name, ...chosen }, signal);
  for await (const line of linesOf(response)) tell(/** @type {Line} */ (line));
}
