// An upstream that can be switched while traffic runs: an API with a fault and, at /collect, an analytics collector.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { startBlackHole } from '../test/lab/black-hole.mjs';
import { CORS, every } from '../test/lab/http.mjs';
import { freePort } from '../test/setup/ports.mjs';

/** @import { ServerResponse } from 'node:http' */

/** @typedef {{ fault: string, strikes: 'orders' | 'all', collector: 'healthy' | 'hanging' }} State */
/** @typedef {Awaited<ReturnType<typeof startUpstream>>} Upstream */

const FAST = 30; // ms
const SLOW = 800; // ms; the client's timeout is longer, its breaker's `slow.after` shorter
const DRIP = 300; // ms between bytes; shorter than any limit on silence
const RETRY_AFTER = 2; // s

const ok = (/** @type {ServerResponse} */ res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');

/** @type {Record<string, (res: ServerResponse) => unknown>} */
const FAULTS = {
  healthy: (res) => setTimeout(ok, FAST, res),
  slow: (res) => setTimeout(ok, SLOW, res),
  hanging: () => {},
  dripping(res) {
    res.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    every(res, DRIP, () => res.write(' '));
  },
  'black-holed': () => {}, // no connection gets this far
  resetting: (res) => res.socket?.resetAndDestroy(),
  failing: (res) => res.writeHead(500).end(),
  throttling: (res) => res.writeHead(429, { 'Retry-After': RETRY_AFTER }).end(),
};

export async function startUpstream() {
  /** @type {State} */
  let state = { fault: 'healthy', strikes: 'orders', collector: 'healthy' };
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    req.resume();
    for (const [name, value] of Object.entries(CORS)) res.setHeader(name, value);
    if (req.method === 'OPTIONS') res.writeHead(204).end();
    else if (req.url === '/collect') state.collector === 'healthy' && res.writeHead(204).end();
    else if (state.strikes === 'all' || req.url?.startsWith('/orders')) FAULTS[state.fault]?.(res);
    else FAULTS.healthy?.(res);
  });
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  /** @type {Awaited<ReturnType<typeof startBlackHole>> | undefined} */
  let hole;

  /** Ends all connections and accepts no more. */
  async function sink() {
    await closeServer();
    hole = await startBlackHole({ port });
  }

  async function surface() {
    if (server.listening) return;
    await hole?.close();
    hole = undefined;
    await once(server.listen(port, '127.0.0.1'), 'listening');
  }

  async function closeServer() {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** @param {State} next */
  async function toState(next) {
    state = next;
    if (next.fault !== 'black-holed') await surface();
    else if (!hole) await sink();
  }

  let switched = Promise.resolve();

  return {
    url: `http://127.0.0.1:${port}`,
    /**
     * Requests that hang already go on hanging, as in real life.
     * @param {State} next
     */
    become(next) {
      if (!Object.hasOwn(FAULTS, next.fault)) throw new Error(`no such fault: ${next.fault}`);
      const done = switched.then(() => toState(next));
      switched = done.catch(() => {}); // a failed switch does not affect the next
      return done;
    },
    close: () => switched.then(() => Promise.all([closeServer(), hole?.close()])),
  };
}
