// Builds HTTP upstreams: one handler per fault, served over HTTP/1.1, HTTPS, HTTP/2 or a unix socket, always with permissive CORS.
// Preflights are answered here, so that no fault can hang one.

import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate } from './certificates.mjs';
import { serve } from './tracking.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Place } from './types.mjs' */
/** @import { TrackedUpstream } from './tracking.mjs' */

/** @typedef {{ req: IncomingMessage, res: ServerResponse, url: URL, upstream: TrackedUpstream }} Exchange */
/** @typedef {(exchange: Exchange) => void} Handler HTTP/2 requests come in the same shape (Node's compatibility API). */

export const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Allow-Methods': '*',
  'Access-Control-Expose-Headers': '*',
  'Timing-Allow-Origin': '*',
};

// Node's own server timeouts would end a fault before the caller does.
const PATIENT = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 };

/**
 * @param {Handler} handler
 * @param {{ protocol?: 'http' | 'https' | 'h2' | 'h2c' | 'unix', hostname?: string, onReset?: () => void }} [options]
 */
export function httpUpstream(handler, { protocol = 'http', hostname, onReset } = {}) {
  return async (/** @type {Place} */ place) => {
    /** @type {TrackedUpstream} */
    let upstream;
    const listener = (/** @type {IncomingMessage} */ req, /** @type {ServerResponse} */ res) => {
      for (const [name, value] of Object.entries(CORS)) res.setHeader(name, value);
      res.on('error', () => {});
      if (req.method === 'OPTIONS') {
        upstream.countPreflight();
        res.writeHead(204).end();
        return;
      }
      upstream.countRequest();
      handler({ req, res, url: new URL(req.url ?? '/', 'http://lab'), upstream });
    };
    const directory = protocol === 'unix' ? await mkdtemp(join(tmpdir(), 'lab-')) : undefined;
    upstream = await serve(await createServer(protocol, listener), {
      ...place,
      scheme: protocol === 'https' || protocol === 'h2' ? 'https' : 'http',
      ...(hostname ? { hostname } : {}),
      ...(onReset ? { onReset } : {}),
      ...(directory ? { socketPath: join(directory, 's'), onClose: () => rm(directory, { recursive: true, force: true }) } : {}),
    });
    return upstream;
  };
}

/**
 * @param {'http' | 'https' | 'h2' | 'h2c' | 'unix'} protocol
 * @param {(req: IncomingMessage, res: ServerResponse) => void} listener
 * @returns {Promise<import('node:net').Server>}
 */
async function createServer(protocol, listener) {
  // The compatibility API's request and response can do everything these handlers need.
  const compat = /** @type {(req: http2.Http2ServerRequest, res: http2.Http2ServerResponse) => void} */ (/** @type {unknown} */ (listener));
  if (protocol === 'h2') return http2.createSecureServer(await certificate(), compat);
  if (protocol === 'h2c') return http2.createServer(compat);
  if (protocol === 'https') return https.createServer({ ...PATIENT, ...(await certificate()) }, listener);
  return http.createServer(PATIENT, listener);
}

/**
 * Answers with JSON, at once.
 * @param {ServerResponse} res
 * @param {number} status
 * @param {unknown} value
 */
export function answer(res, status, value) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(`${JSON.stringify(value)}\n`);
}

/**
 * Runs `task` after ms, unless the emitter (a response, a socket) has closed by then.
 * @param {import('node:events').EventEmitter} emitter
 * @param {number} ms
 * @param {() => void} task
 */
export function after(emitter, ms, task) {
  const cancel = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    emitter.off('close', cancel);
    task();
  }, ms);
  emitter.once('close', cancel);
}

/**
 * Runs `task` every ms until the emitter (a response, a socket) closes.
 * @param {import('node:events').EventEmitter} emitter
 * @param {number} ms
 * @param {() => void} task
 */
export function every(emitter, ms, task) {
  const timer = setInterval(task, ms);
  emitter.once('close', () => clearInterval(timer));
}
