// BREAKWATER=off: the kill switch of a whole process, read at every call. And disable(), which is one client's. With every policy on there is.
import axios from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientConfig, createClient, isTimeout, protect, type RequestConfig } from '../../src';
import { after } from '../lab/http.mjs';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { rejection, until, upstreamOf } from './support';

/** All of it, and each so that it would be felt at the second call. */
const EVERYTHING: ClientConfig = {
  proxy: false,
  timeout: { connect: 60, read: 60, response: 60 },
  deadline: 60,
  retry: { retries: 3, baseDelay: 1, budget: false },
  breaker: { minCalls: 1, burst: { minCalls: 1 }, openFor: 60_000 },
  limit: { rate: 1, interval: 60_000, concurrency: 1, limiter: { consume: () => Promise.reject({ msBeforeNext: 60_000 }) } },
  fallback: { value: 'instead', staleFor: 60_000 },
  endpoint: 'everything',
  deadlineHeader: 'x-left',
  propagateTrace: true,
};

let lab: Lab;
/** `/later` is answered after 300 ms, `/never` not at all, `/503` with that, all else at once. Tells the headers it was sent. */
let server: Upstream;
let seen: (string | undefined)[];
let client: Client;
beforeAll(async () => {
  lab = await startLab({ only: ['stall', 'healthy', 'http2-healthy'] });
  server = await upstreamOf(({ req, res, url }) => {
    seen.push(`${req.headers['x-left']} ${req.headers.traceparent}`);
    const answer = (): void => void res.writeHead(url.pathname === '/503' ? 503 : 200).end('good');
    if (url.pathname === '/later') after(res, 300, answer);
    else if (url.pathname !== '/never') answer();
  });
});
beforeEach(() => {
  seen = [];
  server.reset();
  client = createClient(EVERYTHING);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await client.close();
});
afterAll(() => Promise.all([lab.close(), server.close()]));

const at = (path: string): string => new URL(path, server.url).href;
const told = (of: Client): string[] => {
  const types: string[] = [];
  of.on('*', (type) => void types.push(type));
  return types;
};

