// The lab's types. Nothing here exists at run time.

/**
 * @typedef {object} Expectation What Breakwater reports in Node when the limit that suits the fault runs out.
 * @property {'connect' | 'send' | 'response' | 'read' | 'body' | 'total'} limit
 * @property {'lookup' | 'tcp' | 'proxy' | 'tls' | 'send' | 'response' | 'body'} phase
 * @property {'connect' | 'read' | 'write'} kind
 */

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {string} title Three to five words, for a menu.
 * @property {string} what One sentence for a newcomer.
 * @property {boolean} browser Whether a browser can reach it: it needs no lookup, proxy, unix socket or self-signed certificate.
 * @property {Expectation | undefined} expect Undefined if nothing times out: it succeeds, or fails with an error of its own.
 * @property {number} [upload] How many bytes to POST to meet the fault; a GET meets the others.
 * @property {'proxy' | 'lookup' | 'unix' | 'http2'} [via] What else a caller needs besides the URL: see `Lab.request`.
 */

/**
 * @typedef {object} Upstream
 * @property {string} name
 * @property {string} url
 * @property {number} port 0 on a unix socket.
 * @property {string} host
 * @property {string} [socketPath]
 * @property {number} connections TCP connections accepted since the start, or the last `reset()`.
 * @property {number} open Connections whose peer is still there.
 * @property {number} requests Requests read since the start, or the last `reset()`; CORS preflights are not counted.
 * @property {number} [preflights] CORS preflights, if the upstream speaks HTTP.
 * @property {(n?: number, ms?: number) => Promise<void>} closed Resolves when the peers of n connections accepted since the last `reset()`
 *   have closed them, even if the upstream does not read; rejects after `ms`.
 * @property {() => void} reset
 * @property {() => Promise<void>} close
 */

/** @typedef {Pick<import('node:dns').LookupAddress, 'address' | 'family'>} Address */

/** @typedef {(error: NodeJS.ErrnoException | null, address: string | Address[], family?: number) => void} LookupCallback */

/** @typedef {(hostname: string, options: { all?: boolean, family?: number | string }, callback: LookupCallback) => void} Lookup */

/** @typedef {{ name: string, path: string, host?: string | undefined, port?: number | undefined }} Place */

/**
 * @typedef {Fault & {
 *   path?: string,
 *   lookup?: Lookup,
 *   start: (place: Place) => Promise<Upstream>,
 * }} Definition A fault, and how to start it. `path` is what `lab.url(name)` points at.
 */

/**
 * @typedef {object} Lab
 * @property {(name: string, path?: string) => string} url The URL to call for that fault.
 * @property {string} ca PEM of the certificate to trust; empty if nothing with a certificate was started.
 * @property {(name: string) => Upstream} upstream
 * @property {Record<string, Lookup>} lookups The `lookup` to pass to axios, by fault.
 * @property {(name: string) => import('./request.mjs').RequestConfig} request An axios config that meets the fault in Node.
 * @property {() => Promise<void>} close Ends everything at once; idempotent.
 */

export {};
