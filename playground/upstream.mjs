// An upstream whose state is switched while traffic runs: healthy, slow, hanging, answering errors, or refusing connections.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { CORS } from '../test/lab/http.mjs';

/** @import { ServerResponse } from 'node:http' */

/** @typedef {Awaited<ReturnType<typeof startUpstream>>} Upstream */

const FAST = 30; // ms
const SLOW = 800; // ms; the traffic's timeout is longer, its breaker's `slow.after` shorter
const RETRY_AFTER = 2; // s

const ok = (/** @type {ServerResponse} */ res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');

/** @type {Record<string, (res: ServerResponse) => unknown>} */
const STATES = {
  healthy: (res) => setTimeout(ok, FAST, res),
  slow: (res) => setTimeout(ok, SLOW, res),
  hanging: () => {},
  unavailable: (res) => res.writeHead(503).end(),
  throttling: (res) => res.writeHead(429, { 'Retry-After': RETRY_AFTER }).end(),
  refusing: () => {}, // nobody gets this far
};

/** `/always` answers at once in every state in which anything does. */
export async function startUpstream() {
  let state = 'healthy';
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    req.resume();
    for (const [name, value] of Object.entries(CORS)) res.setHeader(name, value);
    if (req.method === 'OPTIONS') res.writeHead(204).end();
    else if (req.url === '/always') ok(res);
    else STATES[state]?.(res);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  async function close() {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  let switched = Promise.resolve();

  /** @param {string} next */
  async function toState(next) {
    state = next;
    if (next === 'refusing') await close();
    else if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening');
  }

  return {
    url: `http://127.0.0.1:${port}`,
    /** @param {string} next */
    become(next) {
      if (!Object.hasOwn(STATES, next)) throw new Error(`no such state: ${next}`);
      switched = switched.then(() => toState(next));
      return switched;
    },
    close: () => switched.then(close),
  };
}