describe.each<[string, () => void, () => void]>([
  ['BREAKWATER=off', () => vi.stubEnv('BREAKWATER', 'off'), () => vi.unstubAllEnvs()],
  ['disable()', () => client.disable(), () => client.enable()],
])('%s makes a pass-through', (_, off, on) => {
  it('of the limits, the deadline and its header, the trace, the queue and the rate', async () => {
    off();
    const types = told(client);
    const answers = await Promise.all([1, 2, 3].map(() => client.get(at('/later'))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(seen).toEqual(Array(3).fill('undefined undefined'));
    expect(types).toEqual([]);
    expect(client.stats.list()).toEqual([]);
  });

  it('of a breaker that is open, however it came to be', async () => {
    const release = client.breakers.open('everything');
    expect(await client.get(at('/'))).toMatchObject({ fallback: 'value' });
    off();
    expect((await client.get(at('/'))).data).toBe('good');
    expect(client.breakers.get('everything')).toMatchObject({ state: 'open' });
    on();
    expect(await client.get(at('/'))).toMatchObject({ fallback: 'value' });
    release();
    expect(server.requests).toBe(1);
  });

  it('of retries, and of what would be answered instead', async () => {
    const plain = createClient({ ...EVERYTHING, limit: false });
    if (off.toString().includes('disable')) plain.disable();
    else off();
    const error = await rejection(plain.get(at('/503')));
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status: 503, data: 'good' } });
    expect(error).not.toHaveProperty('history');
    expect(server.requests).toBe(1);
    await plain.close();
  });

  it('of a stale answer, which is kept for later', async () => {
    const kept = createClient({
      ...EVERYTHING,
      limit: false,
      timeout: false,
      deadline: false,
      retry: false,
      fallback: { staleFor: 60_000 },
    });
    const [stop, go] = off.toString().includes('disable') ? [() => kept.disable(), () => kept.enable()] : [off, on];
    expect((await kept.get(at('/'))).data).toBe('good');
    const release = kept.breakers.open('everything');
    stop();
    expect(await kept.get(at('/'))).not.toHaveProperty('fallback');
    go();
    expect(await kept.get(at('/'))).toMatchObject({ fallback: 'stale', data: 'good' });
    release();
    await kept.close();
  });

  it('of what a request asks for itself, save what axios can make of its timeout', async () => {
    off();
    const own: RequestConfig = {
      deadline: 50,
      limit: { rate: 1 },
      retry: 5,
      fallback: { value: 1 },
      deadlineHeader: 'x-left',
      timeout: { read: 50 },
    };
    expect((await client.get(at('/later'), own)).data).toBe('good');
    const error = await rejection(client.get(at('/later'), { ...own, timeout: 50 }));
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 50ms exceeded' });
    expect((await client.get(lab.url('http2-healthy'), { httpVersion: 2, http2Options: { ca: lab.ca } })).status).toBe(200);
  });

  it('which has no timeout for what named none', async () => {
    const hasty = createClient({ timeout: 50 });
    if (off.toString().includes('disable')) hasty.disable();
    else off();
    for (const timeout of [false, Infinity, { total: false }, { total: Infinity }] as const) {
      expect((await hasty.get(at('/later'), { timeout })).data).toBe('good');
    }
    expect(await rejection(hasty.get(at('/later')))).toMatchObject({ code: 'ECONNABORTED' });
    await hasty.close();
  });

  it('whose total is that of the client, where `protect` was given one', async () => {
    for (const [own, timeout] of [
      [0, 50],
      [60_000, { read: 1, total: 50 }],
    ] as const) {
      const held = protect(axios.create({ timeout: own }), { timeout });
      if (off.toString().includes('disable')) held.disable();
      else off();
      expect(await rejection(held.get(at('/later')))).toMatchObject({ message: 'timeout of 50ms exceeded' });
      expect((await held.get(at('/later'), { timeout: false })).data).toBe('good');
      await held.close();
    }
    const free = protect(axios.create({ timeout: 50 }), { timeout: false });
    if (off.toString().includes('disable')) free.disable();
    expect((await free.get(at('/later'))).data).toBe('good');
    await free.close();
  });

  it('at run time, and back', async () => {
    const limited = createClient({ timeout: { read: 60 }, retry: false, breaker: false });
    const [stop, go] = off.toString().includes('disable') ? [() => limited.disable(), () => limited.enable()] : [off, on];
    const isLimited = async (within: number): Promise<boolean> =>
      isTimeout(await rejection(limited.get(lab.url('stall'), { signal: AbortSignal.timeout(within) })));
    expect(await isLimited(5_000)).toBe(true);
    stop();
    expect(await isLimited(600)).toBe(false);
    expect((await limited.get(lab.url('healthy'))).status).toBe(200);
    go();
    expect(await isLimited(5_000)).toBe(true);
    await limited.close();
  });

  it('in the middle of calls: those that have begun end as they would have, and those that passed go on without', async () => {
    const config: ClientConfig = { ...EVERYTHING, timeout: { read: 200 }, deadline: 5_000, breaker: false, fallback: false };
    const limit = { concurrency: 1, maxQueue: 5 };
    const begun = createClient({ ...config, limit, retry: { retries: 1, baseDelay: 1, budget: false } });
    const [stop, go] = off.toString().includes('disable') ? [() => begun.disable(), () => begun.enable()] : [off, on];
    const types = told(begun);
    const limited = rejection(begun.get(at('/never'))); // a timeout, repeated once
    const queued = begun.get(at('/'));
    await until(() => server.requests === 1, 'the first is under way');
    stop();
    const passed = begun.get(at('/later'));
    await until(() => server.requests === 2, 'the other is under way');
    go();
    expect((await passed).data).toBe('good');
    expect(await limited).toMatchObject({ code: 'ETIMEDOUT', limit: 'read', attempts: 2 });
    expect((await queued).data).toBe('good');
    expect(types.filter((type) => type === 'call')).toHaveLength(2);
    await begun.close();
  });
});
