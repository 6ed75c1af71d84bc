// A page whose globals are missing, or whose Object.prototype is polluted: a client does there what it does in a whole one.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { inRealm } from './realm';

const lab = inject('lab');

/** A bit of everything; tells what came of it. */
const USE = `
  const { createClient, withDeadline } = library;
  const lab = ${JSON.stringify(lab)};
  const at = (path) => new URL(path, lab.healthy).href;
  const client = createClient({ retry: { baseDelay: 1, jitter: 'none' }, limit: { rate: 1_000, concurrency: 5, maxQueue: 5 }, propagateTrace: true });
  const told = Object.create(null);
  client.on('*', (type) => { told[type] = (told[type] || 0) + 1; });
  const end = (work) => work.then((response) => [response.status, pick(response.data, 'method', 'body'), pick(response, 'fallback')].join(), (error) => pick(error, 'name', 'code', 'limit'));
  const pick = (from, ...names) => names.map((name) => (name === 'name' || Object.hasOwn(from, name) ? from[name] : '')).join();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const ends = [];
  for (const adapter of ['fetch', 'xhr']) {
    ends.push(
      await end(client.get(at('/ok'), { adapter })),
      await end(client.post(at('/ok'), { a: 1 }, { adapter })),
      await end(client.get(at('/ok'), { adapter, params: { a: [1, 2] } })),
      await end(client.get(at('/status/503'), { adapter, retry: { retries: 1 } })),
      await end(client.get(lab.stall, { adapter, timeout: 100 })),
      await end(client.get(lab.stall, { adapter, timeout: false, deadline: 100 })),
      await end(client.get(lab['reset-mid-body'], { adapter, retry: false })),
      await end(client.get(at('/status/503'), { adapter, retry: false, fallback: { value: { method: 'none' } } })),
    );
  }
  ends.push(await end(client.get(lab.stall, { signal: controller.signal })));
  ends.push(await end(withDeadline(100, (deadline) => client.get(lab.stall, { deadline }))));
  const release = client.breakers.open('held');
  ends.push(await end(client.get(at('/ok'), { endpoint: 'held' })));
  release();
  client.disable();
  ends.push(await end(client.get(at('/ok'), { limit: { rate: 0.001 } })));
  client.enable();
  const beacon = [client.beacon(at('/ok'), { a: 1 }), await client.beacons.flush(5_000), client.beacons.stats().sent, client.beacon(at('/ok'), 'b', { batch: true })];
  window.dispatchEvent(new Event('pagehide'));
  const endpoints = client.stats.list().map(({ endpoint, calls, attempts }) => [endpoint, calls, attempts].join());
  await client.close();
  return { ends, beacon, endpoints, told };`;

let whole: unknown;
beforeAll(async () => {
  whole = await inRealm('', USE);
});

it('in a whole page is what it is', () => {
  expect(whole).toMatchObject({ beacon: [true, true, 1, true] });
  const { ends } = whole as { ends: string[] };
  const each = [
    '200,GET,,',
    '200,POST,{"a":1},',
    '200,GET,,',
    'AxiosError,ERR_BAD_RESPONSE,',
    'TimeoutError,ETIMEDOUT,total',
    'TimeoutError,ETIMEDOUT,deadline',
    'AxiosError,ERR_NETWORK,',
    '200,none,,value',
  ];
  expect(ends).toEqual([
    ...each,
    ...each,
    'CanceledError,ERR_CANCELED,',
    'TimeoutError,ETIMEDOUT,deadline',
    'BreakerOpenError,EBREAKEROPEN,',
    '200,GET,,',
  ]);
});

