// Rate and concurrency limits in front of real upstreams: what the server sees of them.
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Client, type ClientConfig, createClient } from '../../src/index';
import type { Exchange } from '../lab/http.mjs';
import { startUpstream } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
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
  const client = createClient({ proxy: false, retry: false, breaker: false, ...config });
  endings.push(() => client.close());
  return client;
}

const outcome = (call: Promise<{ status: number }>): Promise<number | string> =>
  call.then(
    ({ status }) => status,
    (error) => error.response?.status ?? error.code,
  );

describe('a rate', () => {
  it('is what the server sees: no request before its time', async () => {
    const times: number[] = [];
    const upstream = await met(
      upstreamOf(({ res }) => {
        times.push(performance.now());
        res.end();
      }),
    );
    const client = clientWith({ limit: { rate: 50, burst: 1, maxQueue: 100 } });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => client.get(upstream.url)));
    expect(times).toHaveLength(20);
    for (const [i, time] of times.entries()) expect(time - startedAt).toBeGreaterThanOrEqual(i * 20);
  });
});

describe('a burst', () => {
  it.each([
    [1, 1_000_000],
    [3, 10_000],
    [7, 60_000],
    [10, 600_000],
  ])('of %i in %i ms is whole, whatever the time is', async (rate, interval) => {
    for (let i = 0; i < 50; i++) {
      const client = clientWith({
        adapter: async (config) => ({ status: 200, statusText: '', headers: {}, data: '', config }),
        limit: { rate, interval },
      });
      const outcomes = await Promise.all(Array.from({ length: rate }, () => outcome(client.get('http://up.test/'))));
      expect(outcomes).toEqual(Array(rate).fill(200));
      expect(await outcome(client.get('http://up.test/'))).toBe('ELIMITED');
    }
  });
});

describe('concurrency', () => {
  /** Counts how many requests the server has under way, at most. */
  function busy(ms: number): { handler: (exchange: Exchange) => void; most: () => number } {
    let [now, most] = [0, 0];
    return {
      handler: ({ res }) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          res.end('x');
        }, ms);
      },
      most: () => most,
    };
  }

  it('is what the server sees, and all get their turn', async () => {
    const { handler, most } = busy(10);
    const upstream = await met(upstreamOf(handler));
    const client = clientWith({ limit: { concurrency: 3, maxQueue: 100 } });
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => outcome(client.get(upstream.url))));
    expect(outcomes).toEqual(Array(40).fill(200));
    expect(most()).toBe(3);
  });

  it('is held by a stream until its last byte', async () => {
    const parts: Exchange[] = [];
    const upstream = await met(
      upstreamOf((exchange) => {
        exchange.res.write('first');
        parts.push(exchange);
      }),
    );
    const client = clientWith({ limit: { concurrency: 1, maxQueue: 1 } });
    const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
    data.resume();
    expect(await outcome(client.get(upstream.url, { limit: { maxQueue: 0 } }))).toBe('ELIMITED');
    const second = client.get(upstream.url);
    await sleep(50);
    expect(upstream.requests).toBe(1);
    parts[0]?.res.end('last');
    await until(() => parts.length === 2, 'the second call has its turn');
    parts[1]?.res.end();
    expect((await second).data).toBe('first');
  });

  it.each<[string, (data: Readable, controller: AbortController) => unknown]>([
    ['given up by its reader', (data) => data.destroy()],
    ['aborted by the caller', (_, controller) => controller.abort()],
  ])('is let go by a stream that is %s', async (_, giveUp) => {
    const upstream = await met(startUpstream('body-stall'));
    const client = clientWith({ limit: { concurrency: 1 } });
    const controller = new AbortController();
    const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream', signal: controller.signal });
    data.on('error', () => {}).resume();
    expect(await outcome(client.get(upstream.url))).toBe('ELIMITED');
    giveUp(data, controller);
    await upstream.closed(1);
    const next = await client.get<Readable>(upstream.url, { responseType: 'stream', limit: { maxQueue: 1, maxWait: 3_000 } });
    next.data.on('error', () => {}).destroy();
  });

  it('is let go by a stream that goes silent beyond its read limit', async () => {
    const upstream = await met(startUpstream('body-stall'));
    const client = clientWith({ limit: { concurrency: 1 }, timeout: { read: 200 } });
    const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
    const failed = new Promise((resolve) => data.once('error', resolve));
    data.resume();
    expect(await failed).toMatchObject({ code: 'ETIMEDOUT' });
    const next = await client.get<Readable>(upstream.url, { responseType: 'stream' });
    next.data.on('error', () => {}).destroy();
  });

  it('does not lock out a call by its own earlier attempt, whose body nobody reads', async () => {
    let requests = 0;
    const upstream = await met(
      upstreamOf(({ res }) => {
        res.writeHead(++requests === 1 ? 503 : 200);
        res.write('x'.repeat(1_000_000));
        if (requests > 1) res.end();
      }),
    );
    const client = clientWith({ limit: { concurrency: 1, maxQueue: 5 }, retry: { baseDelay: 10 }, deadline: 5_000 });
    const { status, data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
    expect(status).toBe(200);
    data.resume();
    await until(() => data.readableEnded, 'the answer is read');
  });

  it('gives places on when calls in them time out, and connections are closed', async () => {
    const upstream = await met(startUpstream('stall'));
    const client = clientWith({ limit: { concurrency: 2, maxQueue: 4 }, timeout: 150 });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => outcome(client.get(upstream.url))));
    expect(outcomes).toEqual(Array(6).fill('ETIMEDOUT'));
    expect(upstream.requests).toBe(6);
    await upstream.closed(6);
  });

  it('has no place in the queue, and no token, for a call that ended before it came to it', async () => {
    const upstream = await met(startUpstream('healthy'));
    const client = clientWith({ limit: { concurrency: 1, maxQueue: 1, rate: 2, interval: 60_000, burst: 2, per: 'client' } });
    const working = outcome(client.get(`${upstream.url}delay/1500`));
    const made = async (): Promise<string> => {
      await sleep(500);
      return 'late';
    };
    expect(await outcome(client.post(upstream.url, made, { deadline: 50 }))).toBe('ETIMEDOUT');
    await sleep(600);
    expect(await outcome(client.get(upstream.url))).toBe(200);
    expect(await working).toBe(200);
  });

  it('leaves no place taken after a crowd of every end', async () => {
    const upstream = await met(startUpstream('healthy'));
    const client = clientWith({ limit: { concurrency: 3, maxQueue: 1_000, per: 'client' }, timeout: 2_000 });
    const paths = ['/', '/status/500', '/status/404', '/reset', '/delay/20', '/redirect?to=/status/200'];
    const calls = Array.from({ length: 120 }, (_, i) => {
      const controller = new AbortController();
      if (i % 7 === 0) setTimeout(() => controller.abort(), i);
      return outcome(client.get(new URL(paths[i % paths.length] ?? '/', upstream.url).href, { signal: controller.signal }));
    });
    await Promise.all(calls);
    const three = Array.from({ length: 3 }, () => outcome(client.get(`${upstream.url}delay/100`, { limit: { maxQueue: 0 } })));
    expect(await Promise.all(three)).toEqual([200, 200, 200]);
  });
});
