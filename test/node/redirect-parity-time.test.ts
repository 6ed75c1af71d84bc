// What ends a redirected call before its time, and what its records tell.
import diagnostics from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient as full } from '../../src/index';
import { watchUnhandled } from './failures';
import { Site } from './redirect-parity-site';
import { type Observed, same } from './redirect-parity-support';
import { attemptsOf, clients, rejection, timesOut, until } from './support';

let site: Site;
let httpAgent: http.Agent;
let httpsAgent: https.Agent;
const { client, close } = clients();
const unhandled = watchUnhandled();

beforeAll(async () => {
  site = await Site.start();
});
beforeEach(() => {
  httpAgent = new http.Agent({ keepAlive: true });
  httpsAgent = new https.Agent({ keepAlive: true, ca: site.ca });
  site.onRequest = undefined;
});
afterEach(async () => {
  await close();
  httpAgent.destroy();
  httpsAgent.destroy();
  await until(() => site.sockets.size === 0, 'no connection is left');
});
afterAll(async () => {
  site.close();
  await unhandled.none();
});

const url = (path = '/first', origin: keyof Site['origins'] = 'a'): string => site.origins[origin] + path;
const busy = (): number => [httpAgent, httpsAgent].flatMap(({ sockets, requests }) => Object.values({ ...sockets, ...requests })).length;

/** Our own errors have no request. */
const withoutRequest = (observed: Observed): unknown => ({ ...observed, error: { ...observed.error, currentUrl: '' } });

describe("the caller's abort", () => {
  it.each([1, 2, 3])('while hop %i is silent is as axios has it', async (hop) => {
    const answers = [...Array(hop - 1).fill({ status: 307, to: '/next' }), { silent: true }];
    for (const config of [{}, { method: 'post', data: { a: 1 } }, { responseType: 'stream' as const }]) {
      const { seen, error } = await same(
        site,
        answers,
        () => {
          const controller = new AbortController();
          let requests = 0;
          site.onRequest = () => void (++requests === hop && controller.abort());
          return { url: url(), signal: controller.signal, ...config };
        },
        withoutRequest,
      );
      expect(seen).toHaveLength(hop);
      expect(error).toMatchObject({ code: 'ERR_CANCELED', name: 'CanceledError' });
    }
  });

  // Node tells of a response right before its request does.
  const moments: Record<string, (abort: () => void) => void> = {
    'before the answer is looked at': (abort) => abort(),
    'right after it': (abort) => process.nextTick(abort),
  };
  it.each(Object.keys(moments))('between two hops, %s, lets nothing more be sent', async (moment) => {
    const controller = new AbortController();
    const onResponse = (): void => moments[moment]?.(() => controller.abort());
    diagnostics.subscribe('http.client.response.finish', onResponse);
    site.begin([{ status: 307, to: url('/2', 'b') }]);
    const api = client({ httpAgent });
    const records = attemptsOf(api);
    try {
      expect(await rejection(api.post(url(), { a: 1 }, { signal: controller.signal }))).toMatchObject({ code: 'ERR_CANCELED' });
    } finally {
      diagnostics.unsubscribe('http.client.response.finish', onResponse);
    }
    await until(() => busy() === 0 && site.sockets.size === 0, 'its connections are gone');
    expect(site).toMatchObject({ connections: 1, seen: [{ server: 'a' }] });
    expect(records).toMatchObject([{ outcome: 'canceled' }]);
  });

  it('in beforeRedirect lets nothing more be sent', async () => {
    const controller = new AbortController();
    site.begin([{ status: 307, to: '/2' }]);
    const config = { httpAgent, signal: controller.signal, beforeRedirect: () => controller.abort() };
    expect(await rejection(client().get(url(), config))).toMatchObject({ code: 'ERR_CANCELED' });
    await until(() => busy() === 0 && site.sockets.size === 0, 'its connections are gone');
    expect(site).toMatchObject({ connections: 1, seen: [{ server: 'a' }] });
  });
});

