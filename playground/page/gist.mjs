// A Breakwater event in one line.

import { ms, percent, size } from './dom.mjs';

/** @import { Alert, AttemptRecord, BeaconEvent, BreakerEvent, CallRecord, ClientEvents, EventType, FallbackEvent, LimitedEvent, RetryEvent } from 'breakwater' */

/** @param {AttemptRecord | CallRecord} record */
const ended = ({ outcome, limit, phase, status, code }) => (limit ? `${limit} limit in ${phase}` : `${outcome} ${status ?? code ?? ''}`);

/** @type {{ [T in EventType]: (record: ClientEvents[T]) => string }} */
const GISTS = {
  attempt: ended,
  call: ended,
  timeout: ended,
  retry: (/** @type {RetryEvent} */ { attempt, delay, reason, status, code }) => {
    const failed = `attempt ${attempt}: ${status ?? code ?? 'failed'}`;
    return delay === undefined ? `${failed}, no further: ${reason}` : `${failed}, again in ${ms(delay)}`;
  },
  breaker: (/** @type {BreakerEvent} */ { from, to, reason }) => `${from} → ${to}: ${reason}`,
  limited: (/** @type {LimitedEvent} */ { limit, retryAfter }) =>
    `no room, ${limit}${retryAfter === undefined ? '' : `: again in ${ms(retryAfter)}`}`,
  fallback: (/** @type {FallbackEvent} */ { kind, age, code }) =>
    `${kind}${age === undefined ? '' : `, ${ms(age)} old`}, instead of ${code ?? 'an error'}`,
  beacon: (/** @type {BeaconEvent} */ { reason, count, bytes }) => `${count} dropped: ${reason}, ${size(bytes)}`,
  alert: (/** @type {Alert} */ { reason, status, rate, timeouts, calls }) =>
    `${status}, ${reason}: ${timeouts} of ${calls} timed out, ${percent(rate)}`,
};

/** @param {{ type: EventType, record: ClientEvents[EventType] }} event */
export const gist = ({ type, record }) => /** @type {(record: ClientEvents[EventType]) => string} */ (GISTS[type])(record);
