// What shares a breaker, how many there are, and what a request may set for itself. On a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient, type Policies } from '../../src/index';
import { DEFAULT_BREAKER } from '../../src/options/breaker';
import { Breakers } from '../../src/policies/breaker';
import { ask, askTimes, ENDPOINT, errorOf, FakeUpstream, settled } from './breaker-support';

let upstream: FakeUpstream;
let client: Client;

function start(policies: Policies = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, ...policies });
}

const endpoints = (): string[] => client.breakers.list().map(({ endpoint }) => endpoint);

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
});

afterEach(async () => {
  await client.close();
  vi.useRealTimers();
});

describe('what shares a breaker', () => {
  it('is an endpoint: a thousand users are one', async () => {
    start();
    for (let id = 1; id <= 1_000; id++) await ask(client, { url: `http://up.test/users/${id}` });
    expect(client.breakers.list()).toMatchObject([{ endpoint: ENDPOINT, calls: 1_000 }]);
  });

  it('is the path with its identifiers taken out, whatever they look like', async () => {
    start();
    const ids = ['42', '0b8f5a0e-7d1f-4c3a-9a53-0e7f4f3f5b11', '5f4dcc3b5aa765d61d8327deb882cf99', '2026-11-23', 'ada%40example.com'];
    for (const id of ids) await ask(client, { url: `http://up.test/users/${id}?page=${id}` });
    expect(endpoints()).toEqual([ENDPOINT]);
  });

  it('is not another method, path or origin: one that fails leaves the rest alone', async () => {
    start();
    upstream.does = 500;
    await askTimes(10, client);
    upstream.does = 200;
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(await ask(client, { method: 'POST' })).toBe(200);
    expect(await ask(client, { url: 'http://up.test/orders/1' })).toBe(200);
    expect(await ask(client, { url: 'http://other.test/users/1' })).toBe(200);
  });

  it('is the origin, where that is asked for', async () => {
    start({ breaker: { per: 'origin' } });
    upstream.does = 500;
    for (let i = 0; i < 10; i++) await ask(client, { url: `http://up.test/page-${i}` });
    upstream.does = 200;
    expect(await errorOf(client.post('http://up.test/other'))).toMatchObject({ code: 'EBREAKEROPEN', endpoint: 'http://up.test' });
    expect(await ask(client, { url: 'http://other.test/' })).toBe(200);
    expect(endpoints()).toEqual(['http://up.test', 'http://other.test']);
  });

  it('is the name, where the endpoint has one', async () => {
    start({ endpoint: ({ url }) => (url?.includes('/users/') ? 'users' : 'rest') });
    await ask(client);
    await ask(client, { method: 'POST' });
    await ask(client, { endpoint: 'mine' });
    expect(endpoints()).toEqual(['users', 'mine']);
    client.breakers.open('users');
    expect(await ask(client)).toBe('EBREAKEROPEN');
  });

  it('is not another client', async () => {
    start();
    const other = createClient({ adapter: upstream.adapter });
    client.breakers.open(ENDPOINT);
    expect(await ask(other)).toBe(200);
    await other.close();
  });
});

describe('memory', () => {
  async function visit(from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++) await ask(client, { endpoint: `e${i}` });
  }

  it('is of a thousand endpoints; those that refuse calls or have some under way stay', async () => {
    start();
    upstream.does = { status: 429, headers: { 'retry-after': '60' } };
    await ask(client, { endpoint: 'gated' });
    upstream.does = 'hang';
    const call = ask(client, { endpoint: 'busy' });
    await settled();
    upstream.does = 500;
    for (let i = 0; i < 10; i++) await ask(client, { endpoint: 'open' });
    const release = client.breakers.open('held');
    upstream.does = 200;
    await visit(0, 1_500);
    expect(client.breakers.list()).toHaveLength(1_000);
    expect(client.breakers.get('open').state).toBe('open');
    expect(client.breakers.get('busy').inFlight).toBe(1);
    expect(client.breakers.get('held').state).toBe('open');
    expect(client.breakers.get('gated').retryAfter).toBe(60_000);
    release();
    upstream.held[0]?.answer(200);
    await call;
    vi.advanceTimersByTime(60_000);
    await visit(1_500, 2_500);
    expect(endpoints()).toEqual(Array.from({ length: 1_000 }, (_, i) => `e${1_500 + i}`));
  });

  it('of endpoints that asked for a pause is bounded as well: a single answer each is enough for that', () => {
    const breakers = new Breakers(DEFAULT_BREAKER, () => {});
    for (let i = 0; i < 12_000; i++) breakers.of(`e${i}`, DEFAULT_BREAKER).gate(60_000);
    expect(breakers.list()).toHaveLength(10_000);
    expect(breakers.get('e11999').retryAfter).toBe(60_000);
    vi.advanceTimersByTime(60_000);
    for (let i = 0; i < 2_000; i++) breakers.of(`f${i}`, DEFAULT_BREAKER);
    expect(breakers.list()).toHaveLength(1_000);
  });

  it('of endpoints that opened once and were never asked for again does not crowd out the others', async () => {
    start({ breaker: { burst: { minCalls: 1 } } });
    upstream.does = 500;
    await visit(0, 1_000);
    vi.advanceTimersByTime(60_000);
    upstream.does = 500;
    await ask(client);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(client.breakers.list()).toHaveLength(1_000);
  });
});

