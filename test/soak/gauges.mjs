// What this process holds: timers, sockets, listeners, memory.

import { subscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** @typedef {{ heap: number, buffers: number, timers: number, sockets: number, socketListeners: number, processListeners: number, signalListeners: number }} Reading */

const timers = countTimers();

/** Counts every timer created through the globals, unref'd ones included, until it fires or is cleared. */
function countTimers() {
  const live = new Set();
  const { setTimeout, clearTimeout } = globalThis;
  const counted = (/** @type {(...args: unknown[]) => void} */ run, /** @type {number} */ ms, /** @type {unknown[]} */ ...args) => {
    const timer = setTimeout(() => {
      live.delete(timer);
      run(...args);
    }, ms);
    live.add(timer);
    return timer;
  };
  const cleared = (/** @type {NodeJS.Timeout} */ timer) => {
    live.delete(timer);
    clearTimeout(timer);
  };
  Object.assign(globalThis, { setTimeout: counted, clearTimeout: cleared });
  return live;
}

/** @typedef {import('node:net').Socket & { _httpMessage?: { method: string, path: string } | null }} Socket */

/** @type {Set<Socket>} */
const sockets = new Set();
subscribe('net.client.socket', (message) => {
  const { socket } = /** @type {{ socket: Socket }} */ (message);
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});

setFlagsFromString('--expose-gc');
const gc = /** @type {() => void} */ (runInNewContext('gc'));

/** The sockets of this process according to the kernel or, on systems other than Linux, to Node. */
function socketsHeld() {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => isSocket(`/proc/self/fd/${fd}`)).length;
  } catch {
    return sockets.size;
  }
}

/** The sockets that Node reports, for a message: where they lead, and what for. */
export const socketsOpen = () =>
  [...sockets].map(
    ({ remotePort, connecting, writable, _httpMessage: of }) =>
      `to port ${remotePort ?? '?'}${connecting ? ', connecting' : ''}${writable ? '' : ', half closed'}${of ? `, for ${of.method} ${of.path}` : ''}`,
  );

function isSocket(/** @type {string} */ path) {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false; // closed meanwhile
  }
}

const listenersOf = (/** @type {import('node:events').EventEmitter} */ emitter) =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/**
 * Reads all gauges, after garbage collection.
 * @param {AbortSignal} shared The signal shared by calls.
 * @returns {Promise<Reading>}
 */
export async function read(shared) {
  for (let i = 0; i < 3; i++) {
    gc();
    await sleep(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  return {
    heap: heapUsed,
    buffers: external,
    timers: timers.size,
    sockets: socketsHeld(),
    socketListeners: Math.max(0, ...[...sockets].map(listenersOf)),
    processListeners: listenersOf(process),
    signalListeners: getEventListeners(shared, 'abort').length,
  };
}

/** How much y grows with x: the slope of the best-fitting line. @param {(readonly [x: number, y: number])[]} points */
export function slope(points) {
  const mean = (/** @type {0 | 1} */ i) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const across = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const along = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return along ? across / along : 0;
}
