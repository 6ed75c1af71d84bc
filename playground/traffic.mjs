// Steady traffic, each call made twice, through Breakwater and through stock axios, plus beacons. Everything worth seeing is reported as
// messages. The browser and the Node backend share this file.

import { optionsFor } from './client-options.mjs';
import { steadily } from './steady.mjs';

/** @import { AxiosStatic } from 'axios' */
/** @import { BeaconStats, BreakerSnapshot, Client, ClientEvents, EndpointStats, EventType } from 'breakwater' */
/** @import { Settings } from './client-options.mjs' */
/** @import { Lane } from './lanes.mjs' */

/** @typedef {'ok' | 'fallback' | 'timeout' | 'failed' | 'cut' | 'limited'} Ending The outcome of a call. */

/**
 * @typedef {object} Under Calls in flight.
 * @property {number} waiting
 * @property {number} longest How long the oldest of them has waited, in milliseconds.
 */

/**
 * @typedef {{ at: number } & (
 *   | { type: 'begin', lane: Lane }
 *   | { type: 'end', lane: Lane, ending: Ending, began: number }
 *   | { type: 'event', event: EventType, record: ClientEvents[EventType] }
 *   | { type: 'state', lanes: Record<Lane, Under>, breakers: BreakerSnapshot[], stats: Omit<EndpointStats, 'series' | 'recentTimeouts'>[],
 *       beacons: { made: number, stats: BeaconStats, stockWaiting: number } }
 * )} Message `at` is in milliseconds since the traffic began. An `end` is what the caller saw, reported the same way for both lanes.
 */

/** The calls by endpoint name. @type {Record<string, (n: number) => { method: string, path: string, data?: object }>} */
export const CALLS = {
  // Seven of them: a browser opens six connections to a host, and requests the same URL one at a time.
  'GET /orders/:id': (n) => ({ method: 'GET', path: `/orders/${1 + (n % 7)}` }),
  'GET /prices': () => ({ method: 'GET', path: '/prices' }),
  'POST /payments': (n) => ({ method: 'POST', path: '/payments', data: { amount: n } }),
};

/** How many callers stock axios may keep waiting before the playground makes no more calls through it. */
export const MOST_WAITING = 400;

const BEACONS = 2; // a second
const STATES = 5; // a second

/** @type {Record<string, Ending>} */
const ENDINGS = { ETIMEDOUT: 'timeout', ECONNABORTED: 'timeout', EBREAKEROPEN: 'cut', ELIMITED: 'limited' };

/**
 * @param {{ breakwater: Pick<typeof import('breakwater'), 'createClient'>, axios: Pick<AxiosStatic, 'create'> }} libraries
 * @param {Record<Lane, string>} urls Each lane has its own upstream, so that neither suffers from the other.
 * @param {Settings} first
 * @param {(message: Message) => void} tell
 */
export function startTraffic({ breakwater, axios }, urls, first, tell) {
  const began = performance.now();
  const since = () => performance.now() - began;
  const stock = axios.create();
  /** Calls in flight, oldest first. @type {Record<Lane, Set<{ at: number, gone: AbortController }>>} */
  const under = { breakwater: new Set(), axios: new Set() };
  let made = 0; // calls
  let over = false;
  /** @type {Set<AbortController>} */
  const stockBeacons = new Set();
  let beacons = 0; // of the client in use, like its statistics
  let settings = first;
  let client = makeClient();

  /** @returns {Client} */
  function makeClient() {
    const made = breakwater.createClient(optionsFor(settings));
    made.on('*', (event, record) => void (over || tell({ type: 'event', at: since(), event, record })));
    if (!settings.enabled) made.disable();
    beacons = 0;
    return made;
  }

  function call() {
    const name = settings.endpoints[made % settings.endpoints.length] ?? '';
    const { path, ...request } = CALLS[name]?.(made) ?? { path: '/', method: 'GET' };
    made++;
    follow('breakwater', (signal) => client.request({ ...request, url: urls.breakwater + path, signal }));
    follow('axios', (signal) => stock.request({ ...request, url: urls.axios + path, signal, timeout: settings.stockTimeout }));
  }

  /**
   * @param {Lane} lane
   * @param {(signal: AbortSignal) => Promise<object>} send
   */
  async function follow(lane, send) {
    if (under[lane].size >= MOST_WAITING) return;
    const mine = { at: since(), gone: new AbortController() };
    under[lane].add(mine);
    tell({ type: 'begin', at: mine.at, lane });
    const ending = await send(mine.gone.signal).then(
      (response) => /** @type {Ending} */ ('fallback' in response ? 'fallback' : 'ok'),
      (error) => ENDINGS[error.code] ?? 'failed',
    );
    under[lane].delete(mine);
    if (!over) tell({ type: 'end', at: since(), lane, ending, began: mine.at });
  }

  async function beacon() {
    const data = JSON.stringify({ event: 'view', number: ++beacons });
    client.beacon(`${urls.breakwater}/collect`, data);
    // The way many do it with stock axios: a POST that nobody awaits.
    if (stockBeacons.size >= MOST_WAITING) return;
    const gone = new AbortController();
    stockBeacons.add(gone);
    const config = { signal: gone.signal, headers: { 'Content-Type': 'text/plain' } };
    await stock.post(`${urls.axios}/collect`, data, config).catch(() => {});
    stockBeacons.delete(gone);
  }

  /** @param {Lane} lane */
  function look(lane) {
    const [oldest] = under[lane];
    return { waiting: under[lane].size, longest: oldest ? since() - oldest.at : 0 };
  }

  const state = () =>
    tell({
      type: 'state',
      at: since(),
      lanes: { breakwater: look('breakwater'), axios: look('axios') },
      breakers: client.breakers.list(),
      stats: client.stats.list().map(({ series: _, recentTimeouts: __, ...stats }) => stats),
      beacons: { made: beacons, stats: client.beacons.stats(), stockWaiting: stockBeacons.size },
    });

  const stops = [steadily(() => settings.rate, call), steadily(() => BEACONS, beacon), steadily(() => STATES, state)];

  return {
    /** New policies take a new client, whose breakers start closed; everything else is changed on the fly. @param {Settings} next */
    change(next) {
      const same = JSON.stringify(optionsFor(next)) === JSON.stringify(optionsFor(settings));
      settings = next;
      if (!same) {
        client.close();
        client = makeClient();
      } else if (next.enabled) client.enable();
      else client.disable();
    },
    stop() {
      for (const stop of stops) stop();
      over = true;
      for (const { gone } of [...under.breakwater, ...under.axios]) gone.abort();
      for (const gone of stockBeacons) gone.abort();
      client.close();
    },
  };
}
