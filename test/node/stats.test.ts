// Statistics of a real client: what is counted as what, and figures that are true.
import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Alert,
  type AttemptRecord,
  type Client,
  createClient,
  type EndpointStats,
  isTimeout,
  type Kind,
  protect,
  type RequestConfig,
  withDeadline,
} from '../../src/index';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { clients, rejection, until, upstreamOf } from './support';

let lab: Lab;
const { client, close } = clients();
const unhandled = watchUnhandled();
beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'body-stall', 'black-hole', 'never-reads', 'flaky'] });
});
afterEach(close);
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

const NONE: Record<Kind, number> = { queue: 0, connect: 0, write: 0, read: 0, unknown: 0 };

/** The only endpoint that the client has called. */
function only(api: Client): EndpointStats {
  const list = api.stats.list();
  expect(list).toHaveLength(1);
  const [stats] = list as [EndpointStats];
  const { series: _, ...figures } = stats; // its wall clock times may differ by a millisecond
  expect(api.stats.get(stats.endpoint)).toMatchObject(figures);
  return stats;
}

const name = (path: string): string => `GET ${new URL(lab.url('healthy')).origin}${path}`;

describe('statistics', () => {
  it('of nothing are none', () => {
    const api = client();
    expect(api.stats.list()).toEqual([]);
    expect(api.stats.get('GET http://nowhere.test/')).toBeUndefined();
  });

  it('count calls and attempts per endpoint, and are JSON', async () => {
    const api = client();
    for (const path of ['/users/1', '/users/2', '/users/3', '/orders']) await api.get(lab.url('healthy', path));
    await rejection(api.get(lab.url('healthy', '/status/500')));
    expect(api.stats.list().map(({ endpoint, calls, attempts }) => [endpoint, calls, attempts])).toEqual([
      [name('/users/:id'), 3, 3],
      [name('/orders'), 1, 1],
      [name('/status/:id'), 1, 1],
    ]);
    const users = api.stats.get(name('/users/:id'));
    expect(users).toMatchObject({ timeouts: NONE, timeoutRate: 0, recentTimeouts: [] });
    expect(users?.series).toHaveLength(66);
    expect(users?.series.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(3);
    expect(users).not.toHaveProperty('suggested');
    const list = api.stats.list();
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
  });

  it('are up to date where a handler looks at them', async () => {
    const api = client();
    const seen: unknown[] = [];
    api.on('attempt', ({ endpoint }) => seen.push(api.stats.get(endpoint)?.attempts));
    api.on('call', ({ endpoint }) => seen.push(api.stats.get(endpoint)?.calls));
    await api.get(lab.url('healthy'));
    expect(seen).toEqual([1, 1]);
  });

  it('count each retry as an attempt of the one call', async () => {
    lab.upstream('flaky').reset();
    const api = client({ retry: { retries: 2, baseDelay: 1 } });
    await api.get(lab.url('flaky'));
    expect(only(api)).toMatchObject({ calls: 1, attempts: 3, timeouts: NONE });
  });

  it('count each attempt that timed out', async () => {
    const api = client({ timeout: { read: 50 }, retry: { retries: 2, baseDelay: 1, budget: false } });
    await rejection(api.get(lab.url('stall')));
    const stats = only(api);
    expect(stats).toMatchObject({ calls: 1, attempts: 3, timeouts: { ...NONE, read: 3 }, timeoutRate: 1 });
    expect(stats.recentTimeouts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('know what the latest answers took', async () => {
    const api = client();
    await Promise.all(Array.from({ length: 20 }, () => api.get(lab.url('healthy', '/delay/100'))));
    const { p50, p95, p99, series } = only(api);
    expect(p50).toBeGreaterThanOrEqual(98); // within 2 %, of what cannot have been less
    expect(p50).toBeLessThan(3_000);
    expect(p95).toBeGreaterThanOrEqual(p50);
    expect(p99).toBeGreaterThanOrEqual(p95);
    const busy = series.filter(({ attempts }) => attempts);
    for (const { mean, max, startedAt } of busy) {
      expect(mean).toBeGreaterThanOrEqual(98);
      expect(max).toBeGreaterThanOrEqual(mean);
      expect(Math.abs(Date.now() - startedAt)).toBeLessThan(60_000);
    }
  });

  it('keep the latest 5 timeouts, oldest first', async () => {
    const api = client({ timeout: { read: 30 } });
    for (let i = 1; i <= 7; i++) await rejection(api.get(lab.url('stall', `/${i}?key=secret`)));
    const { recentTimeouts, timeouts } = only(api);
    expect(timeouts).toEqual({ ...NONE, read: 7 });
    expect(recentTimeouts.map(({ url }) => url)).toEqual([3, 4, 5, 6, 7].map((i) => lab.url('stall', `/${i}?key=REDACTED`)));
  });

  it('and alerts tell of timeouts as they were, whatever handlers do with the records', async () => {
    const api = client({ timeout: { read: 30 }, alerts: { frequent: { timeouts: 3, rate: 0.5 } } });
    const change = (record: Partial<AttemptRecord>): void => {
      Object.assign(record, { url: 'changed', endpoint: 'changed' });
      Object.assign(record.timings ?? {}, { response: -1 });
    };
    const alerts: Alert[] = [];
    api.on('alert', (alert) => alerts.push(structuredClone(alert)));
    api.on('attempt', change);
    api.on('timeout', change);
    api.on('*', (_, event) => change(event as Partial<AttemptRecord>));
    await rejection(api.post(lab.url('stall'), () => new Promise(() => {}), { deadline: 20 })); // before its first attempt
    for (let i = 0; i < 3; i++) await rejection(api.get(lab.url('stall')));
    const told = [...api.stats.list().flatMap(({ recentTimeouts }) => recentTimeouts), ...alerts.flatMap(({ recent }) => recent)];
    expect(told).toHaveLength(4 + 3);
    for (const { url, timings } of told) {
      expect(url).toBe(lab.url('stall'));
      expect(timings.response ?? 0).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('timeouts are counted by kind', () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  afterAll(() => agent.destroy());

  const KINDS: [kind: Kind, upstream: string, config: RequestConfig][] = [
    ['connect', 'black-hole', { timeout: { connect: 150 } }],
    ['read', 'stall', { timeout: { read: 50 } }],
    ['read', 'body-stall', { timeout: { read: 150 } }],
    ['write', 'never-reads', { timeout: { send: 300 }, method: 'POST', data: Buffer.alloc(8 * 1024 * 1024) }],
    ['unknown', 'stall', { timeout: { response: 100 }, adapter: 'fetch' }],
  ];
  it.each(KINDS)('%s (%s)', async (kind, upstream, config) => {
    const api = client();
    await rejection(api.request({ url: lab.url(upstream), ...config }));
    const stats = only(api);
    expect(stats).toMatchObject({ calls: 1, attempts: 1, timeouts: { ...NONE, [kind]: 1 }, timeoutRate: 1 });
    expect(stats.recentTimeouts).toMatchObject([{ kind, timedOut: true }]);
  });

  it('queue', async () => {
    const api = client({ httpAgent: agent });
    const working = api.get(lab.url('healthy', '/delay/600'), { endpoint: 'slow' });
    await rejection(api.get(lab.url('healthy'), { timeout: { queue: 100 }, endpoint: 'queued' }));
    await working;
    expect(api.stats.get('queued')).toMatchObject({ calls: 1, attempts: 1, timeouts: { ...NONE, queue: 1 } });
    expect(api.stats.get('slow')).toMatchObject({ calls: 1, attempts: 1, timeouts: NONE });
  });

  it('and the rate is theirs among the attempts', async () => {
    const api = client({ endpoint: 'all' });
    for (let i = 0; i < 6; i++) await api.get(lab.url('healthy'));
    for (let i = 0; i < 2; i++) await rejection(api.get(lab.url('stall'), { timeout: { read: 30 } }));
    expect(only(api)).toMatchObject({ calls: 8, attempts: 8, timeouts: { ...NONE, read: 2 }, timeoutRate: 0.25 });
  });
});

describe('what is no attempt', () => {
  it('a deadline that passed before the first is one timeout of the endpoint all the same', async () => {
    const api = client({ deadline: 50 });
    api.interceptors.request.use(() => new Promise(() => {}));
    await rejection(api.get(lab.url('healthy')));
    const stats = only(api);
    expect(stats).toMatchObject({ calls: 1, attempts: 1, timeouts: { ...NONE, unknown: 1 }, timeoutRate: 1 });
    expect(stats.recentTimeouts).toMatchObject([{ attempt: 0, limit: 'deadline' }]);
  });

  it('a deadline that was spent when the call began tells nothing of the endpoint', async () => {
    const api = client();
    await rejection(api.get(lab.url('healthy'), { deadline: new Date(0) }));
    await withDeadline(10, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await rejection(api.get(lab.url('healthy')));
    }).catch(() => {});
    await until(() => only(api).calls === 2, 'both calls are over');
    expect(only(api)).toMatchObject({ attempts: 0, timeouts: NONE, timeoutRate: 0, recentTimeouts: [] });
  });

  it("a timeout of another client's call, in an interceptor, is that one's", async () => {
    const tokens = client();
    const api = client();
    api.interceptors.request.use(async (config) => {
      await tokens.get(lab.url('stall'), { timeout: { read: 30 } });
      return config;
    });
    expect(isTimeout(await rejection(api.get(lab.url('healthy'))))).toBe(true);
    expect(only(api)).toMatchObject({ calls: 1, attempts: 0, timeouts: NONE, timeoutRate: 0 });
    expect(only(tokens)).toMatchObject({ calls: 1, attempts: 1, timeouts: { ...NONE, read: 1 } });
  });

  it('a deadline that passed in an attempt, or between two, is not counted twice', async () => {
    const api = client({ timeout: false });
    await rejection(api.get(lab.url('stall'), { endpoint: 'in', deadline: 300 }));
    expect(api.stats.get('in')).toMatchObject({ calls: 1, attempts: 1, timeouts: { ...NONE, read: 1 } });
    // A response interceptor that hangs: the attempt was good, and only the call came too late.
    api.interceptors.response.use(() => new Promise(() => {}));
    await rejection(api.get(lab.url('healthy'), { endpoint: 'after', deadline: 1_000 }));
    expect(api.stats.get('after')).toMatchObject({ calls: 1, attempts: 1, timeouts: NONE, timeoutRate: 0 });
  });

  it('a call that was canceled is a call', async () => {
    const api = client();
    const controller = new AbortController();
    const canceled = rejection(api.get(lab.url('stall'), { signal: controller.signal }));
    const upstream = lab.upstream('stall');
    const before = upstream.requests;
    await until(() => upstream.requests > before, 'the request is there');
    controller.abort();
    await canceled;
    await rejection(api.get(lab.url('stall'), { signal: AbortSignal.abort() }));
    expect(only(api)).toMatchObject({ calls: 2, attempts: 0, timeouts: NONE, timeoutRate: 0, p50: 0 });
  });

  it('a call that the breaker refused is a call', async () => {
    const api = client({ breaker: {} });
    await api.get(lab.url('healthy'));
    const release = api.breakers.open(only(api).endpoint);
    for (let i = 0; i < 3; i++) expect(await rejection(api.get(lab.url('healthy')))).toMatchObject({ code: 'EBREAKEROPEN' });
    release();
    expect(only(api)).toMatchObject({ calls: 4, attempts: 1, timeouts: NONE });
  });

  it('a call that a limit refused is a call', async () => {
    const api = client({ limit: { rate: 1, interval: 60_000 } });
    await api.get(lab.url('healthy'));
    expect(await rejection(api.get(lab.url('healthy')))).toMatchObject({ code: 'ELIMITED' });
    expect(only(api)).toMatchObject({ calls: 2, attempts: 1 });
  });

  it('a call with a bad option, or after close(), is none', async () => {
    const api = client();
    await rejection(api.get(lab.url('healthy'), { timeout: -1 }));
    await api.close();
    await rejection(api.get(lab.url('healthy')));
    expect(api.stats.list()).toEqual([]);
  });

  it('a call of a client that is switched off is not seen', async () => {
    const api = client();
    api.disable();
    await api.get(lab.url('healthy'));
    expect(api.stats.list()).toEqual([]);
    api.enable();
    await api.get(lab.url('healthy'));
    expect(only(api)).toMatchObject({ calls: 1, attempts: 1 });
  });
});

describe('each client has its own', () => {
  it('one made by create() too', async () => {
    const api = client({ endpoint: 'all' });
    const other = api.create();
    await api.get(lab.url('healthy'));
    await other.get(lab.url('healthy'));
    await other.get(lab.url('healthy'));
    expect([only(api).calls, only(other).calls]).toEqual([1, 2]);
    await other.close();
  });

  it('and a protected instance; with every policy at its default', async () => {
    const { default: axios } = await import('axios');
    const instance = axios.create({ proxy: false });
    const [one, other] = [protect(instance), protect(instance)];
    await one.get(lab.url('healthy'));
    await instance.get(lab.url('healthy')); // unprotected: unseen
    expect(only(one)).toMatchObject({ calls: 1, attempts: 1 });
    expect(other.stats.list()).toEqual([]);
    await Promise.all([one.close(), other.close()]);
    expect(only(one).calls).toBe(1); // what was measured outlives the client's end
  });
});

describe('limits are suggested', () => {
  /** So many calls, some at a time. */
  async function callTimes(api: Client, url: string, times: number, config: RequestConfig = {}): Promise<void> {
    const left = Array.from({ length: times }, () => url);
    const worker = async (): Promise<void> => {
      while (left.pop()) await api.get(url, config);
    };
    await Promise.all(Array.from({ length: 10 }, worker));
  }

  it('from 200 answers on; of connections nothing is known while they are kept alive', async () => {
    const api = client();
    await callTimes(api, lab.url('healthy'), 199);
    expect(only(api)).not.toHaveProperty('suggested');
    await api.get(lab.url('healthy'));
    const { suggested } = only(api);
    expect(suggested).toMatchObject({ sampleSize: 200 });
    expect(suggested?.connections).toBeLessThan(20);
    expect(suggested).not.toHaveProperty('connect');
    expect(suggested?.read).toBeGreaterThanOrEqual(500);
    expect(suggested?.read).toBeLessThan(20_000);
  });

  it('for connecting too, where connections are made', async () => {
    const httpAgent = new http.Agent({ keepAlive: false });
    const api = client({ httpAgent });
    await callTimes(api, lab.url('healthy'), 200);
    const { suggested } = only(api);
    expect(suggested).toMatchObject({ sampleSize: 200, connections: 200 });
    expect(suggested?.connect).toBeGreaterThanOrEqual(1_500);
    expect(suggested?.connect).toBeLessThan(20_000);
  });

  it('as twice what the slowest need, and no longer once that is not known', async () => {
    const slow = await upstreamOf(({ res }) => void setTimeout(() => res.end('{}'), 400));
    const api = createClient({ proxy: false, breaker: false, retry: false, endpoint: 'slow' });
    const stall = (): Promise<unknown> => rejection(api.get(lab.url('stall'), { timeout: { read: 30 } }));
    await Promise.all(Array.from({ length: 200 }, () => api.get(slow.url)));
    const { suggested } = only(api);
    await stall(); // one of 201 is no more than a hundredth
    const withOne = only(api).suggested;
    for (let i = 0; i < 2; i++) await stall();
    const withThree = only(api);
    await Promise.all([api.close(), slow.close()]);
    expect(suggested?.read).toBeGreaterThanOrEqual(780); // twice 400, within 2 %
    expect(withOne).toEqual(suggested);
    expect(withThree).not.toHaveProperty('suggested');
  });
});
