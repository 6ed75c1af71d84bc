// A page whose main thread was blocked does not take an answer that is there for one that never came; a real timeout says how long it was.
import { describe, expect, it } from 'vitest';
import type { Client } from '../bare';
import { block, cleanly, clientWith, failure, meet } from './support';

cleanly();

const LIMIT = 200;
const BLOCKED = 2 * LIMIT;

/** Where the busy loop is put, right after the call was made. */
const PLACES: Record<string, () => void> = {
  'right after dispatch': () => block(BLOCKED),
  'in a timer': () => void setTimeout(() => block(BLOCKED), 20),
  'in a promise callback': () => void Promise.resolve().then(() => block(BLOCKED)),
  'in an animation frame': () => void requestAnimationFrame(() => block(BLOCKED)),
  'in a message': () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      block(BLOCKED);
      port1.close();
    };
    port2.postMessage(null);
  },
};

const CALLS: Record<string, (client: Client, url: string) => Promise<{ status: number }>> = {
  fetch: (client, url) => client.get(url),
  xhr: (client, url) => client.get(url, { adapter: 'xhr' }),
};

const LIMITS = {
  'connect and read': { timeout: [LIMIT / 2, LIMIT / 2] as const },
  total: { timeout: LIMIT },
  deadline: { deadline: LIMIT },
};

describe.each(Object.keys(PLACES))('blocked %s for twice the limit', (place) => {
  describe.each(Object.keys(LIMITS) as (keyof typeof LIMITS)[])('%s', (limit) => {
    it.each(Object.keys(CALLS))('delivers an answer that came in time, by %s', async (how) => {
      const peer = await meet('healthy');
      const client = clientWith(LIMITS[limit]);
      const call = CALLS[how]?.(client, peer.at('/delay/60'));
      PLACES[place]?.();
      await expect(call).resolves.toMatchObject({ status: 200 });
    });
  });

  it('still ends a call that nobody answers, and says by how much the page was late', async () => {
    const peer = await meet('stall');
    const client = clientWith({ timeout: LIMIT });
    const { error, took } = await failure(() => {
      const call = client.get(peer.url);
      PLACES[place]?.();
      return call;
    });
    expect(error).toMatchObject({ limit: 'total', limitMs: LIMIT });
    expect(error.lag).toBeGreaterThan(0);
    expect(took).toBeGreaterThanOrEqual(BLOCKED);
    expect(took).toBeLessThan(BLOCKED + 5_000);
  });
});

describe('blocked in mid-body for twice the limit', () => {
  it.each(['fetch', 'xhr'])('by %s, read does not fire: the bytes were there', async (adapter) => {
    const peer = await meet('slow-body');
    const client = clientWith({ adapter, timeout: { read: 300 } });
    const busy = setInterval(() => block(600), 1_000); // a busy browser needs a while in between to hand over the bytes
    try {
      const { data } = await client.get(peer.url);
      expect(data).toBe('chunk\n'.repeat(20));
    } finally {
      clearInterval(busy);
    }
  });
});
