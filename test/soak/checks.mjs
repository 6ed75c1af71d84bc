// What must hold whenever no call is in flight, and what must hold for the whole run at the end.

import { setTimeout as sleep } from 'node:timers/promises';
import { read, slope, socketsOpen } from './gauges.mjs';
import { held } from './lab.mjs';

/** @import { Reading } from './gauges.mjs' */
/** @import { Lab } from './lab.mjs' */
/** @import { Ledger } from './ledger.mjs' */
/** @import { Traffic } from './traffic.mjs' */

/** @typedef {Reading & { calls: number, endpoints: number, breakers: number, serverSide: number }} Row */

/** Timers that may exist with no call in flight: those of alerts, beacons, idle HTTP/2 sessions and fetch. */
const MOST_TIMERS = 10;
const MOST_ENDPOINTS = 201; // including one for all the rest
const MOST_BREAKERS = 1_000;
const MOST_BEACONS = 100;
/** Listeners on one idle socket: those of its agent and of Node, and one of the gauges. */
const MOST_SOCKET_LISTENERS = 20;
/** The two sides are not counted at the same moment: Node closes idle connections, and the kernel's table changes while it is read. */
const OFF_BY = 5;
/** Pools are fuller at some times than at others. */
const MORE_SOCKETS = 50;
const PATIENCE = 10_000; // ms for what is in flight to come to rest
/**
 * Growth that does not count, in bytes: the garbage collector's noise, whatever the size of the run, plus an allowance for each call. The
 * longer the run, the less a call may leave behind: 300 bytes in a run of 20 000, 10 in one of a million.
 */
const NOISE = 4_000_000;
const NOISE_PER_CALL = 4;
/** From this many calls on, the default, a run must have tried everything. */
const FULL_SIZE = 20_000;

/** The first two hold connections of their own; the others do not read, and so do not notice that theirs are gone. */
const NOT_COUNTED = ['black-hole', 'refused', 'early-413', 'never-reads'];

/** @param {Lab} lab */
async function connections(lab) {
  const open = Object.entries(await lab.open()).filter(([name]) => !NOT_COUNTED.includes(name));
  const differing = open.filter(([name, count]) => lab.at[name]?.port && Math.abs(held(lab.at[name].port) - count) > OFF_BY);
  return { serverSide: open.reduce((sum, [, count]) => sum + count, 0), differing, open: open.filter(([, count]) => count).join(' ') };
}

/** Waits for a condition, but goes on after a while. @param {() => boolean | Promise<boolean>} isSo */
async function until(isSo, ms = PATIENCE) {
  const end = performance.now() + ms;
  while (!(await isSo()) && performance.now() < end) await sleep(50);
}

/**
 * With no call in flight, nothing of the calls may be left.
 * @param {{ traffic: Traffic, ledger: Ledger, lab: Lab }} soak
 * @returns {Promise<Row>}
 */
export async function checkAtRest({ traffic, ledger, lab }) {
  const violated = ledger.violated.bind(ledger);
  await until(() => ledger.inProgress === 0 && traffic.reading === 0);
  if (traffic.reading) violated('a stream that does not end', `${traffic.reading}`);
  ledger.audit();
  let reading = await read(traffic.shared.signal);
  let { serverSide, differing } = await connections(lab);
  await until(async () => {
    reading = await read(traffic.shared.signal);
    ({ serverSide, differing } = await connections(lab));
    return reading.timers <= MOST_TIMERS && differing.length === 0;
  });
  for (const [name, count] of differing)
    violated('sockets that one side holds alone', `${name}: ${count} at the server, ${held(lab.at[name]?.port ?? 0)} here`);
  const endpoints = traffic.client.stats.list().length;
  const breakers = traffic.client.breakers.list().length;
  const { queued } = traffic.client.beacons.stats();
  const tokenListeners =
    /** @type {{ _listeners?: unknown[] | null }} */ (/** @type {unknown} */ (traffic.sharedToken.token))._listeners?.length ?? 0;
  const most = /** @type {const} */ ([
    ['timers', reading.timers, MOST_TIMERS],
    ['listeners on a socket', reading.socketListeners, MOST_SOCKET_LISTENERS],
    ['listeners on the signal that calls share', reading.signalListeners, 0],
    ['listeners on the token that calls share', tokenListeners, 0],
    ['endpoints in the statistics', endpoints, MOST_ENDPOINTS],
    ['breakers', breakers, MOST_BREAKERS],
    ['beacons that wait', queued, MOST_BEACONS],
  ]);
  for (const [what, is, limit] of most) if (is > limit) violated(`too many ${what}`, `${is}, where ${limit} may be`);
  return { ...reading, calls: ledger.begun, endpoints, breakers, serverSide };
}

