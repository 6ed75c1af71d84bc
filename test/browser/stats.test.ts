// Statistics and alerts in a page: the same figures from what a browser shows.
import { describe, expect, it } from 'vitest';
import type { Alert, Client, EndpointStats, Kind, RequestConfig } from '../bare';
import { cleanly, clientWith, meet } from './support';

cleanly();

const NONE: Record<Kind, number> = { queue: 0, connect: 0, write: 0, read: 0, unknown: 0 };

/** The only endpoint that the client has called. */
function only(client: Client): EndpointStats {
  const list = client.stats.list();
  expect(list).toHaveLength(1);
  const [stats] = list as [EndpointStats];
  expect(client.stats.get(stats.endpoint)).toMatchObject({ endpoint: stats.endpoint, calls: stats.calls });
  expect(JSON.parse(JSON.stringify(list))).toEqual(list);
  return stats;
}

const settle = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('statistics', () => {
  it.each(['fetch', 'xhr'])('count calls and attempts, and know what they took, by %s', async (adapter) => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter });
    for (let i = 0; i < 5; i++) await client.get(peer.at('/delay/100'));
    const stats = only(client);
    expect(stats).toMatchObject({ calls: 5, attempts: 5, timeouts: NONE, timeoutRate: 0, recentTimeouts: [] });
    expect(stats.endpoint).toBe(`GET ${new URL(peer.url).origin}/delay/:id`);
    expect(stats.p50).toBeGreaterThanOrEqual(98); // within 2 %, of what cannot have been less
    expect(stats.p50).toBeLessThan(4_000);
    expect(stats.p99).toBeGreaterThanOrEqual(stats.p50);
    expect(stats.series.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(5);
  });

  it.each<[kind: Kind, fault: string, config: RequestConfig]>([
    ['unknown', 'stall', { timeout: { response: 100, connect: 100 } }],
    ['unknown', 'stall', { timeout: 100, adapter: 'xhr' }],
    ['read', 'body-stall', { timeout: { read: 200 } }],
  ])('count timeouts by kind: %s (%s)', async (kind, fault, config) => {
    const peer = await meet(fault);
    const client = clientWith({ retry: { retries: 1, baseDelay: 1, budget: false } });
    await settle(client.get(peer.at('/?key=s3cret'), config));
    const stats = only(client);
    expect(stats).toMatchObject({ calls: 1, attempts: 2, timeouts: { ...NONE, [kind]: 2 }, timeoutRate: 1 });
    expect(stats.recentTimeouts.map(({ attempt, url }) => [attempt, url])).toEqual([1, 2].map((n) => [n, peer.at('/?key=REDACTED')]));
  });

  it('tell a refusal and a canceled call from an attempt', async () => {
    const peer = await meet('stall');
    const client = clientWith({ breaker: {}, endpoint: 'all' });
    const controller = new AbortController();
    const canceled = settle(client.get(peer.url, { signal: controller.signal }));
    await expect.poll(async () => (await peer.seen()).requests).toBe(1);
    controller.abort();
    await canceled;
    const release = client.breakers.open('all');
    expect(await settle(client.get(peer.url))).toMatchObject({ code: 'EBREAKEROPEN' });
    release();
    expect(only(client)).toMatchObject({ calls: 2, attempts: 0, timeouts: NONE });
  });

  it('suggest how long to wait for an answer', async () => {
    const peer = await meet('healthy');
    const client = clientWith();
    for (let i = 0; i < 200; i++) await client.get(peer.url);
    const { suggested } = only(client);
    expect(suggested).toMatchObject({ sampleSize: 200 });
    expect(suggested?.read).toBeGreaterThanOrEqual(500);
    expect(suggested?.read).toBeLessThan(20_000);
  });
});

describe('an alert', () => {
  it.each([
    [undefined, 1],
    [false, 0],
  ] as const)('tells that an upstream hangs (alerts: %s)', async (alerts, times) => {
    const peer = await meet('stall');
    const client = clientWith({ timeout: 50, alerts });
    const heard: Alert[] = [];
    client.on('alert', (alert) => void heard.push(alert));
    for (let i = 0; i < 6; i++) await settle(client.get(peer.at('/?key=s3cret')));
    expect(heard).toHaveLength(times);
    for (const alert of heard) {
      expect(alert).toMatchObject({ status: 'firing', reason: 'frequent', rate: 1, calls: 5, timeouts: 5 });
      expect(alert.recent.map(({ url, phase }) => [url, phase])).toEqual(Array(5).fill([peer.at('/?key=REDACTED'), 'waiting']));
      expect(JSON.parse(JSON.stringify(alert))).toEqual(alert);
    }
  });
});
