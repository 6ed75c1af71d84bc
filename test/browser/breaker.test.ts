// The breaker in Chromium, on real upstreams: failures and hanging calls cut them off, nothing is sent then, and probes let them back in.
import { describe, expect, it } from 'vitest';
import { type BreakerEvent, type Client, isBreakerOpen } from '../../src/index';
import { clientWith, meet, sleep } from './support';

const outcome = (call: Promise<{ status: number }>): Promise<number | string> =>
  call.then(
    ({ status }) => status,
    (error) => error.response?.status ?? error.code,
  );

const events = (client: Client): BreakerEvent[] => {
  const seen: BreakerEvent[] = [];
  client.on('breaker', (event) => void seen.push(event));
  return seen;
};

describe('the breaker in a browser', () => {
  it.each(['fetch', 'xhr'] as const)('over %s: cuts a failing endpoint off, and nothing is sent any more', async (adapter) => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter, breaker: { openFor: 60_000 } });
    const seen = events(client);
    for (let i = 0; i < 10; i++) expect(await outcome(client.get(peer.at('/status/500')))).toBe(500);
    const before = await peer.seen();
    expect(before.requests).toBe(10);
    for (let i = 0; i < 50; i++) {
      const error: unknown = await client.get(peer.at('/status/500')).catch((reason: unknown) => reason);
      expect(isBreakerOpen(error) && error.retryAfter).toBeGreaterThan(0);
    }
    expect((await peer.seen()).requests).toBe(10);
    expect(seen).toMatchObject([{ from: 'closed', to: 'open', reason: 'burst' }]);
    expect(await outcome(client.get(peer.at('/fine')))).toBe(200);
  });

  it('counts calls that still hang', async () => {
    const peer = await meet('stall');
    const client = clientWith({ timeout: { total: 4_000 }, breaker: { slow: { after: 300 }, burst: { minCalls: 5 } } });
    const seen = events(client);
    const controller = new AbortController();
    // A browser opens six connections to an origin at most: five hang, and a sixth may ask.
    const hanging = Array.from({ length: 5 }, () => outcome(client.get(peer.url, { signal: controller.signal })));
    await sleep(350);
    expect(await outcome(client.get(peer.url))).toBe('EBREAKEROPEN');
    expect(seen).toMatchObject([{ to: 'open', reason: 'slow-rate', snapshot: { calls: 5, inFlight: 5, slowRate: 1 } }]);
    controller.abort();
    expect(await Promise.all(hanging)).toEqual(Array(5).fill('ERR_CANCELED'));
    expect(client.breakers.list()).toMatchObject([{ state: 'open', inFlight: 0 }]);
  });

  it('takes a refused connection for a failure', async () => {
    const peer = await meet('refused');
    const client = clientWith({ breaker: {} });
    for (let i = 0; i < 10; i++) expect(await outcome(client.get(peer.url))).toBe('ERR_NETWORK');
    expect(await outcome(client.get(peer.url))).toBe('EBREAKEROPEN');
  });

  it('takes what the browser refuses to keep alive for nothing of the endpoint', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ breaker: {}, fetchOptions: { keepalive: true } });
    const put = (bytes: number): Promise<number | string> => outcome(client.put(peer.url, 'x'.repeat(bytes)));
    for (let i = 0; i < 12; i++) expect(await put(64 * 1024 + 1)).toBe('ERR_NETWORK');
    expect(await put(100)).toBe(200);
    expect(client.breakers.list()).toMatchObject([{ state: 'closed', failureRate: 0 }]);
  });

  it.each(['fetch', 'xhr'] as const)('over %s: takes a device that is offline for nothing of the endpoint', async (adapter) => {
    const [peer, healthy] = [await meet('refused'), await meet('healthy')];
    const client = clientWith({ adapter, breaker: {}, endpoint: 'one' });
    Object.defineProperty(navigator, 'onLine', { value: false, configurable: true });
    try {
      for (let i = 0; i < 30; i++) expect(await outcome(client.get(peer.url))).toBe('ERR_NETWORK');
    } finally {
      Reflect.deleteProperty(navigator, 'onLine');
    }
    expect(await outcome(client.get(healthy.url))).toBe(200);
    expect(client.breakers.list()).toMatchObject([{ state: 'closed', calls: 1, failureRate: 0 }]);
  });

  it.each([
    ['the name of a header', { headers: { 'a b': 'x' } }],
    ['the method', { method: 'FOO BAR' }],
    ['the name of a header, by XHR', { headers: { 'a b': 'x' }, onUploadProgress: () => {} }],
    ['the method, by XHR', { method: 'FOO BAR', adapter: 'xhr' as const }],
  ])('takes a mistake in %s for nothing of the endpoint', async (_, mistake) => {
    const peer = await meet('healthy');
    const client = clientWith({ breaker: { burst: { minCalls: 3 } }, endpoint: 'all' });
    for (let i = 0; i < 3; i++) expect(await outcome(client.request({ url: peer.at('/fine'), ...mistake }))).not.toBe(200);
    expect((await peer.seen()).requests).toBe(0);
    expect(client.breakers.get('all')).toMatchObject({ state: 'closed', calls: 0, inFlight: 0 });
    expect(await outcome(client.get(peer.at('/fine')))).toBe(200);
  });

  it.each(['fetch', 'xhr'] as const)('over %s: goes by the status that validateStatus throws at', async (adapter) => {
    const peer = await meet('healthy');
    const validateStatus = (): never => {
      throw new TypeError('not this one');
    };
    const client = clientWith({ adapter, validateStatus, breaker: {}, endpoint: 'all' });
    for (const responseType of ['text', 'stream'] as const)
      for (const status of [404, 500]) expect(await outcome(client.get(peer.at(`/status/${status}`), { responseType }))).toBeUndefined();
    expect(client.breakers.get('all')).toMatchObject({ calls: 4, failureRate: 0.5 });
  });

  it('lets an upstream that works again back in', async () => {
    const peer = await meet('flaky'); // fails twice, then works
    const client = clientWith({ breaker: { burst: { minCalls: 2 }, openFor: 200 } });
    const seen = events(client);
    expect([await outcome(client.get(peer.url)), await outcome(client.get(peer.url))]).toEqual([503, 503]);
    expect(await outcome(client.get(peer.url))).toBe('EBREAKEROPEN');
    await sleep(210);
    expect([await outcome(client.get(peer.url)), await outcome(client.get(peer.url))]).toEqual([200, 200]);
    expect(seen.map(({ to }) => to)).toEqual(['open', 'half-open', 'closed']);
    expect(JSON.parse(JSON.stringify(client.breakers.list()))).toEqual(client.breakers.list());
  });
});

describe('a concurrency limit in a browser', () => {
  it('queues in order, and refuses what is more', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ limit: { concurrency: 1, maxQueue: 2 } });
    const order: string[] = [];
    const calls = ['a', 'b', 'c', 'd'].map((name) =>
      outcome(client.get(peer.at('/delay/50'), { params: { name } }).finally(() => order.push(name))),
    );
    expect(await Promise.all(calls)).toEqual([200, 200, 200, 'ELIMITED']);
    expect(order).toEqual(['d', 'a', 'b', 'c']);
    expect((await peer.seen()).requests).toBe(3);
  });

  it('keeps a rate', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ limit: { rate: 10, burst: 1, maxQueue: 10 } });
    const startedAt = performance.now();
    expect(await Promise.all(Array.from({ length: 4 }, () => outcome(client.get(peer.url))))).toEqual([200, 200, 200, 200]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
  });
});