/**
 * After the clients are closed, everything must be as before there were any.
 * @param {{ traffic: Traffic, ledger: Ledger, lab: Lab }} soak
 * @param {Reading} before
 */
export async function checkAfterwards({ traffic, ledger, lab }, before) {
  const grown = async () => {
    const after = await read(traffic.shared.signal);
    const names = /** @type {const} */ (['timers', 'sockets', 'processListeners', 'signalListeners']);
    return names.filter((name) => after[name] > before[name]).map((name) => `${name}: ${before[name]}, then ${after[name]}`);
  };
  await until(async () => (await grown()).length === 0 && (await connections(lab)).serverSide === 0);
  for (const what of await grown()) ledger.violated('left behind by clients that are closed', `${what} ${socketsOpen().join('; ')}`);
  const { serverSide, open } = await connections(lab);
  if (serverSide) ledger.violated('left behind by clients that are closed', `${serverSide} connections at the servers: ${open}`);
  const { sent, dropped, queued, inFlight } = traffic.client.beacons.stats();
  const accounted = sent + queued + inFlight + Object.values(dropped).reduce((sum, count) => sum + count, 0);
  if (accounted !== traffic.beacons.made) ledger.violated('beacons that are not accounted for', `${accounted} of ${traffic.beacons.made}`);
}

/** The whole run must have tried everything. @param {{ traffic: Traffic, ledger: Ledger }} soak */
export function checkTried({ traffic, ledger }) {
  if (ledger.begun < FULL_SIZE) return;
  for (const what of ledger.seen.missing()) ledger.violated(`not tried: ${what}`, `in ${ledger.begun} calls`);
  for (const { name, must = [] } of traffic.scenarios) {
    for (const ending of must)
      if (!ledger.endings.get(name)?.get(ending)) ledger.violated(`not tried: ${name}: ${ending}`, `in ${ledger.begun} calls`);
  }
}

/**
 * Over the whole run, nothing may grow with the number of calls.
 * @param {{ ledger: Ledger }} soak
 * @param {Row[]} rows
 * @returns {{ heapPerCall: number, buffersPerCall: number, socketsPerCall: number, most: number }} `most` is what a call may leave, in bytes.
 */
export function checkGrowth({ ledger }, rows) {
  const warm = rows.slice(Math.floor(rows.length / 3)); // during the first third, code is still being compiled
  const calls = (warm.at(-1)?.calls ?? 0) - (warm[0]?.calls ?? 0);
  const most = NOISE / Math.max(1, calls) + NOISE_PER_CALL;
  const perCall = (/** @type {'heap' | 'buffers' | 'sockets'} */ name) => slope(warm.map((row) => [row.calls, row[name]]));
  const [heapPerCall, buffersPerCall, socketsPerCall] = [perCall('heap'), perCall('buffers'), perCall('sockets')];
  if (heapPerCall > most) ledger.violated('the heap grows', `${heapPerCall.toFixed(1)} bytes a call, where ${most.toFixed(1)} may be`);
  if (buffersPerCall > most) ledger.violated('buffers grow', `${buffersPerCall.toFixed(1)} bytes a call, where ${most.toFixed(1)} may be`);
  if (socketsPerCall * calls > MORE_SOCKETS) ledger.violated('sockets grow', `${(socketsPerCall * 1_000).toFixed(1)} in 1 000 calls`);
  return { heapPerCall, buffersPerCall, socketsPerCall, most };
}
