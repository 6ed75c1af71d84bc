// The options of the dashboard's client, which the page also shows as code. The browser and the Node backend share this file.

/** @import { ClientConfig } from 'breakwater' */

/**
 * @typedef {object} Settings What the user sets on the page.
 * @property {number} rate Calls a second, across all endpoints.
 * @property {string[]} endpoints
 * @property {number} stockTimeout Milliseconds; 0, as in axios, means none.
 * @property {boolean} retry
 * @property {boolean} breaker
 * @property {boolean} limit
 * @property {boolean} fallback
 * @property {boolean} enabled False while the kill switch is on.
 */

/** Calls in flight at a time while the limit is on. */
export const CONCURRENCY = 4;

/** The share of calls that may be retried; the default. */
export const BUDGET = 0.2;

/**
 * Its windows last seconds, so that an outage plays out in half a minute; the defaults are meant for services.
 * @param {Pick<Settings, 'retry' | 'breaker' | 'limit' | 'fallback'>} settings
 * @returns {ClientConfig}
 */
export const optionsFor = ({ retry, breaker, limit, fallback }) => ({
  timeout: { connect: 500, read: 1_000, total: 1_500 },
  deadline: 4_000,
  retry: retry && { baseDelay: 200 },
  breaker: {
    openFor: 4_000,
    maxOpenFor: 6_000,
    window: 20_000,
    burst: { window: 5_000, minCalls: 5 },
    slow: { after: 600 },
    // Observing rather than off: it lets everything through, but the page can show what it would have done.
    ...(breaker ? {} : { mode: 'observe' }),
  },
  ...(limit ? { limit: { concurrency: CONCURRENCY, maxQueue: 4, maxWait: 300 } } : {}),
  ...(fallback ? { fallback: { staleFor: 60_000 } } : {}),
  alerts: { frequent: { rate: 0.01, timeouts: 5 }, cooldown: 10_000 },
  beacons: { timeout: 1_500, stopFor: 5_000 },
});
