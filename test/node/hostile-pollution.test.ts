// A polluted Object.prototype: names of our options and of our own fields on it change nothing of what a client sends, answers and tells.
// In a process of its own, for a test runner would not survive it.
import { expect, it } from 'vitest';
import { runScript } from './script';

/** Names of policies and their fields, of axios' options that we read, of what records and errors have. To each what would do most harm. */
const POLLUTION = `
  const fn = () => true;
  const evil = new Error('evil');
  return {
    retries: 9, baseDelay: 9, factor: 9, maxDelay: 1, jitter: 'none', maxRetryAfter: 1, budget: false, when: fn, ratio: 1, min: 99,
    failureRate: 0.01, window: 1, minCalls: 1, openFor: 1, maxOpenFor: 1, burst: false, slow: false, probes: 9, successesToClose: 9,
    isFailure: fn, mode: 'observe', after: 1, per: 'origin', rate: 1, interval: 1, concurrency: 1, maxQueue: 1, maxWait: 1,
    limiter: { consume() { throw evil; } }, whenUnavailable: 'refuse', use: fn, staleFor: 60_000, fallback: { use: fn },
    deadline: 1, retry: { retries: 9 }, breaker: { minCalls: 1, burst: false }, limit: { rate: 0.001 }, endpoint: 'evil', deadlineHeader: 'x-evil',
    propagateTrace: true, allowQueryValues: ['secret'], beacons: { maxBytes: 1 }, alerts: 5, total: 1,
    queue: 1, lookup: 1, tcp: 1, tls: 1, send: 1, read: 1, body: 1,
    adapter: fn, baseURL: 'http://evil.test', url: '/evil', params: { evil: 1 }, data: fn, method: 'DELETE', proxy: { host: '127.0.0.1', port: 1 },
    socketPath: '/evil', maxRedirects: 0, beforeRedirect: fn, sensitiveHeaders: ['x'], transformResponse: fn, validateStatus: fn,
    responseType: 'stream', httpVersion: 2, proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:1' }, allowAbsoluteUrls: false,
    cancelToken: { subscribe() {}, unsubscribe() {}, promise: Promise.resolve(), throwIfRequested() { throw evil; } },
    headers: { evil: '1' }, contentType: 'evil/evil', batch: true, size: 1, bytes: 1, format: 'lines', isJson: true, company: 'evil',
    status: 500, code: 'EVIL', config: { evil: 1 }, request: { evil: 1 }, attempt: 7, attempts: 7, ended: evil,
    error: evil, phase: 'evil', kind: 'evil', limitMs: 7, lag: 7, reusedSocket: true, outcome: 'evil', elapsed: 7, delay: 7, reason: 'evil',
    retryAfter: 7, traceId: 'evil', parentSpanId: 'evil', sampled: true, history: ['evil'], age: 7, remaining: 1, msBeforeNext: 7,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'retry-after': '9', date: 'Thu, 01 Jan 2026 09:00:00 GMT',
    done: true, hops: 9, publish: fn, hasSubscribers: true, env: { BREAKWATER: 'off' },
    serialize: () => 'evil=1', encode: () => 'evil', indexes: true, dots: true, metaTokens: false, visitor: fn, maxDepth: 1, paramsSerializer: () => 'evil=1',
    insecureHTTPParser: true, family: 6, maxBodyLength: 1, maxContentLength: 1,
    get: fn, set: fn, value: fn, writable: true, configurable: false,
  };`;

