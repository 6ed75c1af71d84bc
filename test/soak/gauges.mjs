// What this process holds: timers, sockets, listeners, memory.

import { subscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** @typedef {{ heap: number, timers: number, sockets: number, socketListeners: number, processListeners: number, signalListeners: number }} Reading */

const timers = countTimers();

/** Every timer that is made by its global name, those that hold no process included, until it fires or is cleared. */
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

/** @type {Set<import('node:net').Socket>} */
const sockets = new Set();
subscribe('net.client.socket', (message) => {
  const { socket } = /** @type {{ socket: import('node:net').Socket }} */ (message);
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});

setFlagsFromString('--expose-gc');
const gc = /** @type {() => void} */ (runInNewContext('gc'));

/** Sockets that the kernel says are this process's; elsewhere than on Linux, those that Node tells of. */
function socketsHeld() {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => isSocket(`/proc/self/fd/${fd}`)).length;
  } catch {
    return sockets.size;
  }
}

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
 * Reads all, after the garbage is gone.
 * @param {AbortSignal} shared The signal that calls share.
 * @returns {Promise<Reading>}
 */
export async function read(shared) {
  for (let i = 0; i < 3; i++) {
    gc();
    await sleep(10);
  }
  return {
    heap: process.memoryUsage().heapUsed,
    timers: timers.size,
    sockets: socketsHeld(),
    socketListeners: Math.max(0, ...[...sockets].map(listenersOf)),
    processListeners: listenersOf(process),
    signalListeners: getEventListeners(shared, 'abort').length,
  };
}

/** Milliseconds between two looks at the event loop; what is later than another such is a stall. */
const BEAT = 20;

/** How long this process was kept from running since a moment: by so much anything may be late. */
export class Stalls {
  /** @type {{ at: number, ms: number }[]} */
  #latest = [];
  /** The longest, in milliseconds. */
  longest = 0;
  #expected = performance.now() + BEAT;
  #timer = setInterval(() => this.#beat(), BEAT);

  #beat() {
    const at = performance.now();
    const ms = at - this.#expected;
    this.#expected = at + BEAT;
    if (ms < BEAT) return;
    this.longest = Math.max(this.longest, ms);
    this.#latest.push({ at, ms });
    if (this.#latest.length > 200) this.#latest.shift();
  }

  /** Milliseconds, a stall that still goes on included. @param {number} moment */
  since(moment) {
    const going = Math.max(0, performance.now() - this.#expected);
    return this.#latest.reduce((sum, { at, ms }) => sum + (at > moment ? ms : 0), going);
  }

  stop() {
    clearInterval(this.#timer);
  }
}

/** How much y grows with x: the slope of the line that fits best. @param {(readonly [x: number, y: number])[]} points */
export function slope(points) {
  const mean = (/** @type {0 | 1} */ i) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const across = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const along = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return along ? across / along : 0;
}
