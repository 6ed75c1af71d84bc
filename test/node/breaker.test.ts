// The breaker on real upstreams: what is cut off is not even connected to, hanging calls cut it off, and it comes back.
import { Agent } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type BreakerEvent, type Client, type ClientConfig, createClient, type RequestConfig, type RetryEvent } from '../../src/index';
import { DEFAULT_BREAKER } from '../../src/options/breaker';
import { Breaker } from '../../src/policies/breaker-state';
import { startUpstream } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { freePort } from '../setup/ports.mjs';
import { until, upstreamOf } from './support';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function met(upstream: Promise<Upstream>): Promise<Upstream> {
  const started = await upstream;
  endings.push(() => started.close());
  return started;
}

function clientWith(config: ClientConfig): Client {
  const client = createClient({ proxy: false, retry: false, ...config });
  endings.push(() => client.close());
  return client;
}

const outcome = (call: Promise<{ status: number }>): Promise<number | string> =>
  call.then(
    ({ status }) => status,
    (error) => error.response?.status ?? error.code,
  );

it('an endpoint is not cut off because this machine has no address to call it from', async () => {
  const upstream = await met(upstreamOf(({ res }) => res.end('ok')));
  const client = clientWith({});
  const httpAgent = new Agent({ localAddress: '192.0.2.1' }); // an address for documentation, which nobody has
  for (let i = 0; i < 10; i++) expect(await outcome(client.get(upstream.url, { httpAgent }))).toBe('EADDRNOTAVAIL');
  expect(await outcome(client.get(upstream.url))).toBe(200);
});

describe('an endpoint that is cut off', () => {
  it('is sent nothing: the server sees no request and no connection', async () => {
    const upstream = await met(upstreamOf(({ res }) => res.writeHead(500, { Connection: 'close' }).end()));
    const client = clientWith({});
    for (let i = 0; i < 10; i++) expect(await outcome(client.get(`${upstream.url}users/${i}`))).toBe(500);
    expect(upstream).toMatchObject({ connections: 10, requests: 10 });
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, i) => outcome(client.get(`${upstream.url}users/${i}`))));
    expect(outcomes).toEqual(Array(100).fill('EBREAKEROPEN'));
    expect(upstream).toMatchObject({ connections: 10, requests: 10 });
    expect(await outcome(client.post(`${upstream.url}users/1`))).toBe(500); // another endpoint
  });

  it('is found out in microseconds, whatever hangs', () => {
    const breaker = new Breaker('GET http://up.test/', DEFAULT_BREAKER, () => {});
    for (let i = 0; i < 10_000; i++) breaker.admit(60_000, 60_000);
    const ask = (): number => {
      const startedAt = performance.now();
      for (let i = 0; i < 100_000; i++) breaker.refusal();
      return (performance.now() - startedAt) / 100_000;
    };
    expect(ask()).toBeLessThan(0.05); // ms; about 0.001 where nothing else runs
    breaker.hold();
    expect(breaker.refusal()).toMatchObject({ reason: 'operator' });
    expect(ask()).toBeLessThan(0.05);
  });

  it('is not asked again by a retry: the last real error comes back, and no storm', async () => {
    const upstream = await met(upstreamOf(({ res }) => res.writeHead(503).end()));
    const client = clientWith({ retry: { retries: 5, baseDelay: 20, budget: false } });
    const reasons: RetryEvent['reason'][] = [];
    client.on('retry', ({ reason }) => reasons.push(reason));
    await Promise.all(Array.from({ length: 8 }, (_, i) => outcome(client.get(`${upstream.url}users/${i}`))));
    expect(client.breakers.list()).toMatchObject([{ state: 'open' }]);
    expect(upstream.requests).toBeGreaterThanOrEqual(10);
    expect(upstream.requests).toBeLessThanOrEqual(24); // of 48 there would be: a second attempt may have been under way, on a busy machine a third
    expect(reasons).toContain('local');
  });
});

const fail = (): never => {
  throw new Error('mine');
};

