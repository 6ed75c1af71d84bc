// Computes what the waterfall draws from a run: a bar for each phase of each attempt, the limit that fired, and stock axios.

/** @import { AttemptRecord, CallRecord } from 'breakwater' */
/** @import { Lane, Outcome } from '../../lanes.mjs' */
/** @import { Run } from './run.mjs' */

/**
 * @typedef {object} Bar
 * @property {Lane} lane
 * @property {string} look A phase, or `limit`, `running`, `whole`, `stopped`.
 * @property {string} label
 * @property {number} from Milliseconds since the run began.
 * @property {number} to
 * @property {string} [note] Written along the bar.
 * @property {number} [attempt]
 */

/**
 * @param {Run} run
 * @param {number} now Milliseconds since the run began.
 * @returns {Bar[]}
 */
export function barsOf(run, now) {
  return [...breakwaterBars(run, now), stockBar(run.outcomes.axios, now)];
}

/**
 * @param {Run} run
 * @param {number} now
 * @returns {Bar[]}
 */
function breakwaterBars({ events, outcomes }, now) {
  const attempts = events.filter(({ type }) => type === 'attempt').map(({ record }) => /** @type {AttemptRecord} */ (record));
  const call = /** @type {CallRecord | undefined} */ (events.find(({ type }) => type === 'call')?.record);
  const began = call?.startedAt ?? attempts[0]?.startedAt ?? 0;
  const bars = attempts.flatMap((attempt) => phaseBars(attempt, attempt.startedAt - began));
  const outcome = outcomes.breakwater;
  if (!outcome) {
    const from = Math.max(0, ...bars.map(({ to }) => to));
    return [...bars, { lane: 'breakwater', look: 'running', label: 'running', from, to: now }];
  }
  const { elapsed, stopped, error } = outcome;
  if (bars.length === 0) bars.push({ lane: 'breakwater', look: stopped ? 'stopped' : 'waiting', label: 'call', from: 0, to: elapsed });
  if (error?.limit && error.limitMs !== undefined) {
    const note = `${error.limit} limit`;
    bars.push({ lane: 'breakwater', look: 'limit', label: 'limit', from: Math.max(0, elapsed - error.limitMs), to: elapsed, note });
  }
  return bars;
}

/**
 * The phases are in the order in which they began; those of redirects are added up.
 * @param {AttemptRecord} attempt
 * @param {number} from
 * @returns {Bar[]}
 */
function phaseBars({ attempt, timings }, from) {
  let at = from;
  return Object.entries(timings).map(([phase, duration]) => {
    const began = at;
    at += duration;
    return { lane: 'breakwater', look: phase, label: phase, attempt, from: began, to: at };
  });
}

/**
 * @param {Outcome | undefined} outcome
 * @param {number} now
 * @returns {Bar}
 */
function stockBar(outcome, now) {
  if (!outcome) return { lane: 'axios', look: 'running', label: 'running', from: 0, to: now };
  const { elapsed, stopped, error, status } = outcome;
  const note = stopped ? 'still waiting' : String(error?.code ?? status);
  return { lane: 'axios', look: stopped ? 'stopped' : 'whole', label: 'call', from: 0, to: elapsed, note };
}
