// Calls that wait for a tunnel through a CONNECT proxy: whatever becomes of the one before them, each is held by its own limits, shows its
// own phases, and has its turn.
import type https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Client, ClientConfig } from '../bare';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { type Fate, type OwnProxy, startProxy } from './proxy-own';
import { attemptsOf, clients, GENEROUS, rejection, timesOut, trusting, until } from './support';

const unhandled = watchUnhandled();
const { client, close } = clients();
let lab: Lab;
let proxy: OwnProxy;
let httpsAgent: https.Agent;

beforeAll(async () => {
  lab = await startLab({ only: ['tls-healthy'] });
});
beforeEach(() => lab.upstream('tls-healthy').reset());
afterEach(async () => {
  await close();
  httpsAgent.destroy();
  await proxy.close();
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

const url = (path: string): string => lab.url('tls-healthy', path);

/** A client with so many connections, whose proxy deals so with the first CONNECT, the second, … */
async function through(fates: Fate[], maxSockets = 1, config: ClientConfig = {}): Promise<Client> {
  proxy = await startProxy((nth) => fates[nth - 1] ?? 'open');
  httpsAgent = trusting(lab, { maxSockets });
  return client({ retry: false, proxy: proxy.option, httpsAgent, timeout: { connect: 1_000, read: GENEROUS }, ...config });
}

/** Until the target has so many requests: as many tunnels stand, and the next call has to wait for one. */
const reached = (count: number): Promise<void> =>
  until(() => lab.upstream('tls-healthy').requests === count, `${count} requests are there`);

it('one whose tunnel is opened when another has ended runs into its own connect, not into the deadline', async () => {
  const api = await through(['open', 'silence']);
  const records = attemptsOf(api);
  const first = api.get(url('/delay/400'), { headers: { Connection: 'close' } });
  await reached(1);
  await timesOut(() => api.get(url('/second'), { timeout: { connect: 300 } }), {
    limit: 'connect',
    ms: 300,
    phase: 'proxy',
    kind: 'connect',
  });
  expect((await first).status).toBe(200);
  expect(records[0]?.timings).toMatchObject({ response: expect.any(Number), body: expect.any(Number) });
  expect(Object.keys(records[1]?.timings ?? {})).toEqual(['waiting', 'queue', 'tcp', 'proxy']);
  await until(() => proxy.sockets.size === 0, 'its tunnel is given up');
});

it.each(['timeout', 'abort'] as const)('one is not ended by the %s of that which waited for the answer before it', async (how) => {
  const api = await through([]);
  const records = attemptsOf(api);
  const controller = new AbortController();
  const first = rejection(api.get(url('/delay/60000'), how === 'timeout' ? { timeout: { read: 300 } } : { signal: controller.signal }));
  await reached(1);
  const second = api.post(url('/second'), 'body');
  await sleep(100);
  controller.abort();
  expect((await second).data).toMatchObject({ path: '/second', body: 'body' });
  expect(await first).toMatchObject({ code: how === 'timeout' ? 'ETIMEDOUT' : 'ERR_CANCELED' });
  expect(records[0]?.timings.response).toBeGreaterThan(0);
  expect(records[1]).toMatchObject({ outcome: 'success', reusedSocket: false });
  expect(Object.keys(records[1]?.timings ?? {})).toEqual(['waiting', 'queue', 'tcp', 'proxy', 'tls', 'send', 'response', 'body']);
});

it.each(['silence', 'refuse'] as const)('the third has its turn where the tunnel of the second meets with %s', async (fate) => {
  const api = await through(['open', fate]);
  const first = api.get(url('/delay/300'), { headers: { Connection: 'close' } });
  await reached(1);
  const second = rejection(api.get(url('/second')));
  const third = api.get(url('/third'));
  expect((await first).data.path).toBe('/delay/300');
  expect(await second).toMatchObject(fate === 'silence' ? { limit: 'connect', phase: 'proxy' } : { status: 502 });
  expect((await third).data.path).toBe('/third');
  expect(proxy.connects).toBe(3);
});

it('all of them have an answer where no tunnel comes about any more', async () => {
  const api = await through(['open', 'refuse', 'refuse', 'refuse']);
  const first = api.get(url('/delay/300'), { headers: { Connection: 'close' } });
  await reached(1);
  const others = await Promise.all([1, 2, 3].map(() => rejection(api.get(url('/other')))));
  expect(others).toMatchObject([{ status: 502 }, { status: 502 }, { status: 502 }]);
  expect((await first).status).toBe(200);
  expect((await api.get(url('/later'))).status).toBe(200);
});

it('one that gets a free connection meanwhile does not wait for its tunnel, which is given up', async () => {
  const api = await through(['open', 'open', 'silence'], 2, { timeout: { connect: GENEROUS, read: GENEROUS } });
  const records = attemptsOf(api);
  const closing = api.get(url('/delay/400'), { headers: { Connection: 'close' } });
  const staying = api.get(url('/delay/900'));
  await reached(2);
  const third = api.get(url('/delay/200'));
  await closing;
  await until(() => proxy.connects === 3, 'a tunnel is asked for in its place');
  await staying;
  expect((await third).status).toBe(200);
  expect(records.at(-1)).toMatchObject({ outcome: 'success', reusedSocket: true });
  expect(Object.keys(records.at(-1)?.timings ?? {})).toEqual(['waiting', 'queue', 'tcp', 'proxy', 'send', 'response', 'body']);
  await until(() => proxy.sockets.size === 1, 'the tunnel that nobody waits for is closed');
});

it('certificates that Node cannot read fail the call that has them, and nothing else', async () => {
  const api = await through([]);
  httpsAgent.options.cert = 'no certificate';
  expect(await rejection(api.get(url('/')))).toMatchObject({ isAxiosError: true, code: expect.stringMatching(/^ERR_OSSL/) });
  await until(() => proxy.sockets.size === 0, 'its tunnel is closed');
});

it('one for which many tunnels are begun, since many connections close, is no leak of listeners to Node', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const api = await through([...Array<Fate>(12).fill('open'), ...Array<Fate>(12).fill('silence')], 12);
  const held = new AbortController();
  const first = Array.from({ length: 12 }, () => rejection(api.get(url('/delay/10000'), { signal: held.signal })));
  await reached(12);
  const queued = rejection(api.get(url('/queued')));
  await sleep(50); // it has joined the queue
  held.abort();
  await Promise.all([queued, ...first]);
  process.off('warning', onWarning);
  expect(proxy.connects).toBeGreaterThan(22);
  expect(warnings).toEqual([]);
});
