// The operator's switches, observe mode, and what listeners see. On a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BreakerEvent, type BreakerOptions, type BreakerSnapshot, type Client, createClient } from '../../src/index';
import { ask, askTimes, ENDPOINT, errorOf, FakeUpstream, settled, URL } from './breaker-support';

let upstream: FakeUpstream;
let client: Client;
let events: BreakerEvent[];

function start(breaker: BreakerOptions = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, breaker });
  client.on('breaker', (event) => events.push(event));
}

const snapshot = (): BreakerSnapshot => client.breakers.get(ENDPOINT);
const moves = (): string[] => events.map(({ from, to, reason }) => `${from} > ${to}: ${reason}`);

async function trip(): Promise<void> {
  upstream.does = 500;
  await askTimes(10, client);
  expect(snapshot().state).toBe('open');
}

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
  events = [];
});

afterEach(async () => {
  await client.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('an operator', () => {
  it('holds an endpoint open, known or not, until he lets go', async () => {
    start();
    const release = client.breakers.open(ENDPOINT);
    expect(await errorOf(client.get(URL))).toMatchObject({
      code: 'EBREAKEROPEN',
      reason: 'operator',
      retryAfter: Number.MAX_SAFE_INTEGER,
    });
    vi.advanceTimersByTime(86_400_000);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(upstream.requests).toBe(0);
    release();
    expect(await ask(client)).toBe(200);
    expect(moves()).toEqual(['closed > open: operator', 'open > closed: operator']);
  });

  it('has an answer at once for every call, before any limit, and for those that a limit held up till then', async () => {
    client = createClient({ adapter: upstream.adapter, retry: false, limit: { rate: 1, maxQueue: 1 } });
    await ask(client);
    const waiting = ask(client);
    await settled();
    client.breakers.open(ENDPOINT);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    await vi.advanceTimersByTimeAsync(1_010);
    expect(await waiting).toBe('EBREAKEROPEN');
    expect(upstream.requests).toBe(1);
  });

  it('forgets an endpoint that he does not know without harm, and is told nothing', () => {
    start();
    client.breakers.reset('GET http://nowhere.test/');
    client.breakers.close('GET http://nowhere.test/');
    expect(client.breakers.list()).toEqual([]);
    expect(events).toEqual([]);
  });

  it('and another both have to let go; letting go twice counts once', async () => {
    start();
    const [one, other] = [client.breakers.open(ENDPOINT), client.breakers.open(ENDPOINT)];
    one();
    one();
    expect(await ask(client)).toBe('EBREAKEROPEN');
    other();
    expect(await ask(client)).toBe(200);
    expect(moves()).toEqual(['closed > open: operator', 'open > closed: operator']);
  });

  it('holds it whatever calls under way come to', async () => {
    start();
    upstream.does = 'hang';
    const calls = Array.from({ length: 20 }, () => ask(client));
    await settled();
    const release = client.breakers.open(ENDPOINT);
    for (const [i, held] of upstream.held.entries()) held.answer(i % 2 ? 200 : 500);
    await Promise.all(calls);
    expect(snapshot()).toMatchObject({ state: 'open', calls: 0, inFlight: 0 });
    release();
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0 });
  });

  it('takes over a breaker that is open already, and leaves it closed', async () => {
    start();
    await trip();
    const release = client.breakers.open(ENDPOINT);
    vi.advanceTimersByTime(600_000);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    release();
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0 });
  });

  it('closes it, over every hold; a handle from before does nothing any more', async () => {
    start();
    const stale = client.breakers.open(ENDPOINT);
    client.breakers.close(ENDPOINT);
    expect(await ask(client)).toBe(200);
    const again = client.breakers.open(ENDPOINT);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    again();
    expect(await ask(client)).toBe(200);
    stale();
    expect(snapshot().state).toBe('closed');
    const release = client.breakers.open(ENDPOINT);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    stale();
    expect(await ask(client)).toBe('EBREAKEROPEN');
    release();
    expect(await ask(client)).toBe(200);
  });

  it('closes one that failures opened, and its counts begin anew', async () => {
    start();
    await trip();
    client.breakers.close(ENDPOINT);
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0, retryAfter: 0 });
    expect(await ask(client)).toBe(500);
  });

  it('lifts a pause the peer asked for', async () => {
    start();
    upstream.does = { status: 429, headers: { 'retry-after': '60' } };
    await ask(client);
    client.breakers.close(ENDPOINT);
    expect(await ask(client)).toBe(429);
  });

  it('closing one that is closed, or that nobody has heard of, is no event', async () => {
    start();
    await ask(client);
    client.breakers.close(ENDPOINT);
    client.breakers.close('GET http://nowhere.test/');
    expect(events).toEqual([]);
    expect(client.breakers.list()).toHaveLength(1);
  });

  it('resets one, or all: listeners hear that it is closed, and calls under way move nothing', async () => {
    start();
    upstream.does = 'hang';
    const calls = Array.from({ length: 20 }, () => ask(client));
    await settled();
    await trip();
    const release = client.breakers.open('GET http://other.test/');
    client.breakers.reset(ENDPOINT);
    expect(client.breakers.list()).toMatchObject([{ endpoint: 'GET http://other.test/', state: 'open' }]);
    for (const held of upstream.held) held.answer(500);
    await Promise.all(calls);
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0 });
    client.breakers.reset();
    expect(client.breakers.list()).toEqual([]);
    release();
    expect(moves()).toEqual(['closed > open: burst', 'closed > open: operator', 'open > closed: operator', 'open > closed: operator']);
  });
});