const BOTH = ['http', 'fetch'] as const;

// What is in it fails before anything is sent. Of a protocol fetch says that the network failed.
describe.each<[string, RequestConfig, readonly ('http' | 'fetch')[]]>([
  ['the name of a header', { headers: { 'a b': 'x' } }, BOTH],
  ['the method', { method: 'FOO BAR' }, BOTH],
  ['the URL', { url: 'http://[::1' }, BOTH],
  ['the writing of the params', { params: { a: 1 }, paramsSerializer: { serialize: fail } }, BOTH],
  ['the protocol', { url: 'gopher://a.test/' }, ['http']],
  ['a body of no kind that can be sent', { method: 'post', data: { a: 1 }, transformRequest: (data) => data }, ['http']],
])("a mistake of the caller's in %s", (_, mistake, adapters) => {
  it.each(adapters)("by axios' %s adapter cuts nobody off", async (adapter) => {
    const upstream = await met(upstreamOf(({ res }) => res.end()));
    const client = clientWith({ adapter, breaker: { minCalls: 3, burst: { minCalls: 3 } }, endpoint: 'all' });
    for (let i = 0; i < 3; i++) expect(await outcome(client.request({ url: upstream.url, ...mistake }))).not.toBe(200);
    expect(upstream.requests).toBe(0);
    expect(client.breakers.get('all')).toMatchObject({ state: 'closed', calls: 0, inFlight: 0 });
    expect(await outcome(client.get(upstream.url))).toBe(200);
  });
});

describe.each(BOTH)("a body longer than the caller's maxContentLength, by axios' %s adapter,", (adapter) => {
  it.each([
    [200, { state: 'closed', calls: 3, failureRate: 0 }],
    [500, { state: 'open', calls: 3, failureRate: 1 }],
  ])('is judged by its status: %d', async (status, snapshot) => {
    const upstream = await met(upstreamOf(({ res }) => res.writeHead(status).end('x'.repeat(5_000))));
    const client = clientWith({ adapter, breaker: { minCalls: 3, burst: { minCalls: 3 } }, endpoint: 'all' });
    const length = { maxContentLength: 1_000 };
    for (let i = 0; i < 3; i++) expect(await outcome(client.get(upstream.url, length))).toBe('ERR_BAD_RESPONSE');
    expect(client.breakers.get('all')).toMatchObject(snapshot);
  });

  it('is none that broke off', async () => {
    const upstream = await met(
      upstreamOf(({ res }) => {
        res.writeHead(200, { 'Content-Length': 5_000 }).write('x'.repeat(500));
        setTimeout(() => res.destroy(), 10);
      }),
    );
    const client = clientWith({ adapter, endpoint: 'all' });
    await expect(client.get(upstream.url, { maxContentLength: 1_000_000 })).rejects.toThrow();
    expect(client.breakers.get('all')).toMatchObject({ calls: 1, failureRate: 1 });
  });
});

describe.each(BOTH)("a response whose status the caller's validateStatus throws at, by axios' %s adapter,", (adapter) => {
  it.each([
    [404, { state: 'closed', calls: 3, failureRate: 0 }],
    [500, { state: 'open', calls: 3, failureRate: 1 }],
  ])('is judged by its status: %d', async (status, snapshot) => {
    const upstream = await met(upstreamOf(({ res }) => res.writeHead(status).end('no')));
    const client = clientWith({ adapter, validateStatus: fail, breaker: { minCalls: 3, burst: { minCalls: 3 } }, endpoint: 'all' });
    for (const responseType of ['json', 'arraybuffer', 'stream'] as const)
      expect(await outcome(client.get(upstream.url, { responseType }))).toBeUndefined();
    expect(client.breakers.get('all')).toMatchObject(snapshot);
  });
});

