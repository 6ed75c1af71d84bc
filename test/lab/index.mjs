// The fault lab: small named upstreams on loopback, each with one fault. Shared by tests, playground and benchmarks.

import { bodyFaults } from './body.mjs';
import { certificate } from './certificates.mjs';
import { connectFaults } from './connect.mjs';
import { healthyUpstreams } from './healthy.mjs';
import { protocols } from './protocols.mjs';
import { proxies } from './proxy.mjs';
import { requestFor } from './request.mjs';
import { responseFaults } from './response.mjs';
import { uploadFaults } from './upload.mjs';

/** @import { Definition, Fault, Lab, Lookup, Upstream } from './types.mjs' */

export { startBlackHole } from './black-hole.mjs';
export { failingLookup, hangingLookup, lookupTo } from './lookup.mjs';
export { PROXY_AUTH } from './proxy.mjs';

const DEFINITIONS = [...healthyUpstreams, ...connectFaults, ...responseFaults, ...bodyFaults, ...uploadFaults, ...proxies, ...protocols];

/** @type {Map<string, Definition>} */
const byName = new Map(DEFINITIONS.map((definition) => [definition.name, definition]));

/**
 * The catalogue of faults, without starting any. In the order of a call: connecting first, the body last.
 * @type {ReadonlyArray<Fault>}
 */
export const FAULTS = DEFINITIONS.map(({ start: _start, lookup: _lookup, path: _path, ...fault }) => Object.freeze(fault));

/**
 * @param {string} name
 * @returns {Definition}
 */
function define(name) {
  const definition = byName.get(name);
  if (!definition) throw new Error(`no fault is named '${name}'; there are ${[...byName.keys()].join(', ')}`);
  return definition;
}

/**
 * Starts one upstream, on a given address and port if need be.
 * @param {string} name
 * @param {{ host?: string, port?: number }} [place]
 * @returns {Promise<Upstream>}
 */
export async function startUpstream(name, place) {
  const { start, path = '/' } = define(name);
  return start({ ...place, name, path });
}

/**
 * Starts every upstream, or those named, on free ports of 127.0.0.1.
 * @param {{ only?: string[] }} [options]
 * @returns {Promise<Lab>}
 */
export async function startLab({ only } = {}) {
  const names = [...new Set(only ?? byName.keys())];
  for (const name of names) define(name);
  const started = await Promise.allSettled(names.map((name) => startUpstream(name)));
  /** @type {Map<string, Upstream>} */
  const upstreams = new Map();
  for (const result of started) {
    if (result.status === 'fulfilled') upstreams.set(result.value.name, result.value);
  }
  const close = async () => void (await Promise.all([...upstreams.values()].map((upstream) => upstream.close())));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }

  const secure = [...upstreams.values()].some((upstream) => upstream.url.startsWith('https:'));
  const ca = secure ? (await certificate()).cert : '';
  const upstream = (/** @type {string} */ name) => {
    const found = upstreams.get(name);
    if (!found) throw new Error(`'${name}' ${byName.has(name) ? 'was not started' : 'is no fault'}; started: ${names.join(', ')}`);
    return found;
  };
  /** @type {Record<string, Lookup>} */
  const lookups = {};
  for (const { name, lookup } of DEFINITIONS) if (lookup && upstreams.has(name)) lookups[name] = lookup;

  return {
    ca,
    lookups,
    upstream,
    close,
    url: (name, path) => (path === undefined ? upstream(name).url : new URL(path, upstream(name).url).href),
    request: (name) => {
      const target = upstreams.get('tls-healthy')?.url ?? 'https://target.lab.invalid/';
      return requestFor(define(name), upstream(name), { ca, target });
    },
  };
}
