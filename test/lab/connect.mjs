// Faults before there is a connection: lookup, TCP and TLS.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { startBlackHole } from './black-hole.mjs';
import { healthy } from './healthy.mjs';
import { httpUpstream } from './http.mjs';
import { hangingLookup, lookupTo } from './lookup.mjs';
import { serve } from './tracking.mjs';

/** @import { Definition, Place, Upstream } from './types.mjs' */

/** @type {Definition[]} */
export const connectFaults = [
  {
    name: 'black-hole',
    title: 'Nobody takes the connection',
    what: 'Connection attempts are dropped without a word, as by a firewall or a dead machine.',
    browser: true,
    expect: { limit: 'connect', phase: 'tcp', kind: 'connect' },
    start: startBlackHole,
  },
  {
    name: 'black-hole-first',
    title: 'First of two addresses dead',
    what: 'The name has two addresses: the first drops connection attempts, the second is healthy.',
    browser: false,
    expect: undefined,
    via: 'lookup',
    lookup: lookupTo('127.0.0.1', '127.0.0.2'),
    start: startPair,
  },
  {
    name: 'dns-hang',
    title: 'Name lookup hangs',
    what: 'The lookup of the host name never returns, so nothing is even tried.',
    browser: false,
    expect: { limit: 'connect', phase: 'lookup', kind: 'connect' },
    via: 'lookup',
    lookup: hangingLookup,
    start: httpUpstream(healthy, { hostname: 'hang.lab.invalid' }),
  },
  {
    name: 'tls-silence',
    title: 'TLS handshake unanswered',
    what: 'The connection is taken, and the greeting that starts encryption gets no answer.',
    browser: true,
    expect: { limit: 'connect', phase: 'tls', kind: 'connect' },
    start: (place) =>
      serve(
        createServer((socket) => socket.resume()),
        { ...place, scheme: 'https' },
      ),
  },
  {
    name: 'refused',
    title: 'Connection refused',
    what: 'Nobody listens on the port: an error at once, not a timeout.',
    browser: true,
    expect: undefined,
    start: startRefused,
  },
];

/**
 * A black hole on one address and a healthy server on another, on the same port. Counts what reaches the healthy one.
 * @param {Place} place
 * @returns {Promise<Upstream>}
 */
async function startPair(place) {
  for (let tries = 0; ; tries += 1) {
    const hole = await startBlackHole({ ...place, host: '127.0.0.1' });
    try {
      const upstream = await httpUpstream(healthy, { hostname: 'two.lab.invalid' })({ ...place, host: '127.0.0.2', port: hole.port });
      const close = upstream.close;
      return Object.assign(upstream, { close: async () => void (await Promise.all([close(), hole.close()])) });
    } catch (error) {
      await hole.close();
      if (tries === 3) throw error; // the port may be taken on the second address, but not four times in a row
    }
  }
}

/**
 * A port that is the near end of an open connection: in use, so that nothing else can listen there, yet it refuses connections.
 * @param {Place} place
 * @returns {Promise<Upstream>}
 */
async function startRefused(place) {
  const server = createServer((socket) => socket.resume());
  const upstream = await serve(server, place);
  const holder = connect({ host: upstream.host, port: upstream.port });
  const accepted = once(server, 'connection');
  await once(holder, 'connect');
  await accepted;
  upstream.reset(); // so as not to count the holder
  const port = Number(holder.localPort);
  const close = async () => {
    holder.destroy();
    await upstream.close();
  };
  return {
    name: place.name,
    host: upstream.host,
    port,
    url: `http://${upstream.host}:${port}${place.path}`,
    connections: 0,
    requests: 0,
    open: 0,
    closed: () => Promise.reject(new Error(`${place.name}: accepts no connection, so none can be closed`)),
    reset() {},
    close,
  };
}
