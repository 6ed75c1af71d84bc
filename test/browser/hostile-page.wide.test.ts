// In a page: the kill switch, listeners at their worst, and line breaks where a name should be.
import axios from 'axios';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientConfig, createClient, isTimeout } from '../../src/index';
import { cleanly, meet } from './support';

cleanly();

const clients: Client[] = [];
const open = (config: ClientConfig): Client => {
  const client = createClient(config);
  clients.push(client);
  return client;
};
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );

describe.each(['fetch', 'xhr'] as const)('by %s', (adapter) => {
  const EVERYTHING: ClientConfig = {
    adapter,
    timeout: { connect: 50, read: 50, response: 50 },
    deadline: 60,
    retry: { retries: 3, baseDelay: 1, budget: false },
    breaker: { minCalls: 1, burst: { minCalls: 1 } },
    limit: { rate: 1, interval: 60_000, concurrency: 1 },
    fallback: { value: 'instead', staleFor: 60_000 },
    endpoint: 'everything',
    deadlineHeader: 'x-left',
    propagateTrace: true,
  };

  it('disable() makes every policy a pass-through, at run time, and enable() takes it back', async () => {
    const peer = await meet('healthy');
    const client = open(EVERYTHING);
    const types: string[] = [];
    client.on('*', (type) => void types.push(type));
    client.breakers.open('everything');
    expect(await client.get(peer.url)).toMatchObject({ fallback: 'value', data: 'instead' });
    const before = types.splice(0).length;
    expect(before).toBeGreaterThan(0);

    client.disable();
    const answers = await Promise.all([1, 2, 3].map(() => client.get(peer.at('/delay/200'))));
    for (const answer of answers) {
      expect(answer).not.toHaveProperty('fallback');
      expect(answer.data.headers).not.toHaveProperty('x-left');
      expect(answer.data.headers).not.toHaveProperty('traceparent');
    }
    expect(await rejection(client.get(peer.at('/status/503')))).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status: 503 } });
    expect((await peer.seen()).requests).toBe(4);
    expect(types).toEqual([]);

    client.enable();
    expect(await client.get(peer.url)).toMatchObject({ fallback: 'value' });
    expect((await peer.seen()).requests).toBe(4);
  });

  it('disable() lets calls that have begun end as they would have', async () => {
    const peer = await meet('stall');
    const client = open({ adapter, timeout: { total: 300 }, retry: { retries: 1, baseDelay: 1, budget: false } });
    const limited = rejection(client.get(peer.url));
    await expect.poll(async () => (await peer.seen()).requests).toBeGreaterThan(0);
    client.disable();
    const passed = rejection(client.get(peer.url, { timeout: 200 }));
    client.enable();
    expect(isTimeout(await passed)).toBe(false);
    expect(await passed).toMatchObject({ code: adapter === 'xhr' ? 'ECONNABORTED' : 'ETIMEDOUT' }); // axios' own
    expect(await limited).toMatchObject({ code: 'ETIMEDOUT', limit: 'total', attempts: 2 });
  });

  it.each<[string, (...args: unknown[]) => unknown, warnings: number]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      1,
    ],
    [
      'throws nothing at all',
      () => {
        throw undefined;
      },
      1,
    ],
    ['rejects', () => Promise.reject(new Error('broken')), 1],
    ['never returns', () => new Promise(() => {}), 0],
  ])('a listener that %s changes nothing, and is told of once', async (_, handler, warnings) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const peer = await meet('healthy');
    const client = open({ adapter, retry: { retries: 1, baseDelay: 1, budget: false }, breaker: false });
    const calls: unknown[] = [];
    client.on('*', handler as () => void);
    client.on('call', (record) => void calls.push(record));
    for (let i = 0; i < 2; i++) expect((await client.get(peer.url)).status).toBe(200);
    expect(await rejection(client.get(peer.at('/status/503')))).toMatchObject({ response: { status: 503 } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toHaveLength(3);
    expect(warn).toHaveBeenCalledTimes(warnings);
  });

  it('line breaks in names reach neither the wire nor what is told', async () => {
    const peer = await meet('healthy');
    const evil = 'evil\r\nX-Evil: 1';
    expect(() => open({ deadlineHeader: evil })).toThrow(/^deadlineHeader: /);
    const client = open({ adapter, endpoint: evil, retry: false });
    const calls: { url: string; traceId: string }[] = [];
    client.on('call', (record) => void calls.push(record));
    const { data } = await client.get(peer.url);
    expect(JSON.stringify(data.headers)).not.toMatch(/evil/i);
    for (const name of ['traceparent', 'x-mine']) {
      const headers = { [name]: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX-Evil: 1` };
      const end = (work: Promise<{ data: { headers: object } }>): Promise<unknown> =>
        work.then(
          ({ data }) => data.headers,
          ({ code }) => code,
        );
      const ours = await end(client.get(peer.url, { headers }));
      expect(Object.keys(Object(ours))).not.toContain('x-evil');
      expect(typeof ours).toBe(typeof (await end(axios.get(peer.url, { headers, adapter }))));
    }
    await end(client, `${peer.url}a\r\nX-Evil: 1`);
    for (const { url, traceId } of calls) {
      expect(url).not.toMatch(/[\r\n]/);
      expect(traceId).toMatch(/^[\da-f]{32}$/);
    }
  });
});

const end = (client: Client, url: string): Promise<unknown> => client.get(url).catch(() => {});
