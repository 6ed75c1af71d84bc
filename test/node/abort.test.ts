// The user's own abort stays axios' CanceledError in every phase, by signal and by token, and never meets a timeout in one call.
import { getEventListeners } from 'node:events';
import { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import axios, { type CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type CallRecord, type Client, createClient, isTimeout, type RequestConfig } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, GENEROUS, watchUnhandled } from './failures';
import { until, upstreamOf } from './support';

const AFTER = 80; // ms
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = (): Promise<never> => new Promise(() => {});

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let events: { attempt: AttemptRecord[]; call: CallRecord[]; timeout: AttemptRecord[] };
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'body-stall', 'black-hole', 'tls-silence', 'never-reads'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  for (const name of ['healthy', 'stall', 'body-stall', 'never-reads']) lab.upstream(name).reset();
  client = createClient({ timeout: { read: 5_000 }, proxy: false });
  events = { attempt: [], call: [], timeout: [] };
  client.on('attempt', (record) => events.attempt.push(record));
  client.on('call', (record) => events.call.push(record));
  client.on('timeout', (record) => events.timeout.push(record));
});
afterEach(() => client.close());

type Abort = Pick<RequestConfig, 'signal' | 'cancelToken'>;

/** The two ways to abort. */
const WAYS: [string, () => { given: Abort; abort: () => void }][] = [
  [
    'signal',
    () => {
      const controller = new AbortController();
      return { given: { signal: controller.signal }, abort: () => controller.abort() };
    },
  ],
  [
    'cancelToken',
    () => {
      const source = axios.CancelToken.source();
      return { given: { cancelToken: source.token }, abort: () => source.cancel() };
    },
  ],
];

/** Aborts after a while, and asserts what the caller and the events say. */
async function expectAbort(way: (typeof WAYS)[number][1], call: (given: Abort) => Promise<unknown>, attempts = 1): Promise<void> {
  const { given, abort } = way();
  let abortedAt = Infinity;
  setTimeout(() => {
    abortedAt = performance.now();
    abort();
  }, AFTER);
  const { error } = await failureOf(() => call(given));
  expect(performance.now()).toBeGreaterThanOrEqual(abortedAt);
  expect(performance.now() - abortedAt).toBeLessThan(GENEROUS);
  expect(axios.isCancel(error)).toBe(true);
  expect(isTimeout(error)).toBe(false);
  expect(error).toMatchObject({ code: 'ERR_CANCELED', name: 'CanceledError' });
  await sleep(20);
  expect(events.timeout).toEqual([]);
  expect(events.call).toMatchObject([{ outcome: 'canceled', code: 'ERR_CANCELED', timedOut: false, attempts }]);
  expect(events.attempt.map(({ outcome }) => outcome)).toEqual(attempts ? ['canceled'] : []);
}

