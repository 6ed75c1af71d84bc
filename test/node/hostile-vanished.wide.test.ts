// A peer that is gone without a word while its connection idles in the pool: the next call ends by its own limits, and nobody gets that connection again.
import http from 'node:http';
import https from 'node:https';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClientConfig, isTimeout, type RequestConfig } from '../bare';
import { type ForkedLab, forkLab, watchUnhandled } from './failures';
import { attemptsOf, clients, failure, GENEROUS, rejection, until } from './support';

const NAMES = ['healthy', 'tls-healthy', 'http2-healthy', 'http2-cleartext', 'proxy-healthy'];
const { client, close } = clients();
const unhandled = watchUnhandled();
let lab: ForkedLab;
let agents: { httpAgent: http.Agent; httpsAgent: https.Agent };

beforeAll(async () => {
  lab = await forkLab(...NAMES);
});
beforeEach(() => {
  const options = { keepAlive: true, maxSockets: 1, rejectUnauthorized: false };
  agents = { httpAgent: new http.Agent(options), httpsAgent: new https.Agent(options) };
});
afterEach(async () => {
  lab.thaw();
  await close();
  for (const agent of Object.values(agents)) agent.destroy();
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

const http2Options = { rejectUnauthorized: false };
const proxyOf = (url: string): ClientConfig['proxy'] => ({ protocol: 'http', host: '127.0.0.1', port: Number(new URL(url).port) });
const WAYS: [string, upstream: string, () => ClientConfig][] = [
  ['http', 'healthy', () => agents],
  ['http, through the adapter of axios', 'healthy', () => ({ ...agents, onDownloadProgress: () => {} })],
  ['https', 'tls-healthy', () => agents],
  ['a tunnel', 'tls-healthy', () => ({ ...agents, proxy: proxyOf(lab.url('proxy-healthy')) })],
  ['HTTP/2', 'http2-healthy', () => ({ httpVersion: 2, http2Options: { ...http2Options, sessionTimeout: 60_000 } })],
  ['HTTP/2 in clear', 'http2-cleartext', () => ({ httpVersion: 2, http2Options: { sessionTimeout: 60_000 } })],
];

/** No connection of this pool is in use, or waited for. */
const expectNoneHeld = (): Promise<void> =>
  until(() => Object.values(agents).every(({ sockets, requests }) => !Object.keys({ ...sockets, ...requests }).length), 'the pool is free');

describe.each(WAYS)('over %s', (_, upstream, config) => {
  it.each<[string, RequestConfig]>([
    ['read', { timeout: { read: 300 } }],
    ['response', { timeout: { read: false, response: 300 } }],
    ['total', { timeout: { read: false, total: 300 } }],
  ])('the next call ends by %s, and the one after it connects anew', async (limit, limits) => {
    const api = client(config());
    const told = attemptsOf(api);
    const url = lab.url(upstream);
    await api.get(url);
    lab.freeze();
    const error = await failure(api.get(url, limits));
    expect(error).toMatchObject({ limit, phase: 'response', kind: 'read', limitMs: 300, reusedSocket: true, safeToRetry: false });
    await expectNoneHeld();
    lab.thaw();
    expect((await api.get(url, { timeout: { read: GENEROUS } })).status).toBe(200);
    expect(told.map(({ outcome, reusedSocket }) => [outcome, reusedSocket])).toEqual([
      ['success', false],
      ['timeout', true],
      ['success', false],
    ]);
  });

  it('a new connection is no better: the kernel takes it, and nobody answers', async () => {
    const api = client({ ...config(), timeout: { connect: 300, read: 300 } });
    const told = attemptsOf(api);
    lab.freeze();
    const error = await failure(api.get(lab.url(upstream)));
    expect(['connect', 'read']).toContain(error.limit);
    await expectNoneHeld();
    lab.thaw();
    expect((await api.get(lab.url(upstream), { timeout: { connect: GENEROUS, read: GENEROUS } })).status).toBe(200);
    expect(told.map(({ outcome }) => outcome)).toEqual(['timeout', 'success']);
  });
});

it('many calls at once on connections that all have died: each ends by its own limit, and none is left', async () => {
  const httpAgent = new http.Agent({ keepAlive: true });
  const api = client({ httpAgent, timeout: { read: 300 } });
  const url = lab.url('healthy');
  await Promise.all(Array.from({ length: 10 }, () => api.get(lab.url('healthy', '/delay/50'), { timeout: { read: GENEROUS } })));
  lab.freeze();
  const errors = await Promise.all(Array.from({ length: 10 }, () => rejection(api.get(url))));
  expect(errors.every(isTimeout)).toBe(true);
  await until(() => !Object.keys({ ...httpAgent.sockets, ...httpAgent.freeSockets }).length, 'the pool is empty');
  lab.thaw();
  expect((await api.get(url, { timeout: { read: GENEROUS } })).status).toBe(200);
  httpAgent.destroy();
});

it('an upload to one that has died ends by send', async () => {
  const api = client({ ...agents, timeout: { send: 300 } });
  await api.get(lab.url('healthy'));
  lab.freeze();
  const error = await failure(api.post(lab.url('healthy'), Buffer.alloc(16 * 1024 * 1024)));
  expect(error).toMatchObject({ limit: 'send', phase: 'send', kind: 'write', reusedSocket: true });
  await expectNoneHeld();
});
