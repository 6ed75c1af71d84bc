// The pool has no connection to give: `queue` runs out on time although Node withholds the request's error, and nothing stays behind.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { attemptsOf, clients, timesOut, trusting } from './support';

let lab: Lab;
let httpAgent: http.Agent;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy'] });
});
beforeEach(() => {
  httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(async () => {
  httpAgent.destroy();
  await close();
});
afterAll(() => lab.close());

/** Longer than a limit with all that a blocked loop can add to it. */
const busy = '/delay/1500';

// Followed redirects and none take different ways through axios.
describe.each([{ maxRedirects: 5 }, { maxRedirects: 0 }])('with maxRedirects $maxRedirects', ({ maxRedirects }) => {
  it.each(['queue', 'total'] as const)('waiting for a free connection runs into %s, and leaves the queue', async (limit) => {
    const upstream = lab.upstream('healthy');
    upstream.reset();
    const api = client({ httpAgent, maxRedirects, timeout: { [limit]: 250 } });
    const records = attemptsOf(api);
    const working = api.get(lab.url('healthy', busy), { timeout: false });
    const error = await timesOut(() => api.get(lab.url('healthy', '/queued')), { limit, ms: 250, phase: 'queue', kind: 'queue' });
    expect(error.safeToRetry).toBe(true);
    expect(error.reusedSocket).toBeUndefined();
    expect(error.message).toContain('waiting for a free connection');
    expect(Object.keys(httpAgent.requests)).toEqual([]);
    // The request that had the connection is unharmed, and the next ones get it.
    expect((await working).data.path).toBe(busy);
    expect((await api.get(lab.url('healthy', '/next'))).data.path).toBe('/next');
    expect(upstream).toMatchObject({ connections: 1, requests: 2 });
    expect(records.map(({ outcome }) => outcome)).toEqual(['timeout', 'success', 'success']);
  });
});

it('a deadline ends the waiting as well', async () => {
  const api = client({ httpAgent });
  const working = api.get(lab.url('healthy', '/delay/1500'));
  const call = (): Promise<unknown> => api.get(lab.url('healthy'), { deadline: 200 });
  await timesOut(call, { limit: 'deadline', ms: 200, phase: 'queue', kind: 'queue' });
  expect(Object.keys(httpAgent.requests)).toEqual([]);
  expect((await working).status).toBe(200);
});

it('only those whose time is up leave the queue', async () => {
  const api = client({ httpAgent });
  const working = api.get(lab.url('healthy', '/delay/1500'));
  const waiting = [1, 2, 3].map((number) => api.get(lab.url('healthy', `/patient/${number}`)));
  const impatient = [200, 250, 300].map((ms) =>
    timesOut(() => api.get(lab.url('healthy'), { timeout: { queue: ms } }), { limit: 'queue', ms, phase: 'queue', kind: 'queue' }),
  );
  await Promise.all(impatient);
  expect(Object.values(httpAgent.requests).flat()).toHaveLength(3);
  expect((await Promise.all([working, ...waiting])).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(Object.keys(httpAgent.requests)).toEqual([]);
});

it('time in the queue is no part of connect, read or response', async () => {
  const api = client({ httpAgent, timeout: { connect: 300, read: 300, response: 300, send: 300 } });
  const records = attemptsOf(api);
  const working = api.get(lab.url('healthy', '/delay/700'), { timeout: false });
  expect((await api.get(lab.url('healthy'))).status).toBe(200);
  await working;
  expect(records.at(-1)?.timings.queue).toBeGreaterThan(300);
});

it('the wait for a response begins with the connection, not in the queue', async () => {
  const api = client({ httpAgent });
  const working = api.get(lab.url('healthy', '/delay/400'), { timeout: false });
  const error = await timesOut(() => api.get(lab.url('healthy', '/delay/3000'), { timeout: { response: 200 } }), {
    limit: 'response',
    ms: 200,
    phase: 'response',
    kind: 'read',
  });
  await working;
  expect(error.timings.queue).toBeGreaterThan(100);
  expect(error.elapsed).toBeGreaterThan(400);
});

it('is so for HTTPS, and for a limit on all sockets', async () => {
  const httpsAgent = trusting(lab, { maxSockets: 5, maxTotalSockets: 1 });
  const api = client({ httpsAgent });
  const working = api.get(lab.url('tls-healthy', '/delay/1200'));
  await sleep(100);
  await timesOut(() => api.get(lab.url('tls-healthy'), { timeout: { queue: 150 } }), {
    limit: 'queue',
    ms: 150,
    phase: 'queue',
    kind: 'queue',
  });
  expect(Object.keys(httpsAgent.requests)).toEqual([]);
  expect((await working).status).toBe(200);
  expect((await api.get(lab.url('tls-healthy'))).status).toBe(200);
  httpsAgent.destroy();
});

it('a redirect can be kept waiting as well', async () => {
  const api = client({ httpAgent });
  const port = lab.upstream('tls-healthy').port;
  const httpsAgent = trusting(lab, { maxSockets: 1 });
  const working = api.get(lab.url('tls-healthy', '/delay/1500'), { httpsAgent });
  await sleep(100);
  const to = encodeURIComponent(`https://127.0.0.1:${port}/`);
  const call = timesOut(() => api.get(lab.url('healthy', `/redirect?to=${to}`), { httpsAgent, timeout: { queue: 200 } }), {
    limit: 'queue',
    ms: 200,
    phase: 'queue',
    kind: 'queue',
  });
  // The first request was answered: what comes after it may not be sent again as if nothing had been.
  expect((await call).safeToRetry).toBe(false);
  expect(Object.keys(httpsAgent.requests)).toEqual([]);
  expect((await working).status).toBe(200);
  httpsAgent.destroy();
});