describe.each(WAYS)("the user's abort by %s ends a call", (_name, way) => {
  it('in a request interceptor that hangs', async () => {
    client.interceptors.request.use(never);
    await expectAbort(way, (given) => client.get(lab.url('healthy'), given), 0);
    expect(lab.upstream('healthy').connections).toBe(0);
  });

  it('waiting for a connection of the pool', async () => {
    const { Agent } = await import('node:http');
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const other = createClient({ timeout: false, proxy: false, httpAgent });
    const busy = other.get(lab.url('healthy', '/delay/400'));
    await sleep(30);
    await expectAbort(way, (given) => client.get(lab.url('healthy'), { ...given, httpAgent }));
    expect(events.attempt[0]?.timings.queue).toBeGreaterThan(0);
    expect(Object.keys(httpAgent.requests)).toEqual([]);
    expect((await busy).status).toBe(200);
    await other.close();
    httpAgent.destroy();
  });

  it('in a lookup', async () => {
    await expectAbort(way, (given) => client.get('http://hang.test/', { ...given, lookup: () => {} }));
  });

  it('connecting', async () => {
    await expectAbort(way, (given) => client.get(lab.url('black-hole'), given));
    await lab.upstream('black-hole').closed();
  });

  it('in the TLS handshake', async () => {
    await expectAbort(way, (given) => client.get(lab.url('tls-silence'), given));
    await lab.upstream('tls-silence').closed(1);
    lab.upstream('tls-silence').reset();
  });

  it('sending', async () => {
    const { data } = lab.request('never-reads');
    await expectAbort(way, (given) => client.post(lab.url('never-reads'), data, given));
    await lab.upstream('never-reads').closed(1);
  });

  it('waiting for the answer', async () => {
    await expectAbort(way, (given) => client.get(lab.url('stall'), given));
    await lab.upstream('stall').closed(1);
  });

  it('in the body', async () => {
    await expectAbort(way, (given) => client.get(lab.url('body-stall'), given));
    await lab.upstream('body-stall').closed(1);
  });

  it('in a response interceptor that hangs', async () => {
    const { given, abort } = way();
    client.interceptors.response.use(() => {
      setTimeout(abort);
      return never();
    });
    const { error } = await failureOf(() => client.get(lab.url('healthy'), given));
    expect(axios.isCancel(error)).toBe(true);
    expect(events.call).toMatchObject([{ outcome: 'canceled' }]);
    expect(events.attempt).toMatchObject([{ outcome: 'success' }]); // the answer had come
  });

  it('in an adapter that ignores it', async () => {
    await expectAbort(way, (given) => client.get('http://nowhere.test/', { ...given, adapter: never }));
  });

  it("in axios' fetch adapter", async () => {
    await expectAbort(way, (given) => client.get(lab.url('stall'), { ...given, adapter: 'fetch' }));
    await lab.upstream('stall').closed(1);
  });

  it('before it began: no socket is opened', async () => {
    const { given, abort } = way();
    abort();
    const { error } = await failureOf(() => client.get(lab.url('healthy'), given));
    expect(axios.isCancel(error)).toBe(true);
    await sleep(50);
    expect(lab.upstream('healthy').connections).toBe(0);
    expect(events.call).toMatchObject([{ outcome: 'canceled', attempts: 0 }]);
    expect(events.attempt).toEqual([]);
    expect(events.timeout).toEqual([]);
  });

  it('on a stream that was handed out', async () => {
    const { given, abort } = way();
    const { data } = await client.get<Readable>(lab.url('body-stall'), { ...given, responseType: 'stream' });
    setTimeout(abort, AFTER);
    const { error } = await failureOf(async () => {
      for await (const _chunk of data);
    });
    expect(axios.isCancel(error)).toBe(true);
    await lab.upstream('body-stall').closed(1);
    expect(events.call).toMatchObject([{ outcome: 'success' }]); // it had its answer
    expect(events.attempt).toMatchObject([{ outcome: 'canceled' }]);
    expect(events.timeout).toEqual([]);
  });

  it.each<[what: string, by: (abort: Abort) => Abort]>([
    ['its caller has', (abort) => abort],
    ['an interceptor brought', (abort) => bringing(abort)],
  ])('that %s, on a stream of which all bytes are here: it frees its connection, and its reader hears of it', async (_, by) => {
    const peer = await upstreamOf(({ res, url }) => {
      if (url.pathname === '/packed') return void res.setHeader('Content-Encoding', 'gzip').end(PACKED);
      res.end('small');
    });
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const inUse = (): number => Object.values(httpAgent.sockets).flat().length;
    for (const path of ['small', 'packed']) {
      const { given, abort } = way();
      const { data } = await client.get<Readable>(`${peer.url}${path}`, { ...by(given), responseType: 'stream', httpAgent });
      await until(() => events.attempt.length === 1, 'the last byte is here');
      const failure = failureOf(async () => {
        for await (const _chunk of data) abort();
      });
      if (path === 'small') abort(); // before anything is read
      expect(axios.isCancel((await failure).error)).toBe(true);
      expect(data.destroyed).toBe(true);
      await until(() => inUse() === 0, 'its connection is free');
      expect(events.attempt.splice(0)).toMatchObject([{ outcome: 'success' }]);
    }
    expect((await client.get(peer.url, { httpAgent })).data).toBe('small');
    httpAgent.destroy();
    await peer.close();
  });

  it('is not listened for once a stream has been read', async () => {
    const { signal } = new AbortController();
    const { data } = await client.get<Readable>(lab.url('healthy'), { signal, responseType: 'stream' });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for await (const _chunk of data);
    await until(() => getEventListeners(signal, 'abort').length === 0, 'nobody listens');
  });

  it("on a stream of axios' fetch adapter", async () => {
    const { given, abort } = way();
    const config: RequestConfig = { ...given, adapter: 'fetch', responseType: 'stream' };
    const { data } = await client.get<ReadableStream<Uint8Array>>(lab.url('body-stall'), config);
    setTimeout(abort, AFTER);
    const { error } = await failureOf(async () => {
      for await (const _chunk of data as unknown as AsyncIterable<Uint8Array>);
    });
    expect(axios.isCancel(error)).toBe(true);
    await lab.upstream('body-stall').closed(1);
  });
});

/** Has an interceptor bring the abort. */
function bringing(abort: Abort): Abort {
  const id = client.interceptors.request.use((config) => {
    client.interceptors.request.eject(id);
    return Object.assign(config, abort);
  });
  return {};
}

