// The waterfall: one row per call, with the phases of its attempts on one time axis and gaps for the pauses between them.

import { byId, el, short, seconds as spoken } from '../dom.mjs';

/** @import { AttemptRecord, CallRecord, Phase } from 'breakwater' */
/** @import { Model } from './model.mjs' */
/** @import { Row } from './calls-model.mjs' */

/** @type {Phase[]} */
const PHASES = ['queue', 'lookup', 'tcp', 'waiting', 'send', 'response', 'body'];

/** The axis fits the longest call, but only in these steps, so that rows stay comparable. */
const AXES = [50, 100, 250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000]; // ms

/** @returns {(model: Model) => void} */
export function createCallRows() {
  const root = byId('calls', HTMLElement);
  byId('phases', HTMLElement).replaceChildren(
    ...PHASES.map((phase) => el('li', { 'data-look': phase }, phase)),
    el('li', { 'data-look': 'limit' }, 'limit'),
  );
  let drawn = '';
  return ({ calls }) => {
    const next = calls.map(({ call }) => call.id).join();
    if (next === drawn) return;
    drawn = next;
    const longest = Math.max(...calls.map(({ call }) => call.elapsed));
    const axis = AXES.find((length) => length >= longest) ?? longest;
    root.replaceChildren(
      el(
        'li',
        { class: 'scale', 'aria-hidden': 'true' },
        el('span', {}, '0'),
        el('span', {}, spoken(axis / 2)),
        el('span', {}, spoken(axis)),
      ),
      ...calls.map((row) => rowOf(row, axis)),
    );
  };
}

/**
 * @param {Row} row
 * @param {number} axis
 */
function rowOf({ call, attempts }, axis) {
  return el(
    'li',
    { 'data-outcome': call.outcome },
    el('span', { class: 'name' }, short(call.endpoint)),
    el('span', { class: 'track' }, ...attempts.flatMap((attempt) => segments(attempt, attempt.startedAt - call.startedAt, axis))),
    el('span', { class: 'came' }, cameTo(call), attempts.length > 1 && el('small', {}, ` ×${attempts.length}`)),
    el('span', { class: 'time' }, spoken(call.elapsed)),
  );
}

/** @param {CallRecord} call */
const cameTo = ({ limit, status, code, outcome }) =>
  limit ? `${limit} limit` : code ? code.replace('EBREAKEROPEN', 'breaker open') : `${status ?? outcome}`;

/**
 * The phases are in the order in which they began.
 * @param {AttemptRecord} attempt
 * @param {number} from Milliseconds since the call began.
 * @param {number} axis
 */
function segments({ timings, limit, elapsed, phase: last }, from, axis) {
  let at = from;
  const parts = Object.entries(timings).map(([phase, duration]) => {
    const part = segment(phase, at, duration, axis);
    at += duration;
    return part;
  });
  // Even if the browser tells no phases, it is known how long it took.
  if (parts.length === 0) parts.push(segment(last ?? 'waiting', from, elapsed, axis));
  if (limit) parts.push(segment('limit', from + elapsed, 0, axis));
  return parts;
}

/**
 * @param {string} look
 * @param {number} from
 * @param {number} duration
 * @param {number} axis
 */
const segment = (look, from, duration, axis) =>
  el('i', { 'data-look': look, style: { '--from': String(from / axis), '--width': String(duration / axis) } });
