// The two lanes of a run: the same request through Breakwater and through stock axios. The browser and the Node backend share this file.

/** @import { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios' */
/** @import { EventType, ClientEvents, Policies } from 'breakwater' */

/** @typedef {'breakwater' | 'axios'} Lane */

/** @typedef {Pick<Policies, 'timeout' | 'deadline'>} Chosen What the person at the page sets. */

/**
 * @typedef {object} Failure What an error says of itself; the fields from `limit` on only a TimeoutError has.
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
 * @property {number} elapsed Milliseconds, as the caller waited.
 * @property {number} [status]
 * @property {number} [bytes] Of the response body.
 * @property {Failure} [error]
 * @property {'patience' | 'person' | undefined} [stopped] Nothing had come of the call yet: the playground, or the person, ended it.
 */

/** @typedef {{ type: EventType, at: number, record: ClientEvents[EventType] }} LaneEvent `at` is in milliseconds since the lane began. */

/** How long the playground watches a stock call that does not end; longer where its own timeout is. */
const STOCK_PATIENCE = 8_000; // ms
const AFTER_TIMEOUT = 3_000; // ms

/** For a call whose every limit was turned off. */
const BREAKWATER_PATIENCE = 60_000; // ms

/**
 * The one number that stock axios has, for the same time in all: `total`, else `connect` and `read` together, else the deadline.
 * @param {Chosen} chosen
 * @returns {number} 0, axios' way to say none, where nothing is set.
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
    // One attempt is shown here: what the other policies do of it is another view's.
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
 * Waits for a call, but not for ever: some end neither by themselves nor when they are aborted, so this does not ask them.
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
