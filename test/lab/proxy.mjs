// Proxies for HTTPS (through CONNECT) and plain HTTP: one that works, one that asks for credentials, one that refuses, one that is silent.

import http from 'node:http';
import { connect } from 'node:net';
import { serve } from './tracking.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Socket } from 'node:net' */
/** @import { TrackedUpstream } from './tracking.mjs' */
/** @import { Definition, Place } from './types.mjs' */

/** The credentials that `proxy-auth` asks for. */
export const PROXY_AUTH = { username: 'user', password: 'pass' };

const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n';

/** @typedef {{ tunnel: (req: IncomingMessage, socket: Socket, head: Buffer) => void, forward: (req: IncomingMessage, res: ServerResponse) => void }} Behaviour */

/** @param {Behaviour} behaviour */
function proxyUpstream({ tunnel, forward }) {
  return async (/** @type {Place} */ place) => {
    /** @type {TrackedUpstream} */
    let upstream;
    const server = http.createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (req, res) => {
      upstream.countRequest();
      forward(req, res);
    });
    server.on('connect', (req, socket, head) => {
      upstream.countRequest();
      socket.on('error', () => {}); // Node has removed its own handler
      tunnel(req, /** @type {Socket} */ (socket), head);
    });
    upstream = await serve(server, place);
    return upstream;
  };
}

/** @type {Behaviour} */
const working = {
  tunnel(req, socket, head) {
    const { hostname, port } = new URL(`http://${req.url}`);
    const target = connect({ host: hostname, port: Number(port || 80) }, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => {
      if (target.pending) socket.end(BAD_GATEWAY);
      else socket.destroy();
    });
    target.on('close', () => socket.destroySoon());
    socket.on('close', () => target.destroy());
  },
  forward(req, res) {
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = req.headers;
    const onward = http.request(req.url ?? '', { method: req.method ?? 'GET', headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => {
      if (res.headersSent) res.destroy();
      else res.writeHead(502).end();
    });
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  },
};

/**
 * @param {Behaviour} behaviour
 * @param {{ username: string, password: string }} auth
 * @returns {Behaviour}
 */
function guarded(behaviour, { username, password }) {
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const allowed = (/** @type {IncomingMessage} */ req) => req.headers['proxy-authorization'] === expected;
  const headers = { 'Proxy-Authenticate': 'Basic realm="lab"' };
  return {
    tunnel(req, socket, head) {
      if (allowed(req)) behaviour.tunnel(req, socket, head);
      else socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="lab"\r\nContent-Length: 0\r\n\r\n');
    },
    forward(req, res) {
      if (allowed(req)) behaviour.forward(req, res);
      else res.writeHead(407, headers).end();
    },
  };
}

/** @type {Definition[]} */
export const proxies = [
  {
    name: 'proxy-healthy',
    title: 'Healthy proxy',
    what: 'A proxy that works, to reach an HTTPS server through.',
    browser: false,
    expect: undefined,
    via: 'proxy',
    start: proxyUpstream(working),
  },
  {
    name: 'proxy-auth',
    title: 'Proxy with a password',
    what: 'A proxy that works for those who show the user name and the password, and answers 407 to others.',
    browser: false,
    expect: undefined,
    via: 'proxy',
    start: proxyUpstream(guarded(working, PROXY_AUTH)),
  },
  {
    name: 'proxy-silence',
    title: 'Proxy that stays silent',
    what: 'The proxy takes the connection and the request for a tunnel, and says nothing.',
    browser: false,
    expect: { limit: 'connect', phase: 'proxy', kind: 'connect' },
    via: 'proxy',
    start: proxyUpstream({
      tunnel: (_req, socket) => void socket.once('end', () => socket.end()).resume(),
      forward: (req) => void req.resume(),
    }),
  },
  {
    name: 'proxy-refuses',
    title: 'Proxy that refuses',
    what: 'The proxy answers 502 to every request for a tunnel: an error at once, not a timeout.',
    browser: false,
    expect: undefined,
    via: 'proxy',
    start: proxyUpstream({
      tunnel: (_req, socket) => socket.end(BAD_GATEWAY),
      forward: (_req, res) => void res.writeHead(502).end(),
    }),
  },
];
