// What the dashboard shows, derived from the traffic's messages alone: the last seconds one by one, the latest calls, alerts and
// events. It knows neither the page nor the client.

import { createCalls } from './calls-model.mjs';
import { createEvents } from './events-model.mjs';

/** @import { Alert, ClientEvents, EventType } from 'breakwater' */
/** @import { Lane } from '../../lanes.mjs' */
/** @import { Ending, Message } from '../../traffic.mjs' */

/** @typedef {Extract<Message, { type: 'state' }>} State */

/**
 * @typedef {object} LaneSecond
 * @property {number} made Calls that began.
 * @property {Partial<Record<Ending, number>>} ends Their outcomes so far.
 * @property {number} wait The longest wait of a caller, in milliseconds.
 */

/**
 * @typedef {object} Second
 * @property {string} fault That of the upstream when the second began.
 * @property {Record<Lane, LaneSecond>} lanes
 * @property {Record<string, { elapsed: number[], timeouts: number }>} endpoints Attempts by endpoint.
 * @property {Record<string, number>} retries Retries by endpoint.
 */

/** How many seconds are kept. */
export const SECONDS = 45;

const ALERTS = 3;

/** @returns {LaneSecond} */
const emptyLane = () => ({ made: 0, ends: {}, wait: 0 });

export function createModel() {
  /** Oldest first, the current one last. @type {Second[]} */
  const seconds = [];
  const calls = createCalls();
  const events = createEvents();
  /** Latest first. @type {Alert[]} */
  let alerts = [];
  /** How long each breaker was to stay open when it opened: the full length of its countdown. @type {Record<string, number>} */
  const openFor = {};
  /** How many retries were not made, by reason. @type {Record<string, number>} */
  const notRetried = {};
  let refused = 0;
  let index = -1;
  let fault = 'healthy';
  /** @type {State | undefined} */
  let state;

  /** @param {number} at */
  function secondAt(at) {
    for (; index < Math.floor(at / 1_000); index++) {
      seconds.push({ fault, lanes: { breakwater: emptyLane(), axios: emptyLane() }, endpoints: {}, retries: {} });
    }
    seconds.splice(0, seconds.length - SECONDS);
    return /** @type {Second} */ (seconds.at(-1));
  }

  /** @type {{ [T in EventType]?: (record: ClientEvents[T], second: Second) => void }} */
  const ON = {
    attempt(record, { endpoints }) {
      calls.attempt(record);
      const endpoint = endpoints[record.endpoint] ?? { elapsed: [], timeouts: 0 };
      endpoints[record.endpoint] = endpoint;
      endpoint.elapsed.push(record.elapsed);
      if (record.timedOut) endpoint.timeouts++;
    },
    call: (record) => calls.call(record, index),
    retry({ endpoint, reason }, { retries }) {
      if (reason) notRetried[reason] = (notRetried[reason] ?? 0) + 1;
      else retries[endpoint] = (retries[endpoint] ?? 0) + 1;
    },
    breaker({ endpoint, to, snapshot }) {
      if (to === 'open') openFor[endpoint] = snapshot.retryAfter;
    },
    limited: () => void refused++,
    alert(alert) {
      const others = alerts.filter(({ endpoint, startedAt }) => endpoint !== alert.endpoint || startedAt !== alert.startedAt);
      alerts = [alert, ...others].slice(0, ALERTS);
    },
  };

  return {
    seconds,
    openFor,
    notRetried,
    calls: calls.rows,
    events: events.list,
    get alerts() {
      return alerts;
    },
    get refused() {
      return refused;
    },
    get state() {
      return state;
    },
    /** @param {string} next */
    upstreamIs(next) {
      fault = next;
      const second = seconds.at(-1);
      if (second) second.fault = next;
    },
    /** @param {Message} message */
    take(message) {
      const second = secondAt(message.at);
      if (message.type === 'event') {
        const on = /** @type {((record: object, second: Second) => void) | undefined} */ (ON[message.event]);
        on?.(message.record, second);
        events.add(message);
      } else if (message.type === 'end') {
        const { lane, ending, began, at } = message;
        second.lanes[lane].wait = Math.max(second.lanes[lane].wait, at - began);
        // Counted in the second the call began, so that calls without an answer show as well; dropped if that second is gone.
        const age = index - Math.floor(began / 1_000);
        const ends = seconds.at(-1 - age)?.lanes[lane].ends;
        if (ends) ends[ending] = (ends[ending] ?? 0) + 1;
      } else if (message.type === 'begin') {
        second.lanes[message.lane].made++;
      } else {
        for (const name of /** @type {const} */ (['breakwater', 'axios'])) {
          second.lanes[name].wait = Math.max(second.lanes[name].wait, message.lanes[name].longest);
        }
        state = message;
      }
    },
  };
}

/** @typedef {ReturnType<typeof createModel>} Model */

/**
 * Of a lane's calls that began in the last seconds, except for the current one: how many there are, and how many were answered.
 * @param {Second[]} seconds
 * @param {Lane} lane
 * @param {number} last
 */
export function tally(seconds, lane, last) {
  const sum = { made: 0, answered: 0 };
  for (const { lanes } of seconds.slice(-last - 1, -1)) {
    const { made, ends } = lanes[lane];
    sum.made += made;
    sum.answered += (ends.ok ?? 0) + (ends.fallback ?? 0);
  }
  return sum;
}

/**
 * The value that the given share of the values does not exceed.
 * @param {number[]} values
 * @param {number} share
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
