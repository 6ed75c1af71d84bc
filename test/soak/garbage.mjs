// A peer that speaks no HTTP, or bad HTTP; the path decides what it sends. It can also flap. Runs in the process of the lab.

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../lab/tracking.mjs';

/** @import { Socket } from 'node:net' */

const OK = 'HTTP/1.1 200 OK\r\n';
const GOOD = 'Content-Length: 4\r\n\r\ngood';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const LONG = 'x'.repeat(50_000);

/** Invalid heads: each ends the call, and the connection. */
const HEADS = [
  `${OK}X: ${LONG}\r\n${GOOD}`,
  `${OK}${'X-Many: 1\r\n'.repeat(3_000)}${GOOD}`,
  `HTTP/1.1 200 ${LONG}\r\n${GOOD}`,
  'SSH-2.0-OpenSSH_9.2p1\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  `HTTP/9.9 200 OK\r\n${GOOD}`,
  `HTTP/1.1 99 OK\r\n${GOOD}`,
  `HTTP/1.1 abc OK\r\n${GOOD}`,
  `${OK}X: a\rY: b\r\n${GOOD}`,
  `${OK}X: a\0b\r\n${GOOD}`,
  `${OK}X : a\r\n${GOOD}`,
  `${OK}Content-Length: 3\r\n${GOOD}`,
  `${OK}Content-Length: -1\r\n\r\ngood`,
  `${OK}Content-Length: 99999999999999999999\r\n\r\ngood`,
  `${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
];
/** Invalid bodies after a valid head. */
const BODIES = [
  `${CHUNKED}zz\r\n`,
  `${CHUNKED}FFFFFFFFFFFFFFFFF\r\n`,
  `${CHUNKED}-1\r\n`,
  `${CHUNKED}2\r\nabcdef\r\n0\r\n\r\n`,
  `${CHUNKED}2;${LONG}\r\nab\r\n0\r\n\r\n`,
  `${OK}Content-Encoding: gzip\r\n${GOOD}`,
];
/** Complete responses followed by data nobody asked for, which the next call on the connection must not get. */
const POISONED = [`${OK}${GOOD}${OK}Content-Length: 4\r\n\r\nevil`, `${OK}${GOOD}${LONG}`];
// After a second response without an end, Node 20 leaks the parser, and the request with it: nodejs/node#60025, fixed in 22.
if (Number.parseInt(process.versions.node, 10) >= 22) POISONED.push(`${OK}${GOOD}HTTP/1.1 500 Evil\r\n\r\n`);
/** Strange, but valid. */
const STRANGE = [`${OK}__proto__: a\r\nconstructor: b\r\ntoString: c\r\n${GOOD}`, `${OK}${'a:\r\n'.repeat(500)}${GOOD}`];
/** Where the peer ends the connection, or resets it. */
const CUT_SHORT = ['', 'HTTP/1.', `${OK}X: y`, `${OK}Content-Length: 10\r\n\r\ngood`, `${CHUNKED}10\r\ngood`, `${CHUNKED}4\r\ngood\r\n`];

/** How long it is healthy, and then unhealthy, in milliseconds. */
const FLAP = 2_000;

export const GARBAGE = { head: HEADS, body: BODIES, poisoned: POISONED, strange: STRANGE, end: CUT_SHORT, reset: CUT_SHORT };

/** @param {Socket} socket @param {string} head */
async function answer(socket, head) {
  const [, kind = '', n = ''] = /^\S+ \/(\w+)\/(\d+)/.exec(head) ?? [];
  if (kind === 'endless') {
    socket.write(`${OK}X: `);
    while (!socket.destroyed) {
      socket.write('x'.repeat(500));
      await sleep(1);
    }
    return;
  }
  const isWell = kind === 'good' || (kind === 'flapping' && Math.floor(performance.now() / FLAP) % 2);
  if (kind === 'flapping' && !isWell) return void socket.write(`HTTP/1.1 503 Flapping\r\n${GOOD}`);
  const said = isWell ? `${OK}${GOOD}` : GARBAGE[/** @type {keyof typeof GARBAGE} */ (kind)]?.[Number(n)];
  socket.write(said ?? 'what?\r\n\r\n', 'latin1');
  if (kind !== 'end' && kind !== 'reset') return;
  await sleep(10); // an immediate reset would discard what was sent
  if (kind === 'end') socket.end();
  else socket.resetAndDestroy();
}

export function startGarbage() {
  const server = createServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.startsWith('\x16')) socket.write('This is no TLS.\r\n'); // a TLS ClientHello
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        void answer(socket, text.slice(0, end));
        text = text.slice(end + 4);
      }
    });
  });
  return serve(server, { name: 'garbage', path: '/' });
}
