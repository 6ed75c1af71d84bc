// The options of the dashboard's client: what runs is what the page shows as code. The browser and the Node backend share this file.

/** @import { ClientConfig } from 'breakwater' */

/**
 * @typedef {object} Settings What the person at the page sets.
 * @property {number} rate Calls a second, all endpoints together.
 * @property {string[]} endpoints
 * @property {number} stockTimeout Milliseconds; 0 is axios' way to say none.
 * @property {boolean} retry
 * @property {boolean} breaker
 * @property {boolean} limit
 * @property {boolean} fallback
 * @property {boolean} enabled False while the kill switch is thrown.
 */

/** Calls at a time where the limit is on. */
export const CONCURRENCY = 4;

/** Share of the calls that may be retried; the default. */
export const BUDGET = 0.2;

/**
 * Windows of seconds, so that an outage plays in half a minute; the defaults are for services.
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
    // Observing rather than off: it lets everything through, and what it would do can be shown.
    ...(breaker ? {} : { mode: 'observe' }),
  },
  ...(limit ? { limit: { concurrency: CONCURRENCY, maxQueue: 4, maxWait: 300 } } : {}),
  ...(fallback ? { fallback: { staleFor: 60_000 } } : {}),
  alerts: { frequent: { rate: 0.01, timeouts: 5 }, cooldown: 10_000 },
  beacons: { timeout: 1_500, stopFor: 5_000 },
});