describe('observe', () => {
  it('tells what it would do, and lets every call through', async () => {
    start({ mode: 'observe' });
    upstream.does = 500;
    expect(await askTimes(30, client)).toEqual(Array(30).fill(500));
    vi.advanceTimersByTime(60_000);
    upstream.does = 200;
    expect(await askTimes(2, client)).toEqual([200, 200]);
    expect(moves()).toEqual(['closed > open: burst', 'open > half-open: due', 'half-open > closed: probes-succeeded']);
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0 });
  });

  it('keeps no pause, but obeys the operator', async () => {
    start({ mode: 'observe' });
    upstream.does = { status: 429, headers: { 'retry-after': '60' } };
    expect(await askTimes(2, client)).toEqual([429, 429]);
    const release = client.breakers.open(ENDPOINT);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    release();
    expect(await ask(client)).toBe(429);
  });
});

describe('an event', () => {
  it('comes once the state has changed, with the snapshot of it', async () => {
    start();
    const seen: string[] = [];
    client.on('breaker', ({ to, snapshot: told }) => seen.push(`${to} ${told.state} ${snapshot().state}`));
    await trip();
    vi.advanceTimersByTime(60_000);
    upstream.does = 200;
    await askTimes(2, client);
    expect(seen).toEqual(['open open open', 'half-open half-open half-open', 'closed closed closed']);
    expect(events[0]).toMatchObject({ endpoint: ENDPOINT, snapshot: { calls: 10, failureRate: 1, retryAfter: 60_000 } });
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  });

  it('may be answered by a handler that works the breaker', async () => {
    start();
    client.on('breaker', ({ to, endpoint }) => {
      if (to === 'open') client.breakers.close(endpoint);
    });
    upstream.does = 500;
    expect(await askTimes(25, client)).toEqual(Array(25).fill(500));
    expect(moves()).toEqual(Array(2).fill(['closed > open: burst', 'open > closed: operator']).flat());
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 5 });
  });

  it('may be answered by a handler that calls', async () => {
    start();
    const answers: Promise<number | string>[] = [];
    client.on('breaker', () => answers.push(ask(client)));
    await trip();
    expect(await Promise.all(answers)).toEqual(['EBREAKEROPEN']);
  });

  it('is not spoilt by a handler that throws', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    start();
    client.on('breaker', () => {
      throw new Error('a bug');
    });
    const later = vi.fn();
    client.on('breaker', later);
    await trip();
    expect(later).toHaveBeenCalledTimes(1);
    expect(await ask(client)).toBe('EBREAKEROPEN');
  });
});

it('the kill switch lets everything through, and the breaker is as it was after', async () => {
  start();
  await trip();
  client.disable();
  expect(await ask(client)).toBe(500);
  client.enable();
  expect(await ask(client)).toBe('EBREAKEROPEN');
});
