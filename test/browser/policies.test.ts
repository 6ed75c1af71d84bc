// Limits and fallback in Chromium: the same policies over the other transport.
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type Client, type ClientConfig, createClient, type FallbackResponse, isBreakerOpen, isLimited } from '../../src/index';

const lab = inject('lab') as Record<'healthy' | 'stall', string>;
const clients: Client[] = [];
const open = (config: ClientConfig): Client => {
  const client = createClient({ retry: false, breaker: false, ...config });
  clients.push(client);
  return client;
};

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

const later = (ms: number): string => new URL(`/delay/${ms}`, lab.healthy).href;

describe('limits', () => {
  it('let so many through at a time, keep the next waiting, and refuse the one after', async () => {
    const client = open({ limit: { concurrency: 1, maxQueue: 1 } });
    const refused: string[] = [];
    client.on('limited', ({ limit }) => refused.push(limit));
    const startedAt = performance.now();
    const [first, second, third] = await Promise.allSettled([client.get(later(200)), client.get(later(200)), client.get(later(200))]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(400);
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(third?.status === 'rejected' && isLimited(third.reason)).toBe(true);
    expect(refused).toEqual(['concurrency']);
  });

  it('keep to a rate, and an abort gives its place back', async () => {
    const client = open({ limit: { rate: 1, interval: 300, maxQueue: 2 } });
    const startedAt = performance.now();
    const controller = new AbortController();
    const [, aborted, third] = [
      client.get(lab.healthy),
      client.get(lab.healthy, { signal: controller.signal }),
      client.get(lab.healthy),
    ] as const;
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await third;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
  });
});

describe('fallback', () => {
  it('answers with a value where nobody else does, and says so', async () => {
    const client = open({ timeout: 200, fallback: { value: { from: 'yesterday' } } });
    const response = (await client.get(lab.stall)) as FallbackResponse;
    expect(response).toMatchObject({ data: { from: 'yesterday' }, fallback: 'value' });
  });

  it('serves the last good answer while the endpoint is cut off', async () => {
    const client = open({ breaker: {}, fallback: { staleFor: 60_000 } });
    const { data } = await client.get(lab.healthy);
    const endpoint = client.breakers.list()[0]?.endpoint ?? '';
    const release = client.breakers.open(endpoint);
    const stale = (await client.get(lab.healthy)) as FallbackResponse;
    expect(stale).toMatchObject({ data, fallback: 'stale' });
    expect(stale.age).toBeGreaterThanOrEqual(0);
    const failure = await client.get(lab.healthy, { fallback: false }).catch((reason: unknown) => reason);
    expect(isBreakerOpen(failure)).toBe(true);
    release();
    expect((await client.get(lab.healthy)).status).toBe(200);
  });
});