describe('an upstream that hangs', () => {
  it('is cut off while nothing has ended yet', async () => {
    const upstream = await met(startUpstream('stall'));
    const client = clientWith({ breaker: { slow: { after: 300 } }, timeout: 3_000 });
    const events: BreakerEvent[] = [];
    client.on('breaker', (event) => events.push(event));
    const hanging = Array.from({ length: 12 }, () => outcome(client.get(upstream.url)));
    await until(() => upstream.requests === 12, 'all calls hang');
    await new Promise((resolve) => setTimeout(resolve, 310));
    expect(await outcome(client.get(upstream.url))).toBe('EBREAKEROPEN');
    expect(events).toMatchObject([{ to: 'open', reason: 'slow-rate', snapshot: { calls: 12, inFlight: 12, slowRate: 1 } }]);
    expect(upstream).toMatchObject({ connections: 12, open: 12 });
    expect(await Promise.all(hanging)).toEqual(Array(12).fill('ETIMEDOUT'));
    await upstream.closed(12);
    expect(client.breakers.list()).toMatchObject([{ state: 'open', inFlight: 0 }]);
  });

  it('is cut off by timeouts too, where the slow trigger is off', async () => {
    const upstream = await met(startUpstream('stall'));
    const client = clientWith({ breaker: { slow: false }, timeout: 150 });
    expect(await Promise.all(Array.from({ length: 10 }, () => outcome(client.get(upstream.url))))).toEqual(Array(10).fill('ETIMEDOUT'));
    expect(await outcome(client.get(upstream.url))).toBe('EBREAKEROPEN');
    await upstream.closed(10);
  });
});

describe('an upstream that was down', () => {
  it('is let back in by two probes', async () => {
    const first = await met(startUpstream('healthy', { port: await freePort() }));
    await first.close();
    const client = clientWith({ breaker: { openFor: 200 } });
    const moves: string[] = [];
    client.on('breaker', ({ to }) => moves.push(to));
    for (let i = 0; i < 10; i++) expect(await outcome(client.get(first.url))).toBe('ECONNREFUSED');
    expect(await outcome(client.get(first.url))).toBe('EBREAKEROPEN');
    const second = await met(startUpstream('healthy', { port: first.port }));
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt >= 200, 'it is due');
    expect([await outcome(client.get(first.url)), await outcome(client.get(first.url))]).toEqual([200, 200]);
    expect(moves).toEqual(['open', 'half-open', 'closed']);
    expect(second.requests).toBe(2);
  });

  it('is probed by one call of many', async () => {
    let mode: 'down' | 'up' = 'down';
    const upstream = await met(
      upstreamOf(({ res }) => {
        if (mode === 'down') res.writeHead(500).end();
        else setTimeout(() => res.writeHead(200).end(), 100);
      }),
    );
    const client = clientWith({ breaker: { openFor: 50 } });
    for (let i = 0; i < 10; i++) await outcome(client.get(upstream.url));
    mode = 'up';
    await new Promise((resolve) => setTimeout(resolve, 60));
    upstream.reset();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(client.get(upstream.url))));
    expect(outcomes.filter((one) => one === 200)).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'EBREAKEROPEN')).toHaveLength(49);
    expect(upstream.requests).toBe(1);
  });
});

describe('a peer that asks for a pause', () => {
  it('is not called before it is over, by nobody; the retry that waited for it passes', async () => {
    const times: number[] = [];
    const upstream = await met(
      upstreamOf(({ res }) => {
        times.push(performance.now());
        if (times.length % 2) res.writeHead(429, { 'Retry-After': '1' }).end();
        else res.writeHead(200).end();
      }),
    );
    const client = clientWith({ retry: { baseDelay: 1, jitter: 'none' } });
    const call = outcome(client.get(upstream.url));
    await until(() => client.breakers.list()[0]?.retryAfter !== 0 && times.length === 1, 'the pause has begun');
    expect(await outcome(client.get(upstream.url, { retry: false }))).toBe('EBREAKEROPEN');
    expect(await call).toBe(200);
    expect(times).toHaveLength(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(client.breakers.list()).toMatchObject([{ state: 'closed', calls: 1, failureRate: 0 }]);
  });
});
