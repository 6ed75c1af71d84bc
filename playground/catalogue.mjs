// The faults as the page shows them: in groups, each with its URLs and, if a browser cannot reach it, the reason.

import { FAULTS } from '../test/lab/index.mjs';

/** @import { Fault, Lab } from '../test/lab/types.mjs' */
/** @import { Lane } from './lanes.mjs' */

/**
 * @typedef {Fault & { group: string, why?: string, urls: Record<Lane, string> }} Entry `why` says why a browser cannot reach it.
 */

/** @type {Record<string, string[]>} */
const GROUPS = {
  Healthy: ['healthy', 'tls-healthy', 'big-download', 'flaky'],
  Connecting: ['black-hole', 'black-hole-first', 'dns-hang', 'tls-silence', 'refused'],
  'Waiting for headers': ['stall', 'header-drip', 'interim-drip', 'redirect-to-stall', 'redirect-loop-slow'],
  'Reading the body': ['body-stall', 'body-drip', 'slow-body', 'reset-mid-body'],
  Uploading: ['never-reads', 'early-413', 'slow-reader'],
  'Through a proxy': ['proxy-healthy', 'proxy-auth', 'proxy-silence', 'proxy-refuses'],
  'HTTP/2 and unix sockets': ['http2-healthy', 'http2-cleartext', 'http2-stall', 'http2-body-stall', 'unix-healthy', 'unix-stall'],
};

const REASONS = {
  lookup: 'a page cannot choose how a name is looked up',
  proxy: 'a page cannot choose its proxy',
  http2: 'browsers speak HTTP/2 only over certificates they trust',
  unix: 'a page cannot open a unix socket',
  certificate: 'browsers do not trust a certificate made a minute ago',
};

/**
 * @param {Record<Lane, Lab>} labs
 * @returns {Entry[]} In the order of the groups; what no group names comes last.
 */
export function catalogue(labs) {
  const named = Object.entries(GROUPS).flatMap(([group, names]) => names.map((name) => ({ group, name })));
  const rest = FAULTS.filter(({ name }) => !named.some((one) => one.name === name)).map(({ name }) => ({ group: 'More', name }));
  return [...named, ...rest].flatMap(({ group, name }) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (!fault) return [];
    const urls = { breakwater: labs.breakwater.url(name), axios: labs.axios.url(name) };
    return [{ ...fault, group, urls, ...(fault.browser ? {} : { why: REASONS[fault.via ?? 'certificate'] }) }];
  });
}
