// Kept-alive connections: nothing is connected, so `connect` is not armed; what went stale says so; what timed out is never reused.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isTimeout } from '../bare';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, rejection, timesOut, upstreamOf } from './support';

let lab: Lab;
/** One origin for all: `/stall` is never answered, `/half` is answered in part, the rest at once. */
let mixed: Upstream;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy'] });
  mixed = await upstreamOf(({ res, url }) => {
    if (url.pathname === '/half') res.writeHead(200, { 'Content-Length': 100 }).write('half');
    else if (url.pathname !== '/stall') res.end('ok');
  });
});
beforeEach(() => {
  mixed.reset();
  lab.upstream('healthy').reset();
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), mixed.close()]));

describe('a connection that has served before', () => {
  it('is used again without being connected: no connect limit applies, however small', async () => {
    const api = client();
    const records = attemptsOf(api);
    await api.get(mixed.url);
    await api.get(mixed.url, { timeout: { connect: 0.001, lookup: 0.001, tcp: 0.001, tls: 0.001 } });
    expect(mixed).toMatchObject({ connections: 1, requests: 2 });
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true]);
    expect(records[0]?.timings).toHaveProperty('tcp');
    expect(records[1]?.timings).not.toHaveProperty('tcp');
  });

  it('over TLS is used again without a handshake: no limit of one applies, however small', async () => {
    const { Agent } = await import('node:https');
    const httpsAgent = new Agent({ ca: lab.ca, keepAlive: true });
    const api = client({ httpsAgent });
    const records = attemptsOf(api);
    await api.get(lab.url('tls-healthy'));
    await api.get(lab.url('tls-healthy'), { timeout: { connect: 0.001, tls: 0.001 } });
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true]);
    expect(records[1]?.timings).not.toHaveProperty('tls');
    httpsAgent.destroy();
  });

  it('is held to all the other limits', async () => {
    const api = client({ timeout: { response: 200 } });
    await api.get(mixed.url);
    const error = await timesOut(() => api.get(`${mixed.url}stall`), { limit: 'response', ms: 200, phase: 'response', kind: 'read' });
    expect(error.reusedSocket).toBe(true);
    expect(mixed.connections).toBe(1);
    await mixed.closed();
  });

  it('keeps no limit of an earlier request while it idles', async () => {
    const api = client({ timeout: { read: 150, response: 150, body: 150, total: 150 } });
    await api.get(mixed.url);
    await sleep(500);
    await api.get(mixed.url);
    expect(mixed).toMatchObject({ connections: 1, requests: 2 });
  });

  it('reports a reset as what it is where the peer had closed it: stale, not slow', async () => {
    const api = client({ timeout: { read: 2_000 } });
    const records = attemptsOf(api);
    await api.get(lab.url('healthy', '/drop-next'));
    const error = await rejection(api.post(lab.url('healthy')));
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ isAxiosError: true, code: 'ECONNRESET', reusedSocket: true });
    expect(records).toMatchObject([
      { outcome: 'success', reusedSocket: false },
      { outcome: 'error', code: 'ECONNRESET', reusedSocket: true, timedOut: false },
    ]);
    // The stale one is gone; the next call has a connection of its own.
    expect((await api.get(lab.url('healthy'))).status).toBe(200);
  });

  it('that was closed while it idled is not used at all', async () => {
    const api = client();
    const records = attemptsOf(api);
    await api.get(lab.url('healthy', '/drop-idle'));
    await sleep(300);
    await api.get(lab.url('healthy'));
    expect(records.map(({ outcome, reusedSocket }) => ({ outcome, reusedSocket }))).toEqual([
      { outcome: 'success', reusedSocket: false },
      { outcome: 'success', reusedSocket: false },
    ]);
  });

  it('a reset on a new connection is not called stale', async () => {
    const error = await rejection(client().get(lab.url('healthy', '/reset')));
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(error).not.toHaveProperty('reusedSocket');
  });
});

describe('a connection that timed out', () => {
  it.each([
    { path: 'stall', limit: 'response', phase: 'response' },
    { path: 'half', limit: 'body', phase: 'body' },
  ] as const)('at /$path is closed, never given to the next call', async ({ path, limit, phase }) => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const api = client({ httpAgent, timeout: { [limit]: 200 } });
    await timesOut(() => api.get(`${mixed.url}${path}`), { limit, ms: 200, phase, kind: 'read' });
    await mixed.closed();
    expect((await api.get(mixed.url)).data).toBe('ok');
    expect(mixed).toMatchObject({ connections: 2, open: 1 });
    expect(Object.values(httpAgent.sockets).flat()).toEqual([]);
    expect(Object.values(httpAgent.freeSockets).flat()).toHaveLength(1);
    httpAgent.destroy();
  });
});

it('two clients share no connection, and closing one leaves the other its own', async () => {
  const [one, other] = [client(), client()];
  await one.get(mixed.url);
  await other.get(mixed.url);
  expect(mixed.connections).toBe(2);
  await one.close();
  await mixed.closed(1);
  await other.get(mixed.url);
  expect(mixed.connections).toBe(2);
});