describe.concurrent('without', () => {
  it.each([
    ['AbortSignal.any and AbortSignal.timeout', 'delete AbortSignal.any; delete AbortSignal.timeout;'],
    ['structuredClone', 'delete window.structuredClone;'],
    ['sendBeacon', 'delete Navigator.prototype.sendBeacon;'],
    ['navigator', 'Object.defineProperty(window, "navigator", { value: undefined, configurable: true });'],
    ['PerformanceObserver', 'delete window.PerformanceObserver;'],
    ['queueMicrotask', 'delete window.queueMicrotask;'],
    ['crypto', 'Object.defineProperty(window, "crypto", { value: undefined, configurable: true });'],
    ['MessageChannel and scheduler', 'delete window.MessageChannel; Object.defineProperty(window, "scheduler", { value: undefined });'],
    ['URL.canParse and URL.parse', 'delete URL.canParse; delete URL.parse;'],
    ['performance.mark and its kin', 'for (const name of ["mark", "measure", "getEntriesByName"]) delete Performance.prototype[name];'],
    [
      'prototypes that can be changed',
      'for (const of of [Response, Request, Headers, AbortSignal, ReadableStream]) Object.freeze(of.prototype);',
    ],
    [
      'intrinsics that can be changed once it is loaded',
      `const afterwards = () => {
        for (const of of [Object, Function, Array, Promise, Map, Set, WeakMap, Symbol, RegExp, Date, URL]) Object.freeze(Object.freeze(of).prototype);
      };`,
    ],
    [
      'a stackTraceLimit that can be set',
      'Object.defineProperty(Error, "stackTraceLimit", { get: () => 10, set() { throw new TypeError("not to be set"); } });',
    ],
    [
      'Array.fromAsync, Object.groupBy, Promise.withResolvers',
      'delete Array.fromAsync; delete Object.groupBy; delete Promise.withResolvers;',
    ],
  ])('%s is the same', async (_, prelude) => {
    // With nothing to hand it to, a beacon on a page that goes away may be dropped, and that is told of.
    expect(await inRealm(prelude, USE)).toMatchObject(whole as object);
  });

  it('TextEncoder goes on, if not by fetch with a body', async () => {
    const body = `const { status } = await library.createClient().get(${JSON.stringify(lab.healthy)}, { adapter: 'xhr' }); return status;`;
    expect(await inRealm('delete window.TextEncoder;', body)).toBe(200);
  });
});

it('with a fetch that is wrapped as zone.js does it, which changes the options where it is passed any, is the same', async () => {
  const prelude = `
    const { fetch } = window;
    window.fetch = function (...args) {
      const options = args.length > 1 ? args[1] : {};
      options.priority = 'low';
      return fetch.call(this, args[0], options);
    };`;
  expect(await inRealm(prelude, USE)).toEqual(whole);
});

const POLLUTION = `
  const evil = new Error('evil');
  const fn = () => true;
  const POLLUTION = {
    timeout: 1, total: 1, read: 1, connect: 1, deadline: 1, retry: { retries: 9 }, retries: 9, baseDelay: 9, budget: false, when: fn,
    breaker: { minCalls: 1 }, minCalls: 1, openFor: 1, burst: false, limit: { rate: 0.001 }, rate: 1, concurrency: 1, maxQueue: 1,
    limiter: { consume() { throw evil; } }, fallback: { use: fn }, use: fn, staleFor: 60_000, endpoint: 'evil', deadlineHeader: 'x-evil',
    propagateTrace: true, allowQueryValues: ['a'], beacons: { maxBytes: 1 }, alerts: 5, batch: true, format: 'lines',
    serialize: () => 'evil=1', encode: () => 'evil', indexes: true, dots: true, paramsSerializer: () => 'evil=1', params: { evil: 1 },
    data: fn, url: '/evil', baseURL: 'http://evil.test', method: 'DELETE', adapter: fn, headers: { evil: '1' }, responseType: 'blob',
    validateStatus: fn, transformResponse: fn, status: 500, code: 'EVIL', attempts: 7, ended: evil, error: evil, phase: 'evil', lag: 7,
    outcome: 'evil', retryAfter: 7, traceId: 'evil', history: ['evil'], onUploadProgress: fn, withXSRFToken: true, fetchOptions: { mode: 'no-cors' },
  };`;

/** What is in sight of `for ... in`, axios and the platform take for headers and parameters: only names that no one but us reads. */
const OURS = ['retry', 'retries', 'breaker', 'limit', 'rate', 'fallback', 'staleFor', 'deadline', 'endpoint', 'minCalls', 'propagateTrace'];

describe.concurrent('a polluted Object.prototype changes nothing:', () => {
  it.each([
    ['before the library is there', false, 'Object.keys(POLLUTION)', ''],
    ['afterwards', false, 'Object.keys(POLLUTION)', 'const afterwards = () =>'],
    ['so that for ... in shows it', true, JSON.stringify(OURS), 'const afterwards = () =>'],
  ])('%s', async (_, enumerable, names, when) => {
    const pollute = `${POLLUTION} ${when} ${names}.forEach((name) => {
      Object.defineProperty(Object.prototype, name, { value: POLLUTION[name], configurable: true, writable: true, enumerable: ${enumerable} });
    });`;
    expect(await inRealm(pollute, USE)).toEqual(whole);
  });
});
