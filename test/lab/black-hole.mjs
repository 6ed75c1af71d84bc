// A black hole for connections: a listener whose accept queue is full and that never accepts, so the kernel drops every
// further SYN. No address outside this machine is needed: an "unroutable" one does connect behind some gateways.

import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { portsOf } from './kernel.mjs';

/** @import { Socket } from 'node:net' */
/** @import { Upstream } from './types.mjs' */

const HUNG_AFTER = 200; // ms; a handshake on loopback takes less than one
const MAX_QUEUE = 64;

/**
 * @param {{ host?: string | undefined, port?: number | undefined, name?: string, path?: string }} [place]
 * @returns {Promise<Upstream>} Its `connections` stay 0. `open` counts the callers that are waiting to connect, and `closed()` resolves
 *   once there are none: call it after the request, not before.
 */
export async function startBlackHole({ host = '127.0.0.1', port = 0, name = 'black-hole', path = '/' } = {}) {
  const worker = new Worker(new URL('./never-accepts.mjs', import.meta.url), { workerData: { host, port }, execArgv: [] });
  const [address] = await once(worker, 'message');
  /** @type {Socket[]} */
  const queue = [];
  /** @type {Promise<void> | undefined} */
  let closing;

  const close = () => {
    closing ??= (async () => {
      for (const socket of queue) socket.destroy();
      await worker.terminate();
    })();
    return closing;
  };
  const waiting = () => waitingFor(address.port)?.length ?? 0;

  try {
    await fill(queue, host, address.port);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    host,
    port: address.port,
    url: `http://${host}:${address.port}${path}`,
    connections: 0,
    requests: 0,
    get open() {
      return waiting();
    },
    async closed(_n = 1, ms = 5_000) {
      const until = performance.now() + ms;
      while (waiting() > 0) {
        if (performance.now() > until) throw new Error(`${name}: ${waiting()} callers still connecting after ${ms} ms`);
        await sleep(20);
      }
    },
    reset() {},
    close,
  };
}

/**
 * Fills the accept queue: connects until a connection hangs, which is the proof that it is full. A process that is busy, or slow to start
 * (Deno), may hear of a connection late, so the kernel is asked as well.
 * @param {Socket[]} queue
 * @param {string} host
 * @param {number} port
 */
async function fill(queue, host, port) {
  while (queue.length < MAX_QUEUE) {
    const socket = connect({ host, port });
    let isConnected = false;
    const connected = once(socket, 'connect').then(() => {
      isConnected = true;
    });
    do {
      await Promise.race([connected, sleep(HUNG_AFTER).then(() => nextTurn())]);
    } while (!isConnected && waitingFor(port)?.length === 0);
    if (!isConnected) {
      socket.destroy();
      return;
    }
    queue.push(socket);
  }
  throw new Error(`black hole: the accept queue of ${host}:${port} is not full after ${MAX_QUEUE} connections`);
}

/** Those that the kernel is connecting to a port; undefined if it does not tell. @param {number} port */
function waitingFor(port) {
  const connecting = portsOf('connecting');
  return connecting && [...connecting].filter((ports) => ports.endsWith(`>${port}`));
}
