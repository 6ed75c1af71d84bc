// Starts a server and counts what reaches it: connections, requests, and connections closed by their peers. Whether a peer has closed
// is looked up in the kernel as well, since an upstream that does not read never sees the end.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { portsOf } from './kernel.mjs';

/** @import { Server, Socket } from 'node:net' */
/** @import { Place, Upstream } from './types.mjs' */

const POLL = 20; // ms

/**
 * @typedef {Upstream & { hangUp(socket: Socket, how?: 'end' | 'reset'): void, countRequest(): void, countPreflight(): void }} TrackedUpstream
 *   `hangUp` closes the TCP connection under a socket, which may be one of TLS or HTTP/2.
 */

/**
 * @param {Server} server A net, tls, http, https or http2 server: all emit 'connection' with the TCP socket.
 * @param {Place & { scheme?: string, socketPath?: string, hostname?: string, onReset?: () => void, onClose?: () => unknown }} options
 * @returns {Promise<TrackedUpstream>}
 */
export async function serve(server, options) {
  const { name, path, scheme = 'http', socketPath, host = '127.0.0.1', port = 0, onReset, onClose } = options;
  /** @type {Set<Socket>} */
  const sockets = new Set();
  /** @type {Set<Socket>} */
  let watched = new Set(); // accepted since the last reset()
  let connections = 0;
  let requests = 0;
  let preflights = 0;
  let closedByPeer = 0;
  /** @type {Promise<void> | undefined} */
  let closing;

  server.on('connection', (/** @type {Socket} */ socket) => {
    connections += 1;
    void socket.remotePort; // makes Node cache it, since it can no longer be looked up after a reset
    sockets.add(socket);
    watched.add(socket);
    socket.on('error', () => {}); // peers that reset are to be expected here
    socket.once('close', () => {
      sockets.delete(socket);
      if (watched.delete(socket)) closedByPeer += 1;
    });
  });
  server.listen(socketPath ? { path: socketPath } : { host, port, backlog: 4096 });
  await once(server, 'listening');

  const address = server.address();
  const actualPort = typeof address === 'object' && address ? address.port : 0;
  const authority = socketPath ? 'localhost' : `${options.hostname ?? host}:${actualPort}`;

  return {
    name,
    host,
    port: actualPort,
    url: `${scheme}://${authority}${path}`,
    ...(socketPath ? { socketPath } : {}),
    get connections() {
      return connections;
    },
    get requests() {
      return requests;
    },
    get open() {
      return sockets.size - countGone(sockets);
    },
    get preflights() {
      return preflights;
    },
    countRequest() {
      requests += 1;
    },
    countPreflight() {
      preflights += 1;
    },
    hangUp(asked, how = 'end') {
      const port = asked.remotePort;
      const socket = sockets.has(asked) ? asked : [...sockets].find((one) => port !== undefined && one.remotePort === port);
      if (!socket) return;
      watched.delete(socket); // closed by us, not by the peer
      if (how === 'reset' && port !== undefined) socket.resetAndDestroy();
      else socket.destroy(); // a unix socket cannot be reset
    },
    async closed(n = 1, ms = 5_000) {
      const until = performance.now() + ms;
      while (closedByPeer + countGone(watched) < n) {
        if (closing) throw new Error(`${name}: the lab was closed while waiting for ${n} closed connections`);
        if (performance.now() > until) {
          throw new Error(`${name}: ${closedByPeer} of ${connections} connections closed by the peer after ${ms} ms, expected ${n}`);
        }
        await sleep(POLL);
      }
    },
    reset() {
      connections = requests = preflights = closedByPeer = 0;
      watched = new Set();
      onReset?.();
    },
    close() {
      closing ??= (async () => {
        const ended = once(server, 'close');
        server.close();
        for (const socket of sockets) socket.destroy();
        await ended;
        await onClose?.();
      })();
      return closing;
    },
  };
}

/**
 * How many of the sockets have lost their peer, even though we have not read that far.
 * @param {Set<Socket>} sockets
 */
function countGone(sockets) {
  const tcp = [...sockets].filter((socket) => socket.remotePort !== undefined);
  if (tcp.length === 0) return 0;
  const there = portsOf('connected');
  return there ? tcp.filter((socket) => !there.has(`${socket.remotePort}>${socket.localPort}`)).length : 0;
}
