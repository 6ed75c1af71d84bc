// Beacons at a steady rate, and a GET to the same server beside them. The browser and the Node backend share this file.

import { SNAPSHOTS, steadily } from './steady.mjs';

/** @import { BeaconEvent, BeaconStats } from 'breakwater' */

/** @typedef {{ rate: number }} Settings */

/**
 * @typedef {object} Snapshot
 * @property {BeaconStats} stats
 * @property {number} made
 * @property {(number | undefined)[]} gets Milliseconds of the last GETs; `undefined` for one that failed.
 * @property {{ at: number, type: 'beacon', record: BeaconEvent }[]} changes The latest last.
 */

export const GETS = 40;
const CHANGES = 8;

/** Short pauses, so that it plays in seconds. */
const CONFIG = {
  retry: false,
  breaker: /** @type {const} */ (false),
  timeout: [500, 2_000],
  deadline: 3_000,
  beacons: { timeout: 1_500, stopFor: 5_000 },
};

/**
 * @param {Pick<typeof import('breakwater'), 'createClient'>} breakwater
 * @param {string} url
 * @param {Settings} first
 * @param {(snapshot: Snapshot) => void} show
 */
export function startBeacons({ createClient }, url, first, show) {
  const began = performance.now();
  const client = createClient(/** @type {import('breakwater').ClientConfig} */ (CONFIG));
  let settings = first;
  let made = 0;
  /** @type {Snapshot['gets']} */
  let gets = [];
  /** @type {Snapshot['changes']} */
  let changes = [];
  client.on('beacon', (record) => {
    changes = [...changes, { at: performance.now() - began, type: /** @type {const} */ ('beacon'), record }].slice(-CHANGES);
  });

  const beacon = () => client.beacon(`${url}/collect`, { event: 'view', number: ++made });

  async function get() {
    const startedAt = performance.now();
    const took = await client.get(`${url}/always`).then(
      () => performance.now() - startedAt,
      () => undefined,
    );
    gets = [...gets, took].slice(-GETS);
  }

  const stops = [
    steadily(() => settings.rate, beacon),
    steadily(() => 2, get),
    steadily(
      () => SNAPSHOTS,
      () => show({ stats: client.beacons.stats(), made, gets, changes }),
    ),
  ];

  return {
    /** @param {Settings} next */
    change(next) {
      settings = next;
    },
    stop() {
      for (const stop of stops) stop();
      client.close();
    },
  };
}