/** Small on the network, and large to its reader. */
const PACKED = gzipSync(Buffer.alloc(20_000_000));

describe('an abort', () => {
  it('knows the request', async () => {
    setTimeout(() => controller.abort(), AFTER);
    const controller = new AbortController();
    const { error } = await failureOf(() => client.get(lab.url('stall'), { signal: controller.signal }));
    expect(axios.isCancel(error) && (error as CanceledError<unknown>).config?.url).toBe(lab.url('stall'));
  });

  it("gives a token's message on", async () => {
    const source = axios.CancelToken.source();
    setTimeout(() => source.cancel('changed my mind'), AFTER);
    const { error } = await failureOf(() => client.get(lab.url('stall'), { cancelToken: source.token }));
    expect(axios.isCancel(error) && error.message).toBe('changed my mind');
  });

  it('that an interceptor brought is heard as well', async () => {
    const controller = new AbortController();
    client.interceptors.request.use((config: InternalAxiosRequestConfig) => ({ ...config, signal: controller.signal }));
    setTimeout(() => controller.abort(), AFTER);
    const { error } = await failureOf(() => client.get(lab.url('stall')));
    expect(axios.isCancel(error)).toBe(true);
    await lab.upstream('stall').closed(1);
  });

  it('is heard after one that an interceptor brought, while what axios makes of that hangs', async () => {
    const [brought, own] = [new AbortController(), new AbortController()];
    client.interceptors.request.use((config) => Object.assign(config, { signal: brought.signal }));
    client.interceptors.response.use(undefined, never);
    const call = failureOf(() => client.get(lab.url('stall'), { signal: own.signal, deadline: false }));
    await sleep(AFTER);
    brought.abort();
    await sleep(AFTER);
    own.abort();
    expect((await call).error).toMatchObject({ code: 'ERR_CANCELED' });
  });

  it('after the call changes nothing', async () => {
    const controller = new AbortController();
    const { status } = await client.get(lab.url('healthy'), { signal: controller.signal });
    controller.abort();
    await sleep(20);
    expect(status).toBe(200);
    expect(events.attempt).toMatchObject([{ outcome: 'success' }]);
    expect(events.call).toMatchObject([{ outcome: 'success' }]);
  });

  it('does not close the connection of another call', async () => {
    const controller = new AbortController();
    const other = client.get(lab.url('healthy', '/delay/200'));
    const aborted = failureOf(() => client.get(lab.url('healthy', '/delay/5000'), { signal: controller.signal }));
    setTimeout(() => controller.abort(), AFTER);
    await aborted;
    expect((await other).status).toBe(200);
  });
});

describe('an abort that races a timeout', () => {
  // Both fall into the same moment; which comes first may differ from run to run, that both come may not.
  const OFFSETS = [-90, -20, -5, -2, -1, 0, 0, 0, 1, 2, 5, 20, 2_500]; // ms; the outer ones are no race, whatever the machine
  const LIMITS: [string, RequestConfig][] = [
    ['read', { timeout: { read: 100 } }],
    ['total', { timeout: 100 }],
    ['deadline', { timeout: false, deadline: 100 }],
  ];
  it.each(LIMITS)('ends a call once, as one or the other (%s)', async (limit, config) => {
    const results = await Promise.all(
      OFFSETS.map(async (offset) => {
        const seen = { call: 0, attempt: 0, timeout: 0 };
        const own = createClient({ proxy: false });
        const outcomes = new Set<string>();
        own.on('call', ({ outcome }) => outcomes.add(outcome) && seen.call++);
        own.on('attempt', ({ outcome }) => outcomes.add(outcome) && seen.attempt++);
        own.on('timeout', () => seen.timeout++);
        const controller = new AbortController();
        const aborting = setTimeout(() => controller.abort(), 100 + offset);
        const { error } = await failureOf(() => own.get(lab.url('stall'), { ...config, signal: controller.signal }));
        await sleep(60);
        clearTimeout(aborting);
        await own.close();
        return { error, seen, outcomes: [...outcomes] };
      }),
    );
    for (const { error, seen, outcomes } of results) {
      expect(isTimeout(error)).not.toBe(axios.isCancel(error));
      if (isTimeout(error)) expect(error.limit).toBe(limit);
      expect(seen).toEqual({ call: 1, attempt: 1, timeout: isTimeout(error) ? 1 : 0 });
      expect(outcomes).toEqual([isTimeout(error) ? 'timeout' : 'canceled']);
    }
    expect(results.some(({ error }) => axios.isCancel(error))).toBe(true);
    expect(results.some(({ error }) => isTimeout(error))).toBe(true);
  });
});
