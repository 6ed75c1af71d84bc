// Clocks that misbehave in the middle of calls: the time of day that jumps by days, and a monotonic one that stands still or leaps.
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient, isTimeout, type TimeoutError, withDeadline } from '../../src/index';
import { watchUnhandled } from './failures';
import { type Peer, peer, type Serve, watch } from './hostile-support';
import { GENEROUS, rejection } from './support';

const DAY = 86_400_000;
const unhandled = watchUnhandled();
/** Taken before anybody fakes it. */
const monotonic = performance.now.bind(performance);
let server: Peer;
let client: Client;
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await client.close();
  await server.close();
});
afterAll(() => unhandled.none());

const stalls: Serve = () => {};
const answersIn =
  (ms: number, head = ''): Serve =>
  (socket) =>
    void setTimeout(() => socket.write(`HTTP/1.1 ${head || '200 OK\r\n'}Content-Length: 4\r\n\r\ngood`), ms);

async function timeoutOf(run: () => Promise<unknown>): Promise<TimeoutError & { took: number }> {
  const startedAt = monotonic();
  const error = await rejection(run());
  if (!isTimeout(error)) throw error;
  return Object.assign(error, { took: monotonic() - startedAt });
}

describe.each([
  ['forward', 10 * DAY],
  ['back', -10 * DAY],
  ['back before 1970', -60 * 365 * DAY],
])('the time of day jumps %s', (_, jump) => {
  /** Jumps a little later, while a call is under way. */
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    setTimeout(() => vi.setSystemTime(Date.now() + jump), 30);
  });

  it.each([
    ['read', { timeout: { read: 150 } }],
    ['total', { timeout: 150 }],
    ['deadline', { timeout: false, deadline: 150 }],
  ] as const)('and %s is as long as it was', async (limit, config) => {
    server = await peer(stalls);
    client = createClient({ proxy: false, retry: false });
    const error = await timeoutOf(() => client.get(server.url, config));
    expect(error.limit).toBe(limit);
    expect(error.took).toBeGreaterThanOrEqual(150);
    expect(error.took).toBeLessThan(150 + GENEROUS);
    expect(error.elapsed).toBeGreaterThanOrEqual(150);
  });

  it('and a deadline that was a time of day keeps what was left', async () => {
    server = await peer(stalls);
    client = createClient({ proxy: false, retry: false });
    const { took } = await timeoutOf(() => client.get(server.url, { timeout: false, deadline: new Date(Date.now() + 150) }));
    expect(took).toBeGreaterThanOrEqual(149); // the time of day is told in whole milliseconds
    expect(took).toBeLessThan(150 + GENEROUS);
  });

  it('and a breaker opens and closes when it should', async () => {
    server = await peer(answersIn(50, '500 Broken\r\n'), answersIn(0));
    client = createClient({ proxy: false, retry: false, breaker: { minCalls: 1, openFor: 1_500, successesToClose: 1 } });
    await rejection(client.get(server.url));
    const startedAt = monotonic();
    expect(await rejection(client.get(server.url))).toMatchObject({ code: 'EBREAKEROPEN' });
    const { retryAfter } = client.breakers.list()[0] ?? { retryAfter: 0 };
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(1_500);
    while (client.breakers.list()[0]?.state === 'open') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(monotonic() - startedAt).toBeLessThan(1_500 + GENEROUS);
    expect((await client.get(server.url)).data).toBe('good');
    expect(client.breakers.list()).toEqual([expect.objectContaining({ state: 'closed' })]);
  });

  it('and the pause that a peer asks for is told by its own clock', async () => {
    const now = new Date();
    const pause = `Date: ${now.toUTCString()}\r\nRetry-After: ${new Date(now.getTime() + 1_000).toUTCString()}\r\n`;
    server = await peer(answersIn(50, `503 Busy\r\n${pause}`), answersIn(0));
    client = createClient({ proxy: false, breaker: false, retry: { baseDelay: 1 } });
    const startedAt = monotonic();
    expect((await client.get(server.url)).data).toBe('good');
    const took = monotonic() - startedAt;
    expect(took).toBeGreaterThanOrEqual(1_000);
    expect(took).toBeLessThan(1_000 + GENEROUS);
  });

  it('and a record says how long it took', async () => {
    server = await peer(answersIn(60));
    client = createClient({ proxy: false });
    const { calls } = watch(client);
    await client.get(server.url);
    expect(calls[0]?.elapsed).toBeGreaterThanOrEqual(50);
    expect(calls[0]?.elapsed).toBeLessThan(GENEROUS);
    expect(client.stats.list()[0]?.p50).toBeLessThan(GENEROUS);
  });
});

describe('the monotonic clock', () => {
  let offset = 0;
  let frozenAt: number | undefined;
  let reads = 0;
  beforeEach(() => {
    [offset, frozenAt, reads] = [0, undefined, 0];
    vi.spyOn(performance, 'now').mockImplementation(() => {
      reads++;
      return (frozenAt ?? monotonic()) + offset;
    });
  });

  it('stands still for a while: limits wait for it, without being busy', async () => {
    server = await peer(stalls);
    client = createClient({ proxy: false, retry: false, timeout: { read: 100 } });
    const work = timeoutOf(() => client.get(server.url));
    await new Promise((resolve) => setTimeout(resolve, 50));
    frozenAt = monotonic();
    const before = reads;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reads - before).toBeLessThan(1_000);
    offset = frozenAt - monotonic();
    frozenAt = undefined;
    const { took, limit } = await work;
    expect(limit).toBe('read');
    expect(took).toBeGreaterThanOrEqual(350);
    expect(took).toBeLessThan(400 + GENEROUS);
  });

  it('leaps, as after a suspension: an answer that is there is delivered', async () => {
    server = await peer(answersIn(100));
    client = createClient({ proxy: false, retry: false, timeout: { read: 150, total: 200 }, deadline: 2_000 });
    setTimeout(() => {
      offset = 3_600_000;
    }, 50);
    expect((await client.get(server.url)).data).toBe('good');
  });

  it('leaps, and nothing comes: the limits run out, once, and are told as late', async () => {
    server = await peer(stalls);
    client = createClient({ proxy: false, retry: false, timeout: { read: 800 } });
    setTimeout(() => {
      offset = 3_600_000;
    }, 50);
    const { calls } = watch(client);
    const { limit, lag, took } = await timeoutOf(() => client.get(server.url));
    expect({ limit, lag }).toEqual({ limit: 'read', lag: 800 });
    expect(took).toBeGreaterThanOrEqual(840);
    expect(took).toBeLessThan(1_600 + GENEROUS);
    expect(calls).toHaveLength(1);
  });

  it('leaps, and a scope ends as well', async () => {
    server = await peer(stalls);
    client = createClient();
    setTimeout(() => {
      offset = 3_600_000;
    }, 20);
    const { took } = await timeoutOf(() => withDeadline(100, () => new Promise(() => {})));
    expect(took).toBeLessThan(300 + GENEROUS);
  });
});
