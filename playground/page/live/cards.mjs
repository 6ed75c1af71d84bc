// The four cards of numbers: breakers with their countdown, retries and their budget, calls in flight, and beacons.

import { BUDGET, CONCURRENCY } from '../../client-options.mjs';
import { byId, el, percent, short, seconds as spoken } from '../dom.mjs';

/** @import { Settings } from '../../client-options.mjs' */
/** @import { Model } from './model.mjs' */

const WINDOW = 10; // s, like that of the budget

/** @returns {(model: Model, settings: Settings) => void} */
export function createCards() {
  const breakers = card('breakers');
  const retries = card('retries');
  const limits = card('limits');
  const beacons = card('beacons');
  return (model, settings) => {
    breakers(breakerRows(model), settings.enabled ? (settings.breaker ? '' : 'only watching') : 'off');
    retries(retryRows(model), settings.retry && settings.enabled ? '' : 'off');
    limits(limitRows(model, settings), settings.limit && settings.enabled ? '' : 'no limit');
    beacons(beaconRows(model), '');
  };
}

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} value
 * @property {string} [look] `good`, `warn`, `bad`, or `none` if there is nothing to show.
 * @property {string} [note]
 * @property {number} [share] From 0 to 1; drawn as a meter.
 */

/**
 * @param {string} id
 * @returns {(rows: Row[], note: string) => void}
 */
function card(id) {
  const root = byId(id, HTMLElement);
  const note = el('small', {});
  const list = el('ul', {});
  root.querySelector('h2')?.append(' ', note);
  root.append(list);
  let drawn = '';
  return (rows, text) => {
    const next = JSON.stringify([rows, text]);
    if (next === drawn) return;
    drawn = next;
    note.textContent = text;
    list.replaceChildren(...rows.map(rowOf));
  };
}

/** @param {Row} row */
const rowOf = ({ name, value, look, note, share }) =>
  el(
    'li',
    { 'data-look': look },
    el('span', {}, name),
    el('b', {}, value),
    share !== undefined && el('i', { class: 'meter', style: { '--share': String(Math.min(1, share)) } }),
    note !== undefined && el('small', {}, note),
  );

const EMPTY = [{ name: 'Nothing yet.', value: '', look: 'none' }];

/**
 * @param {Model} model
 * @returns {Row[]}
 */
function breakerRows({ state, openFor }) {
  if (!state?.breakers.length) return EMPTY;
  return [...state.breakers]
    .sort((a, b) => a.endpoint.localeCompare(b.endpoint))
    .map(({ endpoint, state, retryAfter, failureRate, slowRate }) => {
      const name = short(endpoint);
      const left = spokenLeft(retryAfter);
      const note = `${percent(failureRate)} failed, ${percent(slowRate)} slow`;
      if (state === 'open')
        return { name, value: `open ${left}`, look: 'bad', note, share: retryAfter / (openFor[endpoint] ?? retryAfter) };
      if (state === 'half-open') return { name, value: 'half-open', look: 'warn', note };
      // A closed breaker that rejects calls is honouring the upstream's Retry-After.
      if (retryAfter > 0) return { name, value: `paused ${left}`, look: 'warn', note: 'Retry-After' };
      return { name, value: 'closed', look: 'good', note };
    });
}

const spokenLeft = (/** @type {number} */ ms) => `${(ms / 1_000).toFixed(1)}\u00a0s`;

/**
 * @param {Model} model
 * @returns {Row[]}
 */
function retryRows({ seconds, state, notRetried }) {
  if (!state) return EMPTY;
  const last = seconds.slice(-WINDOW);
  const made = last.reduce((sum, { retries }) => sum + Object.values(retries).reduce((all, count) => all + count, 0), 0);
  const calls = last.reduce((sum, { lanes }) => sum + lanes.breakwater.made, 0);
  const stopped = Object.entries(notRetried).sort(([, a], [, b]) => b - a);
  return [
    {
      name: `made in ${WINDOW} s`,
      value: String(made),
      share: calls ? made / calls / BUDGET : 0,
      note: calls ? `${percent(made / calls)} of ${calls} calls, budget ${percent(BUDGET)}` : '',
    },
    ...stopped.slice(0, 3).map(([reason, count]) => ({ name: `not made: ${reason}`, value: String(count) })),
  ];
}

/**
 * @param {Model} model
 * @param {Settings} settings
 * @returns {Row[]}
 */
function limitRows({ state, refused }, { limit }) {
  if (!state) return EMPTY;
  const inFlight = state.breakers.map(({ inFlight }) => inFlight);
  const sum = inFlight.reduce((all, one) => all + one, 0);
  const most = Math.max(0, ...inFlight);
  const suggestions = state.stats.flatMap(({ endpoint, suggested }) =>
    suggested ? [`read ${spoken(suggested.read)} for ${short(endpoint)}`] : [],
  );
  return [
    limit
      ? { name: 'busiest endpoint', value: `${most} of ${CONCURRENCY}`, share: most / CONCURRENCY }
      : { name: 'attempts now', value: String(sum) },
    { name: 'callers waiting', value: String(state.lanes.breakwater.waiting) },
    { name: 'refused by the limit', value: String(refused), ...(refused ? { look: 'warn' } : {}) },
    ...(suggestions.length ? [{ name: 'suggested', value: '', note: suggestions.join(', ') }] : []),
  ];
}

/**
 * @param {Model} model
 * @returns {Row[]}
 */
function beaconRows({ state }) {
  if (!state) return EMPTY;
  const { made, stats, stockWaiting } = state.beacons;
  const dropped = Object.entries(stats.dropped);
  return [
    { name: 'sent', value: `${stats.sent} of ${made}` },
    { name: 'queued', value: String(stats.queued), note: `${stats.inFlight} in flight` },
    ...dropped.map(([reason, count]) => ({ name: `dropped: ${reason.replaceAll('_', ' ')}`, value: String(count), look: 'warn' })),
    { name: 'stock axios: hanging', value: String(stockWaiting), ...(stockWaiting > 3 ? { look: 'bad' } : {}) },
  ];
}
