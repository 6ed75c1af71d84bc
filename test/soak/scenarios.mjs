// What can happen to a call, how often, and its possible outcomes. Hanging faults get short limits, so that many fit into a second.

import { GARBAGE } from './garbage.mjs';

/** @import { RequestConfig } from 'breakwater' */
/** @import { Ending } from './ledger.mjs' */
/** @import { Lab } from './lab.mjs' */
/** @import { Random } from './random.mjs' */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {number} weight
 * @property {readonly Ending[]} endings Its own; a call may also be aborted, limited, rejected by the breaker or time out.
 * @property {readonly Ending[]} [must] Those that must occur for the soak to have tried it.
 * @property {(random: Random, n: number) => RequestConfig} config
 * @property {boolean} [plain] Works with the fetch adapter as well.
 * @property {string} [answer] What the body must be, if not an echo.
 */

/** The percentage of calls with the client's own agents, as in most programs; the others bring their own. */
const OWN_AGENTS = 65;

const UPLOAD = Buffer.alloc(4 * 1024 * 1024, '.');

/** @typedef {Record<'http' | 'https' | 'narrow', import('node:http').Agent>} Agents `narrow` has one connection. */

/** @param {Lab} lab @param {Agents} agents @returns {Scenario[]} */
export function scenariosOf({ at, ca }, agents) {
  const url = (/** @type {string} */ name, path = '') => new URL(path, /** @type {import('./lab.mjs').Place} */ (at[name]).url).href;
  const hangs = (/** @type {Random} */ random) => ({ timeout: { total: random.int(30, 200) } });
  const http2 = /** @type {RequestConfig} */ ({ httpVersion: 2, http2Options: { ca } });
  const proxy = (/** @type {string} */ name) => ({
    proxy: { host: '127.0.0.1', port: /** @type {import('./lab.mjs').Place} */ (at[name]).port },
  });
  const unix = (/** @type {string} */ name) => ({ socketPath: /** @type {import('./lab.mjs').Place} */ (at[name]).socketPath });
  const redirect = (/** @type {string} */ to) => `/redirect?to=${encodeURIComponent(to)}`;
  const limit = (/** @type {Random} */ random, /** @type {string[]} */ ...names) => ({
    timeout: { [random.one(names)]: random.int(30, 200) },
  });
  const garbage = (/** @type {Random} */ random, /** @type {keyof typeof GARBAGE} */ kind) =>
    url('garbage', `/${kind}/${random.int(0, GARBAGE[kind].length - 1)}`);
  const silent = /** @type {const} */ ({ endings: ['timeout'], must: ['timeout'] });
  const broken = /** @type {const} */ ({ endings: ['network'], must: ['network'] });
  const healthy = /** @type {const} */ ({ endings: ['ok'], must: ['ok'] });

  /** @type {Scenario[]} */
  const all = [
    { name: 'get', weight: 34, ...healthy, plain: true, config: (_, n) => ({ url: url('healthy', `/get/${n}`) }) },
    {
      name: 'many endpoints',
      weight: 5,
      ...healthy,
      plain: true,
      config: (r) => ({ url: url('healthy', `/${r.letters(5)}/${r.letters(5)}`) }),
    },
    {
      name: 'post',
      weight: 8,
      ...healthy,
      plain: true,
      config: (r, n) => ({ url: url('healthy', '/post'), method: 'POST', data: { n, of: r.letters(200) } }),
    },
    { name: 'slow', weight: 4, ...healthy, config: (r) => ({ url: url('healthy', `/delay/${r.int(1, 60)}`) }) },
    { name: 'gzip', weight: 2, ...healthy, plain: true, config: () => ({ url: url('healthy', '/gzip') }) },
    {
      name: 'bytes',
      weight: 4,
      ...healthy,
      plain: true,
      config: (r) => ({ url: url('healthy', `/bytes/${r.int(1, 300_000)}`), responseType: 'arraybuffer' }),
    },
    { name: 'redirect', weight: 5, ...healthy, plain: true, config: () => ({ url: url('healthy', redirect('/landed')) }) },
    { name: 'redirect to HTTPS', weight: 2, ...healthy, config: () => ({ url: url('healthy', redirect(url('tls-healthy', '/there'))) }) },
    {
      name: 'redirect loop',
      weight: 1,
      ...broken,
      config: () => ({ url: url('healthy', redirect(redirect('/redirect'))), maxRedirects: 2 }),
    },
    { name: 'https', weight: 3, ...healthy, config: () => ({ url: url('tls-healthy', '/tls') }) },
    { name: 'HTTP/2', weight: 2, ...healthy, config: () => ({ url: url('http2-healthy', '/two'), ...http2 }) },
    { name: 'unix socket', weight: 2, ...healthy, config: () => ({ url: 'http://localhost/unix', ...unix('unix-healthy') }) },
    {
      name: 'through a proxy',
      weight: 1,
      ...healthy,
      config: () => ({ url: url('tls-healthy', '/tunnelled'), ...proxy('proxy-healthy') }),
    },
    {
      name: 'status',
      weight: 6,
      endings: ['http'],
      must: ['http'],
      plain: true,
      config: (r) => ({ url: url('healthy', `/status/${r.one([400, 404, 429, 500, 502, 503])}`) }),
    },
    {
      name: 'refused upload',
      weight: 0.1,
      endings: ['http', 'network'],
      must: ['http'],
      config: () => ({ url: url('early-413'), method: 'POST', data: UPLOAD }),
    },

    { name: 'reset', weight: 2, ...broken, config: () => ({ url: url('dropper', '/reset') }) },
    { name: 'dropped while idle', weight: 2, endings: ['ok', 'network'], config: () => ({ url: url('dropper', '/drop-idle') }) },
    { name: 'stale socket', weight: 2, endings: ['ok', 'network'], config: () => ({ url: url('dropper', '/drop-next') }) },
    { name: 'reset in the body', weight: 2, endings: ['network', 'http'], config: () => ({ url: url('reset-mid-body') }) },
    { name: 'refused', weight: 2, ...broken, config: () => ({ url: url('refused') }) },
    {
      name: 'proxy refuses',
      weight: 1,
      endings: ['http', 'network'],
      config: () => ({ url: url('tls-healthy'), ...proxy('proxy-refuses') }),
    },

    {
      name: 'flaps',
      weight: 5,
      endings: ['ok', 'http', 'stale'],
      must: ['ok', 'http', 'cut', 'stale'],
      answer: 'good',
      plain: true,
      config: (r) => ({
        url: url('garbage', '/flapping/0'),
        endpoint: 'flapping',
        ...(r.percent(20) ? { fallback: { staleFor: 5_000 } } : undefined),
      }),
    },

    { name: 'garbage for a head', weight: 1.5, ...broken, config: (r) => ({ url: garbage(r, 'head') }) },
    { name: 'garbage for a body', weight: 1, endings: ['network', 'http'], config: (r) => ({ url: garbage(r, 'body') }) },
    { name: 'ended by the peer', weight: 0.5, endings: ['network', 'http'], config: (r) => ({ url: garbage(r, 'end') }) },
    { name: 'reset by the peer', weight: 0.5, endings: ['network', 'http'], config: (r) => ({ url: garbage(r, 'reset') }) },
    { name: 'headers without an end', weight: 0.3, ...broken, config: () => ({ url: url('garbage', '/endless/0') }) },
    { name: 'garbage for TLS', weight: 0.5, ...broken, config: () => ({ url: url('garbage').replace('http:', 'https:') }) },
    { name: 'garbage for HTTP/2', weight: 0.5, ...broken, config: () => ({ url: url('garbage'), ...http2 }) },
    { name: 'garbage for a proxy', weight: 0.5, ...broken, config: () => ({ url: url('tls-healthy'), ...proxy('garbage') }) },
    {
      name: 'more than was asked for',
      weight: 1,
      endings: ['ok', 'network'],
      must: ['ok'],
      answer: 'good',
      config: (r) => ({ url: r.percent(50) ? garbage(r, 'poisoned') : url('garbage', '/good/0') }),
    },
    { name: 'strange headers', weight: 0.5, ...healthy, answer: 'good', config: (r) => ({ url: garbage(r, 'strange') }) },

    {
      name: 'no free connection',
      weight: 1,
      ...silent,
      config: (r) => ({ url: url('stall', '/queue'), httpAgent: agents.narrow, timeout: { queue: r.int(20, 100), read: r.int(50, 200) } }),
    },
    { name: 'stall', weight: 3, ...silent, plain: true, config: (r) => ({ url: url('stall'), timeout: { read: r.int(30, 200) } }) },
    { name: 'stalled post', weight: 1, ...silent, config: (r) => ({ url: url('stall'), method: 'POST', data: { a: 1 }, ...hangs(r) }) },
    { name: 'drip of headers', weight: 1, ...silent, config: (r) => ({ url: url('header-drip'), timeout: { response: r.int(30, 200) } }) },
    { name: 'drip of 1xx', weight: 1, ...silent, config: (r) => ({ url: url('interim-drip'), timeout: { response: r.int(30, 200) } }) },
    {
      name: 'redirect into silence',
      weight: 1,
      ...silent,
      config: (r) => ({ url: url('redirect-to-stall'), timeout: { read: r.int(30, 200) } }),
    },
    {
      name: 'silence in the body',
      weight: 2,
      ...silent,
      plain: true,
      config: (r) => ({ url: url('body-stall'), timeout: { read: r.int(30, 200) } }),
    },
    { name: 'drip of the body', weight: 1, ...silent, config: (r) => ({ url: url('body-drip'), timeout: { body: r.int(30, 200) } }) },
    { name: 'nobody there', weight: 1, ...silent, config: (r) => ({ url: url('black-hole'), ...limit(r, 'connect', 'tcp') }) },
    { name: 'no TLS', weight: 1, ...silent, config: (r) => ({ url: url('tls-silence'), ...limit(r, 'connect', 'tls') }) },
    {
      name: 'no lookup',
      weight: 1,
      ...silent,
      config: (r) => ({ url: url('dns-hang'), lookup: () => {}, ...limit(r, 'connect', 'lookup') }),
    },
    {
      name: 'silent proxy',
      weight: 0.5,
      ...silent,
      config: (r) => ({ url: url('tls-healthy'), ...proxy('proxy-silence'), ...limit(r, 'connect', 'proxy') }),
    },
    { name: 'HTTP/2 silence', weight: 1, ...silent, config: (r) => ({ url: url('http2-stall'), ...http2, ...hangs(r) }) },
    { name: 'HTTP/2 half a body', weight: 1, ...silent, config: (r) => ({ url: url('http2-body-stall'), ...http2, ...hangs(r) }) },
    { name: 'unix silence', weight: 1, ...silent, config: (r) => ({ url: 'http://localhost/', ...unix('unix-stall'), ...hangs(r) }) },
    {
      name: 'upload to nobody',
      weight: 0.1,
      ...silent,
      config: (r) => ({ url: url('never-reads'), method: 'POST', data: UPLOAD, timeout: { send: r.int(50, 200) } }),
    },
  ];
  return all.map((scenario) => ({
    ...scenario,
    config: (random, n) => ({
      ...(random.percent(OWN_AGENTS) ? undefined : { httpAgent: agents.http, httpsAgent: agents.https }),
      ...scenario.config(random, n),
    }),
  }));
}