describe('snapshots', () => {
  it('are JSON, in every state', async () => {
    start();
    client.breakers.open('held');
    upstream.does = 500;
    await askTimes(10, client);
    upstream.does = { status: 429, headers: { 'retry-after': '5' } };
    await ask(client, { endpoint: 'gated' });
    const list = client.breakers.list();
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
    expect(list).toEqual([
      {
        endpoint: 'held',
        state: 'open',
        since: Date.now(),
        retryAfter: Number.MAX_SAFE_INTEGER,
        calls: 0,
        failureRate: 0,
        slowRate: 0,
        inFlight: 0,
      },
      { endpoint: ENDPOINT, state: 'open', since: Date.now(), retryAfter: 60_000, calls: 10, failureRate: 1, slowRate: 0, inFlight: 0 },
      { endpoint: 'gated', state: 'closed', since: Date.now(), retryAfter: 5_000, calls: 0, failureRate: 0, slowRate: 0, inFlight: 0 },
    ]);
  });

  it('of an endpoint that nobody has asked for say closed, and make nothing', () => {
    start();
    expect(client.breakers.get('GET http://nowhere.test/')).toMatchObject({ state: 'closed', calls: 0, inFlight: 0 });
    expect(client.breakers.list()).toEqual([]);
  });
});

describe('a request', () => {
  it('may do without: it passes an open breaker, and is not counted', async () => {
    start();
    upstream.does = 500;
    await askTimes(9, client);
    expect(await askTimes(5, client, { breaker: false })).toEqual(Array(5).fill(500));
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 9 });
    await ask(client);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(await ask(client, { breaker: false })).toBe(500);
  });

  it('may have one where the client has none', async () => {
    start({ breaker: false });
    upstream.does = 500;
    await askTimes(30, client);
    expect(client.breakers.list()).toEqual([]);
    expect(await askTimes(11, client, { breaker: {} })).toEqual([...Array(10).fill(500), 'EBREAKEROPEN']);
  });

  it('may set its own numbers, field by field over the client’s', async () => {
    start({ breaker: { openFor: 5_000, burst: { minCalls: 50 } } });
    upstream.does = 500;
    const strict = { breaker: { burst: { window: 30_000, minCalls: 3 } } };
    expect(await askTimes(4, client, strict)).toEqual([500, 500, 500, 'EBREAKEROPEN']);
    expect(client.breakers.get(ENDPOINT).retryAfter).toBe(5_000);
  });

  it('judges what was counted before it by its own numbers, and leaves the counts to those that come after', async () => {
    start({ breaker: { burst: false } });
    upstream.does = 500;
    await askTimes(4, client);
    expect(await ask(client, { breaker: { minCalls: 6 } })).toBe(500);
    await ask(client);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 6 });
    expect(await ask(client, { breaker: { minCalls: 6 } })).toBe('EBREAKEROPEN');
  });

  it('may want the fast trigger where the client does without, and the other way round', async () => {
    start({ breaker: { burst: false } });
    upstream.does = 500;
    await ask(client);
    const quick = { breaker: { burst: { window: 30_000, minCalls: 2 } } };
    expect(await askTimes(3, client, quick)).toEqual([500, 500, 'EBREAKEROPEN']);
    start();
    await askTimes(9, client);
    expect(await askTimes(5, client, { breaker: { burst: false } })).toEqual(Array(5).fill(500));
    expect(client.breakers.get(ENDPOINT).state).toBe('closed');
  });

  it('that counts over another span begins to count anew', async () => {
    start();
    upstream.does = 500;
    await askTimes(9, client);
    await ask(client, { breaker: { burst: { window: 20_000, minCalls: 2 } } });
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 10 });
    expect(await askTimes(2, client, { breaker: { burst: { window: 20_000, minCalls: 2 } } })).toEqual([500, 'EBREAKEROPEN']);
    expect(client.breakers.get(ENDPOINT).calls).toBe(11);
    client.breakers.reset();
    await askTimes(9, client);
    await ask(client, { breaker: { window: 60_000, burst: false } });
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 1 });
  });

  it('that counts over other spans takes turns with those that do not, and the breaker opens all the same', async () => {
    start();
    upstream.does = 500;
    const others = Array.from({ length: 4 }, (_, i) => ({ breaker: { window: 60_000 + i, burst: { window: 10_000 + i } } }));
    for (let i = 0; i < 9; i++) await ask(client, i % 2 ? others[i % 4] : {});
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'closed', calls: 9 });
    expect(await askTimes(2, client)).toEqual([500, 'EBREAKEROPEN']);
  });

  it('that counts over another span takes no count away when it ends', async () => {
    start({ breaker: { burst: false } });
    upstream.does = 'hang';
    const other = ask(client, { breaker: { window: 60_000 } });
    await settled();
    upstream.does = 500;
    await askTimes(19, client);
    upstream.held[0]?.answer(200);
    await other;
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'open', calls: 20 });
  });

  it('is judged over its own span, whoever has come since', async () => {
    start({ breaker: { minCalls: 4, burst: false } });
    upstream.does = 500;
    await askTimes(2, client);
    upstream.does = 'hang';
    const call = ask(client);
    await settled();
    upstream.does = 200;
    await ask(client, { breaker: { window: 60_000 } });
    upstream.held[0]?.answer(500);
    expect(await call).toBe(500);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ state: 'open', calls: 4 });
  });

  it('is judged by its own `isFailure`, whoever has come since', async () => {
    start({ breaker: { per: 'origin' } });
    upstream.does = 'hang';
    const strict = { breaker: { isFailure: ({ status }: { status?: number | undefined }) => status === 404 } };
    const calls = [...Array.from({ length: 10 }, () => ask(client, strict)), ...Array.from({ length: 10 }, () => ask(client))];
    await settled();
    const { held } = upstream;
    for (const call of [...held.slice(10), ...held.slice(0, 9)]) call.answer(404);
    await settled();
    expect(client.breakers.list()).toMatchObject([{ state: 'closed', calls: 19, failureRate: 9 / 19 }]);
    held[9]?.answer(500);
    expect((await Promise.all(calls)).slice(8, 10)).toEqual([404, 500]);
    expect(client.breakers.list()).toMatchObject([{ calls: 20, failureRate: 9 / 20 }]);
  });

  it('is slow by its own rule, whoever has come since', async () => {
    start({ breaker: { slow: { after: 1_000 } } });
    upstream.does = 'hang';
    const call = ask(client);
    await settled();
    vi.advanceTimersByTime(1_500);
    upstream.does = 200;
    await ask(client, { breaker: { slow: false } });
    upstream.held[0]?.answer(200);
    await call;
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ calls: 2, slowRate: 0.5 });
  });

  it('opens the breaker by its own numbers once it ends, whoever has come since', async () => {
    start({ breaker: { burst: { minCalls: 3 } } });
    upstream.does = 'hang';
    const calls = Array.from({ length: 4 }, () => ask(client));
    await settled();
    upstream.does = 200;
    expect(await ask(client, { breaker: { mode: 'observe', burst: false } })).toBe(200);
    const changes = vi.fn();
    client.on('breaker', ({ to }) => changes(to));
    for (const { answer } of upstream.held) answer(500);
    await Promise.all(calls);
    expect(changes).toHaveBeenCalledExactlyOnceWith('open');
  });

  it.each([
    { failureRate: -0.1 },
    { failureRate: 1.1 },
    { minCalls: 0 },
    { openFor: -1 },
    { openFor: Number.NaN },
    { burst: { calls: 3 } },
    { slow: { rate: 2 } },
    { probes: 1.5 },
    { per: 'host' },
    { mode: 'on' },
    { isFailure: true },
    { threshold: 3 },
    3,
    null,
  ])('with an option that cannot be meant is refused before it is sent: %j', async (breaker) => {
    start();
    expect(await ask(client, { breaker: breaker as never })).toBe('ERR_BAD_OPTION_VALUE');
    expect(upstream.requests).toBe(0);
    expect(() => createClient({ breaker: breaker as never })).toThrow(/breaker/);
  });
});
