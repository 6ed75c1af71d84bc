// What a caller in Node must pass to axios to meet a fault: the URL alone, or also a proxy, a lookup or a socket path.

import https from 'node:https';
import { PROXY_AUTH } from './proxy.mjs';

/** @import { Definition, Upstream } from './types.mjs' */

/**
 * @typedef {object} RequestConfig
 * @property {string} url
 * @property {'GET' | 'POST'} method
 * @property {Buffer} [data]
 * @property {false | { protocol: string, host: string, port: number, auth?: typeof PROXY_AUTH }} proxy
 * @property {NonNullable<import('axios').AxiosRequestConfig['lookup']>} [lookup]
 * @property {string} [socketPath]
 * @property {2} [httpVersion]
 * @property {{ ca: string }} [http2Options]
 * @property {https.Agent} [httpsAgent] Without keep-alive, so that there is nothing to close.
 */

/**
 * @param {Definition} fault
 * @param {Upstream} upstream
 * @param {{ ca: string, target: string }} lab `target` is the HTTPS URL to call through a proxy.
 * @returns {RequestConfig}
 */
export function requestFor(fault, upstream, { ca, target }) {
  const url = fault.via === 'proxy' ? target : upstream.url;
  return {
    url,
    method: fault.upload ? 'POST' : 'GET',
    ...(fault.upload ? { data: Buffer.alloc(fault.upload, '.') } : {}),
    proxy: fault.via === 'proxy' ? proxyOf(fault, upstream) : false,
    ...(fault.lookup ? { lookup: forAxios(fault.lookup) } : {}),
    ...(upstream.socketPath ? { socketPath: upstream.socketPath } : {}),
    ...(fault.via === 'http2' ? { httpVersion: 2, http2Options: { ca } } : {}),
    ...(url.startsWith('https:') && fault.via !== 'http2' ? { httpsAgent: new https.Agent({ ca }) } : {}),
  };
}

/**
 * @param {Definition} fault
 * @param {Upstream} upstream
 */
function proxyOf(fault, { host, port }) {
  return { protocol: 'http', host, port, ...(fault.name === 'proxy-auth' ? { auth: PROXY_AUTH } : {}) };
}

/** axios' type for a lookup is looser about its callback than Node's.
 * @param {import('./types.mjs').Lookup} lookup
 * @returns {NonNullable<import('axios').AxiosRequestConfig['lookup']>}
 */
const forAxios = (lookup) => /** @type {NonNullable<import('axios').AxiosRequestConfig['lookup']>} */ (/** @type {unknown} */ (lookup));
