// Steady traffic through one client, and what is to be seen of it several times a second. The browser and the Node backend share this file.

import { SNAPSHOTS, steadily } from './steady.mjs';

/** @import { BreakerSnapshot, ClientConfig, EventType, ClientEvents } from 'breakwater' */

/** @typedef {{ rate: number, retry: boolean, breaker: boolean, limit: boolean, fallback: boolean }} Settings */

/** @typedef {'ok' | 'fallback' | 'timeout' | 'failed' | 'cut' | 'limited'} Ending What a call came to. */

/**
 * @typedef {object} Snapshot
 * @property {BreakerSnapshot | undefined} breaker
 * @property {{ made: number, pending: number, stopped: Record<string, number> }} retries
 * @property {{ inUse: number, waiting: number, refused: number }} limits
 * @property {Partial<Record<Ending, number>>} totals
 * @property {Partial<Record<Ending, number>>[]} seconds The latest last.
 * @property {number | undefined} wait Milliseconds for which a caller waited, the median of the last calls.
 * @property {{ at: number, type: EventType, record: ClientEvents[EventType] }[]} changes Of the breaker, the latest last.
 */

export const SECONDS = 40; // in the strip
const RECENT = 15; // calls for the median
const CHANGES = 8;

/** Short, so that it plays in seconds; the defaults are for services. */
const BREAKER = {
  openFor: 5_000,
  maxOpenFor: 10_000,
  window: 20_000,
  minCalls: 20,
  burst: { window: 5_000, minCalls: 5 },
  slow: { after: 500 },
};

/**
 * @param {Settings} settings
 * @returns {ClientConfig}
 */
const configOf = ({ retry, breaker, limit, fallback }) => ({
  timeout: { connect: 500, read: 1_000 },
  deadline: 3_500,
  retry: retry && { baseDelay: 200 },
  // Observing rather than off: it lets everything through, and what it would do can be shown.
  breaker: { ...BREAKER, mode: breaker ? 'enforce' : 'observe' },
  limit: limit && { concurrency: 4, maxQueue: 4, maxWait: 300 },
  fallback: fallback && { staleFor: 60_000, value: { ok: 'as good as it gets' } },
});

/**
 * @param {Pick<typeof import('breakwater'), 'createClient'>} breakwater
 * @param {string} url
 * @param {Settings} first
 * @param {(snapshot: Snapshot) => void} show
 */
export function startTraffic({ createClient }, url, first, show) {
  const began = performance.now();
  let settings = first;
  /** @type {Partial<Record<Ending, number>>[]} */
  let seconds = [];
  /** @type {number[]} */
  let waits = [];
  /** @type {Snapshot['changes']} */
  let changes = [];
  /** @type {Map<string, number>} Calls that pause before the next attempt, and until when. */
  const pauses = new Map();
  /** @type {Partial<Record<Ending, number>>} */
  const totals = {};
  /** @type {{ made: number, stopped: Record<string, number> }} */
  const retries = { made: 0, stopped: {} };
  let refused = 0;
  let under = 0; // calls under way
  let number = 0;
  let client = make();

  function make() {
    const made = createClient(configOf(settings));
    made.on('retry', ({ id, delay, reason }) => {
      if (reason) retries.stopped[reason] = (retries.stopped[reason] ?? 0) + 1;
      else retries.made++;
      if (delay !== undefined) pauses.set(id, performance.now() + delay);
    });
    made.on('call', ({ id }) => void pauses.delete(id));
    made.on('limited', () => void refused++);
    made.on('breaker', (record) => {
      changes = [...changes, { at: performance.now() - began, type: /** @type {const} */ ('breaker'), record }].slice(-CHANGES);
    });
    return made;
  }

  async function call() {
    const startedAt = performance.now();
    under++;
    // The breaker sees one endpoint, /orders/:id.
    const ending = await client.get(`${url}/orders/${1 + (number++ % 5)}`).then(
      (response) => /** @type {Ending} */ ('fallback' in response ? 'fallback' : 'ok'),
      (error) => ENDINGS[error.code] ?? 'failed',
    );
    under--;
    const now = performance.now();
    waits = [...waits, now - startedAt].slice(-RECENT);
    totals[ending] = (totals[ending] ?? 0) + 1;
    const second = secondAt(now);
    second[ending] = (second[ending] ?? 0) + 1;
  }

  /** The counts of this second; those in which nothing ended are there as well. */
  function secondAt(/** @type {number} */ now) {
    const index = Math.floor((now - began) / 1_000);
    while (last < index) {
      seconds = [...seconds, {}].slice(-SECONDS);
      last++;
    }
    return /** @type {Partial<Record<Ending, number>>} */ (seconds.at(-1));
  }
  let last = -1;

  function snapshot() {
    const now = performance.now();
    secondAt(now);
    const [breaker] = client.breakers.list();
    const pending = [...pauses.values()].filter((until) => until > now).length;
    const inUse = breaker?.inFlight ?? 0;
    show({
      breaker,
      retries: { ...retries, pending },
      limits: { inUse, waiting: Math.max(0, under - inUse - pending), refused },
      totals,
      seconds,
      wait: [...waits].sort((a, b) => a - b)[Math.floor(waits.length / 2)],
      changes,
    });
  }

  const stops = [steadily(() => settings.rate, call), steadily(() => SNAPSHOTS, snapshot)];

  return {
    /** Another rate is the same client; other policies are a new one, whose breaker begins closed. @param {Settings} next */
    change(next) {
      const same = JSON.stringify({ ...next, rate: 0 }) === JSON.stringify({ ...settings, rate: 0 });
      settings = next;
      if (same) return;
      client.close();
      client = make();
    },
    stop() {
      for (const stop of stops) stop();
      client.close();
    },
  };
}

/** @type {Record<string, Ending>} */
const ENDINGS = { ETIMEDOUT: 'timeout', EBREAKEROPEN: 'cut', ELIMITED: 'limited' };