const SCRIPT = `
  const http = require('node:http');
  const POLLUTION = (() => {${POLLUTION}})();
  const pick = (from, ...names) => names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, from[name]]);

  const seen = [];
  const server = http.createServer((request, response) => {
    const raw = request.rawHeaders.filter((text) => !text.includes('127.0.0.1') && !/^\\d+$/.test(text));
    seen.push([request.method, request.url, ...raw].join(' '));
    const answer = (status, headers) => request.resume().on('end', () => response.writeHead(status, headers).end('{"a":1}'));
    if (request.url.startsWith('/503')) answer(503, {});
    else if (request.url.startsWith('/redirect')) answer(302, { location: '/ok' });
    else answer(200, { 'content-type': 'application/json' });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = 'http://127.0.0.1:' + server.address().port;

  async function use(client) {
    seen.length = 0;
    client.on('*', (type, event) => {
      const { id, startedAt, elapsed, timings, traceId, snapshot, delay, ...rest } = event;
      seen.push([type, JSON.stringify(rest), Object.hasOwn(event, 'traceId') && traceId.length].join(' '));
    });
    const go = (config) => client.request(config).then(
      ({ status, data, ...rest }) => void seen.push(JSON.stringify([status, data, Object.hasOwn(rest, 'fallback')])),
      (error) => void seen.push(JSON.stringify(pick(error, 'name', 'code', 'message', 'status', 'retryStopped', 'history').map(([, value]) => Array.isArray(value) ? value.length : value))),
    );
    await go({ url: base + '/ok/1?secret=1' });
    await go({ method: 'post', url: base + '/ok', data: { x: 1 } });
    await go({ url: base + '/ok', params: { a: [1, { b: 2 }], c: 'd e' } });
    await go({ url: base + '/ok?q=1', params: { a: [1, 2] }, paramsSerializer: { indexes: null } });
    await go({ url: base + '/ok', params: { a: [1, 2] }, paramsSerializer: { serialize: (params) => 'own=' + params.a.length } });
    await go({ url: base + '/ok', params: { a: 1 }, onDownloadProgress() {} });
    await go({ url: base + '/redirect' });
    await go({ url: base + '/503', retry: { retries: 1, baseDelay: 1, jitter: 'none' } });
    for (let i = 0; i < 3; i++) await go({ url: base + '/503', retry: false });
    await go({ url: base + '/ok', timeout: { read: 5_000 }, breaker: { burst: { minCalls: 30 } }, limit: { rate: 50 }, fallback: { staleFor: 1_000 } });
    seen.push(JSON.stringify([client.beacon(base + '/ok/beacon', { a: 1 }), await client.beacons.flush(5_000), client.beacons.stats()]));
    seen.push(JSON.stringify(client.breakers.list().map(({ since, retryAfter, ...rest }) => rest)));
    seen.push(JSON.stringify(client.stats.list().map(({ endpoint, calls, attempts }) => [endpoint, calls, attempts])));
    return seen.splice(0).map((line) => line.replaceAll(base, ''));
  }

  const MADE = {
    'a client that was there': () => createClient({ proxy: false }),
    'a new client': () => createClient({ proxy: false }),
    'a new view of an instance': () => protect(axios.create({ proxy: false })),
  };
  const clean = await use(createClient({ proxy: false }));
  async function changedBy(names) {
    const changed = [];
    for (const [what, make] of Object.entries(MADE)) {
      const early = what.endsWith('there') ? make() : undefined;
      for (const name of names) Object.defineProperty(Object.prototype, name, { __proto__: null, value: POLLUTION[name], configurable: true, writable: true, enumerable: false });
      const client = early ?? make();
      const lines = await use(client);
      await client.close();
      for (const name of names) delete Object.prototype[name];
      const other = lines.findIndex((line, i) => line !== clean[i]);
      if (other >= 0) changed.push(what + ': ' + lines[other] + ' instead of ' + clean[other]);
    }
    return changed;
  }
  const names = Object.keys(POLLUTION);
  const changed = await changedBy(names);
  // Which of them it was.
  if (changed.length) for (const name of names) for (const change of await changedBy([name])) changed.push(name + ', ' + change);
  console.log(JSON.stringify({ names: names.length, clean, changed }));
  server.closeAllConnections();
  server.close();`;

it('changes nothing', async () => {
  const { code, stdout, stderr } = await runScript(SCRIPT, '');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { names, clean, changed } = JSON.parse(stdout);
  expect(names).toBeGreaterThanOrEqual(98);
  expect(clean.length).toBeGreaterThan(25);
  expect(changed).toEqual([]);
}, 60_000);