describe('a limit', () => {
  const redirect = { status: 307, to: '/2' };

  it.each(['response', 'read', 'total'] as const)('%s runs out on a silent second hop: no status, not safe to repeat', async (limit) => {
    for (const config of [{}, { method: 'post', data: 'x' }] satisfies AxiosRequestConfig[]) {
      site.begin([redirect, { silent: true }]);
      const api = client({ httpAgent, timeout: { [limit]: 200 } });
      const records = attemptsOf(api);
      const error = await timesOut(() => api.request({ url: url(), ...config }), { limit, ms: 200, phase: 'response', kind: 'read' });
      expect(error.safeToRetry).toBe(false);
      expect(error.status).toBeUndefined();
      expect(records).toHaveLength(1);
      expect(records[0]).not.toHaveProperty('status');
      await until(() => busy() === 0, 'its connection is gone');
    }
  });

  it('of the deadline runs out on a second hop', async () => {
    site.begin([redirect, { silent: true }]);
    const api = client({ httpAgent });
    await timesOut(() => api.get(url(), { deadline: 200 }), { limit: 'deadline', ms: 200, phase: 'response', kind: 'read' });
    expect(site.seen).toHaveLength(2);
  });

  it('queue runs out where the second hop finds no free connection', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const api = client({ httpAgent: agent, timeout: { queue: 200 }, deadline: false });
    site.begin([{}, { silent: true }, { status: 307, to: url('/3', 'b') }]);
    await api.get(url('/warm'));
    const occupied = new AbortController();
    const holding = rejection(api.get(url('/hold', 'b'), { signal: occupied.signal }));
    await until(() => site.seen.length === 2, 'the other server is held');
    const error = await timesOut(() => api.get(url()), { limit: 'queue', ms: 200, phase: 'queue', kind: 'queue' });
    expect(site.seen).toHaveLength(3);
    // The first hop's was; the second had none yet.
    expect(error.reusedSocket).toBeUndefined();
    expect(error.safeToRetry).toBe(false);
    occupied.abort();
    await holding;
    agent.destroy();
  });
});

describe('a record', () => {
  it('adds the phases of all hops up', async () => {
    site.begin([{ status: 302, to: url('/2', 's'), after: 120 }, { status: 302, to: url('/3', 't'), after: 120 }, { after: 120 }]);
    const api = client({ httpAgent, httpsAgent });
    const records = attemptsOf(api);
    await api.get(url());
    const [{ timings, elapsed, status, outcome } = { timings: {}, elapsed: 0, status: 0, outcome: '' }] = records;
    expect({ status, outcome, attempts: records.length }).toEqual({ status: 200, outcome: 'success', attempts: 1 });
    expect(timings.response).toBeGreaterThan(330);
    expect(timings.tls).toBeGreaterThan(0);
    const sum = Object.values(timings).reduce((total, ms) => total + ms, 0);
    expect(sum).toBeLessThanOrEqual(elapsed + 1);
  });

  it('has reusedSocket of the last hop', async () => {
    const api = client({ httpAgent });
    const records = attemptsOf(api);
    const toB = { status: 302, to: url('/2', 'b') };
    site.begin([{}, toB, {}, toB, {}, {}]);
    await api.get(url());
    await api.get(url()); // the first hop has that connection, and closes it; the second has a new one
    await api.get(url()); // and now the other way round
    await api.get(url());
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, false, true, false]);
  });

  it('of a redirect that fails has no status', async () => {
    const api = client({ httpAgent });
    const records = attemptsOf(api);
    for (const to of ['http://127.0.0.1:1/', 'http://', '/loop']) {
      site.begin(Array(9).fill({ status: 302, to }));
      await rejection(api.get(url(), { maxRedirects: 3 }));
    }
    expect(records.filter((record) => 'status' in record)).toEqual([]);
    expect(records.map(({ outcome, code }) => ({ outcome, code }))).toEqual([
      { outcome: 'error', code: 'ECONNREFUSED' },
      { outcome: 'error', code: 'ERR_FR_REDIRECTION_FAILURE' },
      { outcome: 'error', code: 'ERR_FR_TOO_MANY_REDIRECTS' },
    ]);
  });
});

it('what fails between two hops leaves no connection behind', async () => {
  site.begin([{ status: 302, to: '/2' }]);
  let times = 0;
  const date = new Date(0);
  date.toISOString = () => {
    if (++times > 1) throw new Error('only once');
    return 'once';
  };
  const error = await rejection(client({ httpAgent }).get(url(), { params: { date } }));
  expect(error).toMatchObject({ message: 'only once' });
  await until(() => busy() === 0 && site.sockets.size === 0, 'its connection is gone');
});

describe('a repeat', () => {
  it('begins at the first hop, and is none where a POST was redirected', async () => {
    const api = full({ httpAgent, proxy: false, breaker: false, retry: { baseDelay: 1 } });
    const toB = { status: 307, to: url('/2', 'b') };
    site.begin([toB, { status: 503 }, toB, {}]);
    await api.get(url());
    expect(site.seen.map(({ server }) => server)).toEqual(['a', 'b', 'a', 'b']);
    site.begin([{ status: 303, to: 'http://127.0.0.1:1/' }]);
    expect(await rejection(api.post(url(), { a: 1 }))).toMatchObject({ code: 'ECONNREFUSED', retryStopped: 'unsafe' });
    expect(site.seen).toHaveLength(1);
    await api.close();
  });
});
