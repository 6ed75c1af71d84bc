// A limit shared through rate-limiter-flexible on a real Redis: one rate for two processes, and nobody hangs when Redis does.
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { type Client, createClient, type LimitError, type LimitOptions } from '../../src/index';
import { startUpstream } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { ensureRedis, startRedis } from '../setup/redis.mjs';
import { runScript } from './script';
import { duration, GENEROUS, rejection, until } from './support';

/** How long the package waits for a shared limiter, in milliseconds. */
const PATIENCE = 1_000;

const endings: (() => unknown)[] = [];

/** What is started, and ended after the test. */
function ending<T>(started: T, end: (started: T) => unknown): T {
  endings.push(() => end(started));
  return started;
}

beforeAll(() => void ensureRedis(), 180_000);

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const redisServer = async (port?: number): Promise<Awaited<ReturnType<typeof startRedis>>> =>
  ending(await startRedis(port), (server) => server.kill());

const upstreamServer = async (): Promise<Upstream> => ending(await startUpstream('healthy'), (upstream) => upstream.close());

interface ConnectionOptions {
  enableOfflineQueue?: boolean;
  retryStrategy?: () => number;
}

async function connect(port: number, options: ConnectionOptions = {}): Promise<Redis> {
  const redis = ending(new Redis(port, '127.0.0.1', options), (one) => one.disconnect());
  redis.on('error', () => {}); // it is gone, as the test wants it
  await until(() => redis.status === 'ready', 'the client of Redis is connected');
  return redis;
}

/** Thirty calls a minute, however many processes. */
function limited(redis: Redis, limit: LimitOptions = {}): Client {
  const limiter = new RateLimiterRedis({ storeClient: redis, points: 30, duration: 60 });
  return ending(createClient({ proxy: false, retry: false, limit: { limiter, ...limit } }), (client) => client.close());
}

it('two processes share one rate, to the call', async () => {
  const [redis, upstream] = [await redisServer(), await upstreamServer()];
  const script = `
    const { Redis } = await import('ioredis');
    const { RateLimiterRedis } = await import('rate-limiter-flexible');
    const [target, port] = url.split(' ');
    const storeClient = new Redis({ host: '127.0.0.1', port: Number(port) });
    const limiter = new RateLimiterRedis({ storeClient, points: 30, duration: 60 });
    const api = createClient({ proxy: false, retry: false, limit: { limiter } });
    const calls = Array.from({ length: 20 }, () => api.get(target).then((r) => r.status, (e) => [e.code, e.retryAfter]));
    console.log(JSON.stringify(await Promise.all(calls)));
    await api.close();
    storeClient.disconnect();
  `;
  const runs = await Promise.all([1, 2].map(() => runScript(script, `${upstream.url} ${redis.port}`)));
  expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(2).fill({ code: 0, stderr: '' }));
  const outcomes: (number | [string, number])[] = runs.flatMap(({ stdout }) => JSON.parse(stdout));
  expect(outcomes.filter((outcome) => outcome === 200)).toHaveLength(30);
  expect(upstream.requests).toBe(30);
  const refused = outcomes.filter((outcome) => outcome !== 200) as [string, number][];
  expect(refused).toHaveLength(10);
  for (const [code, retryAfter] of refused) {
    expect(code).toBe('ELIMITED');
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60_000);
  }
}, 60_000);

it('a refusal says when there is room, and there is then', async () => {
  const [redis, upstream] = [await redisServer(), await upstreamServer()];
  const limiter = new RateLimiterRedis({ storeClient: await connect(redis.port), points: 1, duration: 1 });
  const client = ending(createClient({ proxy: false, retry: false, limit: { limiter, per: 'client' } }), (one) => one.close());
  await client.get(upstream.url);
  const { retryAfter } = (await rejection(client.get(upstream.url))) as LimitError;
  expect(retryAfter).toBeGreaterThan(0);
  expect(retryAfter).toBeLessThanOrEqual(1_000);
  await new Promise((resolve) => setTimeout(resolve, (retryAfter ?? 0) + 50));
  expect((await client.get(upstream.url)).status).toBe(200);
});

/** What becomes of a client's call, and that it took no longer than the package's patience. */
async function answered(client: Client, url: string): Promise<number | string> {
  const outcome = client.get(url).then(
    ({ status }) => status,
    (error) => error.code,
  );
  expect(await duration(outcome)).toBeLessThan(PATIENCE + GENEROUS);
  return outcome;
}

const GONE: [string, (redis: Awaited<ReturnType<typeof startRedis>>) => unknown, ConnectionOptions][] = [
  ['is killed', (redis) => redis.kill(), {}],
  ['is killed, and its client fails at once', (redis) => redis.kill(), { enableOfflineQueue: false }],
  ['hangs with its connections open', (redis) => redis.signal('SIGSTOP'), {}],
];

it.each(GONE)('Redis %s: the call is let through or refused as configured, never hung', async (_, gone, options) => {
  const [redis, upstream] = [await redisServer(), await upstreamServer()];
  const connection = await connect(redis.port, options);
  const [open, closed] = [limited(connection), limited(connection, { whenUnavailable: 'refuse' })];
  const impatient = limited(connection, { whenUnavailable: 'refuse', maxWait: 50 });
  expect([await answered(open, upstream.url), await answered(closed, upstream.url)]).toEqual([200, 200]);
  await gone(redis);
  upstream.reset();
  expect(await answered(open, upstream.url)).toBe(200);
  expect(await answered(closed, upstream.url)).toBe('ELIMITED');
  expect(await answered(impatient, upstream.url)).toBe('ELIMITED');
  expect(upstream.requests).toBe(1);
  // Many at once wait side by side, not one after the other.
  const crowd = Array.from({ length: 50 }, () => answered(open, upstream.url));
  expect(await Promise.all(crowd)).toEqual(Array(50).fill(200));
});

it('Redis is back: the limit holds again', async () => {
  const [redis, upstream] = [await redisServer(), await upstreamServer()];
  const connection = await connect(redis.port, { retryStrategy: () => 50 });
  const client = limited(connection, { whenUnavailable: 'refuse' });
  await client.get(upstream.url);
  await redis.kill();
  expect(await answered(client, upstream.url)).toBe('ELIMITED');
  await redisServer(redis.port);
  await until(() => connection.status === 'ready', 'the client of Redis has reconnected');
  const outcomes: (number | string)[] = [];
  for (let i = 0; i < 40; i++) outcomes.push(await answered(client, upstream.url));
  // What had waited in the client's own queue counts as well.
  expect(outcomes.filter((outcome) => outcome === 200).length).toBeGreaterThanOrEqual(28);
  expect(outcomes.filter((outcome) => outcome === 200).length).toBeLessThanOrEqual(30);
  expect(outcomes.at(-1)).toBe('ELIMITED');
});
