// The two lanes of a run: the same request through Breakwater and through stock axios. The browser and the Node backend share this file.

/** @import { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios' */
/** @import { EventType, ClientEvents, Policies } from 'breakwater' */

/** @typedef {'breakwater' | 'axios'} Lane */

/** @typedef {Pick<Policies, 'timeout' | 'deadline'>} Chosen What the user sets on the page. */

/**
 * @typedef {object} Failure The facts of an error; only a TimeoutError has the fields from `limit` on.
 * @property {string} name
 * @property {string} message
 * @property {string | undefined} [code]
 * @property {string | undefined} [limit]
 * @property {string | undefined} [phase]
 * @property {string | undefined} [kind]
 * @property {number | undefined} [limitMs]
 * @property {number | undefined} [lag]
 * @property {number | undefined} [elapsed]
 * @property {boolean | undefined} [safeToRetry]
 */

/**
 * @typedef {object} Outcome
 * @property {number} elapsed Milliseconds for which the caller waited.
 * @property {number} [status]
 * @property {number} [bytes] Of the response body.
 * @property {Failure} [error]
 * @property {'patience' | 'person' | undefined} [stopped] Who gave up on the call before it had an outcome: the playground or the user.
 */

/** @typedef {{ type: EventType, at: number, record: ClientEvents[EventType] }} LaneEvent `at` is in milliseconds since the lane started. */

/** How long the playground watches a stock call that does not end, and at least how long beyond the call's own timeout. */
const STOCK_PATIENCE = 8_000; // ms
const AFTER_TIMEOUT = 3_000; // ms

/** For a call with all its limits turned off. */
const BREAKWATER_PATIENCE = 60_000; // ms

/**
 * Stock axios' only timeout, for the same time overall: `total`, else `connect` plus `read`, else the deadline.
 * @param {Chosen} chosen
 * @returns {number} 0, which means none in axios, if nothing is set.
 */
export function stockTimeout({ timeout, deadline }) {
  const limits = Array.isArray(timeout) ? { connect: timeout[0], read: timeout[1] } : typeof timeout === 'object' ? timeout : {};
  const { connect, read, total } = /** @type {import('breakwater').TimeoutOptions} */ (limits);
  return total || (connect || 0) + (read || 0) || (typeof deadline === 'number' ? deadline : 0);
}

/**
 * @param {Pick<typeof import('breakwater'), 'createClient'>} breakwater
 * @param {AxiosRequestConfig} request
 * @param {Chosen} chosen
 * @param {{ signal: AbortSignal, onEvent: (event: LaneEvent) => void }} watch
 * @returns {Promise<Outcome>}
 */
export async function viaBreakwater({ createClient }, request, chosen, { signal, onEvent }) {
  const startedAt = performance.now();
  return patiently(BREAKWATER_PATIENCE, signal, async (ended) => {
    // This view shows a single attempt; what other policies make of it is for the dashboard.
    const client = createClient({ ...chosen, retry: false, breaker: false });
    client.on('*', (type, record) => onEvent({ type, at: performance.now() - startedAt, record }));
    const { timeout: _, ...rest } = request;
    return client.request({ ...rest, responseType: 'arraybuffer', signal: ended }).finally(() => client.close());
  });
}

/**
 * @param {{ create: () => AxiosInstance }} axios
 * @param {AxiosRequestConfig} request
 * @param {Chosen} chosen
 * @param {{ signal: AbortSignal }} watch
 * @returns {Promise<Outcome>}
 */
export async function viaAxios(axios, request, chosen, { signal }) {
  const timeout = stockTimeout(chosen);
  return patiently(Math.max(STOCK_PATIENCE, timeout + AFTER_TIMEOUT), signal, (ended) =>
    axios.create().request({ ...request, timeout, responseType: 'arraybuffer', signal: ended }),
  );
}

/**
 * Waits for a call, but not for ever: some end neither by themselves nor on abort, so the wait is given up in any case.
 * @param {number} patience
 * @param {AbortSignal} signal
 * @param {(ended: AbortSignal) => Promise<AxiosResponse>} call
 * @returns {Promise<Outcome>}
 */
async function patiently(patience, signal, call) {
  const startedAt = performance.now();
  const ended = new AbortController();
  /** @type {Outcome['stopped']} */
  let stopped;
  const stop = (/** @type {Outcome['stopped']} */ by) => {
    stopped ??= by;
    ended.abort();
  };
  const byPerson = () => stop('person');
  const timer = setTimeout(stop, patience, 'patience');
  signal.addEventListener('abort', byPerson);
  const aborted = new Promise((resolve) => ended.signal.addEventListener('abort', () => resolve(undefined)));
  try {
    if (signal.aborted) byPerson();
    const response = await Promise.race([call(ended.signal), aborted]);
    const elapsed = performance.now() - startedAt;
    return response ? { elapsed, status: response.status, bytes: response.data?.byteLength ?? 0 } : { elapsed, stopped };
  } catch (error) {
    const elapsed = performance.now() - startedAt;
    return stopped ? { elapsed, stopped } : { elapsed, ...failure(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', byPerson);
  }
}

/**
 * @param {unknown} thrown
 * @returns {Pick<Outcome, 'status' | 'error'>}
 */
function failure(thrown) {
  const { name, message, code, response, limit, phase, kind, limitMs, elapsed, lag, safeToRetry } =
    /** @type {Failure & { response?: AxiosResponse }} */ (thrown);
  return {
    ...(response ? { status: response.status } : {}),
    error: { name, message: message || code || name, code, limit, phase, kind, limitMs, elapsed, lag, safeToRetry },
  };
}
