// What is told of attempts and calls: every field, real timings, the order, and not one secret.
import http from 'node:http';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptRecord, type CallRecord, type Client, createClient, type EventType, type RequestConfig } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, watchUnhandled } from './failures';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let events: { type: EventType; record: AttemptRecord | CallRecord }[];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'stall', 'body-stall', 'slow-body', 'redirect-loop-slow', 'http2-healthy'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  client = createClient({ proxy: false });
  events = [];
  client.on('*', (type, record) => events.push({ type, record: record as AttemptRecord | CallRecord }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await client.close();
});

const only = (type: EventType): (AttemptRecord | CallRecord)[] => events.filter((event) => event.type === type).map(({ record }) => record);
const order = (): EventType[] => events.map(({ type }) => type);
const sum = (timings: object): number => Object.values(timings).reduce((total: number, ms: number) => total + ms, 0);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the records of a success', () => {
  it('have every field', async () => {
    const before = Date.now();
    await client.post(lab.url('healthy', '/users/42?token=s3cret'), { a: 1 });
    expect(order()).toEqual(['attempt', 'call']);
    const origin = new URL(lab.url('healthy')).origin;
    const common = {
      id: expect.stringMatching(/^\S+$/),
      endpoint: `POST ${origin}/users/:id`,
      method: 'POST',
      url: `${origin}/users/42?token=REDACTED`,
      startedAt: expect.any(Number),
      elapsed: expect.any(Number),
      timings: expect.any(Object),
      timedOut: false,
      status: 200,
      outcome: 'success',
      reusedSocket: false,
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
    };
    const [attempt] = only('attempt') as AttemptRecord[];
    const [call] = only('call') as CallRecord[];
    expect(attempt).toEqual({ ...common, attempt: 1 });
    expect(call).toEqual({ ...common, attempts: 1 });
    expect(call?.id).toBe(attempt?.id);
    expect(call?.traceId).toBe(attempt?.traceId);
    expect(attempt?.startedAt).toBeGreaterThanOrEqual(before);
    expect(attempt?.startedAt).toBeLessThanOrEqual(Date.now());
    expect(call?.elapsed).toBeGreaterThanOrEqual(attempt?.elapsed ?? Infinity);
  });

  it('have timings that are real: they add up, and the wait is where it was', async () => {
    await client.get(lab.url('healthy', '/delay/400'));
    const [attempt] = only('attempt');
    expect(Object.keys(attempt?.timings ?? {}).sort()).toEqual(['body', 'queue', 'response', 'send', 'tcp', 'waiting']);
    expect(attempt?.timings.response).toBeGreaterThanOrEqual(300);
    expect(sum(attempt?.timings ?? {})).toBeLessThanOrEqual((attempt?.elapsed ?? 0) + 1);
    expect(sum(attempt?.timings ?? {})).toBeGreaterThanOrEqual((attempt?.elapsed ?? Infinity) - 200);
  });

  it('have each phase of a connection: lookup, tcp, tls', async () => {
    const config: RequestConfig = {
      httpsAgent: new (await import('node:https')).Agent({ ca: lab.ca }),
      lookup: (_host: string, options: object, callback: unknown) => {
        const answer = callback as (error: null, address: unknown, family?: number) => void;
        const all = (options as { all?: boolean }).all;
        setTimeout(() => (all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4)), 150);
      },
    };
    await client.get(lab.url('tls-healthy').replace('127.0.0.1', 'localhost'), config);
    const [attempt] = only('attempt');
    expect(attempt?.timings.lookup).toBeGreaterThanOrEqual(75); // the phase is told of a turn after it began
    expect(attempt?.timings.tcp).toBeGreaterThan(0);
    expect(attempt?.timings.tls).toBeGreaterThan(0);
    expect(attempt?.timings.queue).toBeLessThan(attempt?.timings.lookup ?? 0);
  });

  it('say that a connection was reused, and then have no time for connecting', async () => {
    await client.get(lab.url('healthy'));
    await sleep(20);
    await client.get(lab.url('healthy'));
    const [first, second] = only('attempt');
    expect([first?.reusedSocket, second?.reusedSocket]).toEqual([false, true]);
    expect(first?.timings.tcp).toBeGreaterThan(0);
    expect(second?.timings.tcp).toBeUndefined();
    expect(first?.id).not.toBe(second?.id);
    expect(first?.traceId).not.toBe(second?.traceId);
  });

  it('count the wait for the pool as such', async () => {
    const httpAgent = new http.Agent({ maxSockets: 1 });
    await Promise.all([client.get(lab.url('healthy', '/delay/400'), { httpAgent }), client.get(lab.url('healthy'), { httpAgent })]);
    const waited = only('attempt').map(({ timings }) => timings.queue ?? 0);
    expect(Math.max(...waited)).toBeGreaterThanOrEqual(300);
    expect(Math.min(...waited)).toBeLessThan(300);
    httpAgent.destroy();
  });

  it('count redirects into one attempt, hop upon hop', async () => {
    await client.get(lab.url('redirect-loop-slow'));
    expect(order()).toEqual(['attempt', 'call']);
    const [attempt] = only('attempt');
    expect(attempt).toMatchObject({ attempt: 1, status: 200, outcome: 'success', url: lab.url('redirect-loop-slow') });
    expect(attempt?.timings.response).toBeGreaterThanOrEqual(1_000);
  });

  it("come for axios' fetch adapter and for a custom one", async () => {
    await client.get(lab.url('healthy', '/delay/50'), { adapter: 'fetch' });
    await client.get('http://nowhere.test/a', {
      adapter: async (config) => ({ data: '', status: 204, statusText: '', headers: {}, config }),
    });
    const [fetched, custom] = only('attempt');
    expect(fetched).toMatchObject({ status: 200, outcome: 'success' });
    expect(fetched?.timings.waiting).toBeGreaterThanOrEqual(45);
    expect(fetched?.timings.body).toBeGreaterThanOrEqual(0);
    expect(custom).toMatchObject({ status: 204, outcome: 'success', endpoint: 'GET http://nowhere.test/a' });
    expect(custom).not.toHaveProperty('reusedSocket');
  });

  it('come for HTTP/2', async () => {
    await client.get(lab.url('http2-healthy'), { httpVersion: 2, http2Options: { ca: lab.ca } } as RequestConfig);
    const [attempt] = only('attempt');
    expect(attempt).toMatchObject({ status: 200, outcome: 'success', reusedSocket: false });
    expect(attempt?.timings.tls).toBeGreaterThan(0);
  });
});

describe('the records of a failure', () => {
  it('say the status of an HTTP error', async () => {
    await failureOf(() => client.get(lab.url('healthy', '/status/503')));
    expect(order()).toEqual(['attempt', 'call']);
    for (const { record } of events)
      expect(record).toMatchObject({ outcome: 'http-error', status: 503, timedOut: false, code: 'ERR_BAD_RESPONSE' });
  });

  it('say the code of a network error', async () => {
    await failureOf(() => client.get('http://127.0.0.1:1/'));
    for (const { record } of events) {
      expect(record).toMatchObject({ outcome: 'error', code: 'ECONNREFUSED', timedOut: false });
      expect(record).not.toHaveProperty('status');
    }
    expect(order()).toEqual(['attempt', 'call']);
  });

  it('of a call that its own interceptor refused have no attempt', async () => {
    client.interceptors.request.use(() => Promise.reject(new Error('no token')));
    await failureOf(() => client.get(lab.url('healthy')));
    expect(order()).toEqual(['call']);
    expect(only('call')).toMatchObject([{ attempts: 0, outcome: 'error', timedOut: false }]);
  });

  it('of a call that a response interceptor refused tell the attempt apart', async () => {
    client.interceptors.response.use(() => Promise.reject(new Error('bad data')));
    await failureOf(() => client.get(lab.url('healthy')));
    expect(only('attempt')).toMatchObject([{ outcome: 'success', status: 200 }]);
    expect(only('call')).toMatchObject([{ outcome: 'error', attempts: 1 }]);
  });
});

describe('the records of a timeout', () => {
  const LIMITS: [string, RequestConfig, string][] = [
    ['read', { timeout: { read: 150 } }, 'stall'],
    ['response', { timeout: { response: 150 } }, 'stall'],
    ['body', { timeout: { body: 150 } }, 'body-stall'],
    ['total', { timeout: 150 }, 'stall'],
    ['deadline', { timeout: false, deadline: 150 }, 'stall'],
  ];
  it.each(LIMITS)('come once and in order, and say the same (%s)', async (limit, config, upstream) => {
    const { error } = await failureOf(() => client.get(lab.url(upstream), config));
    await sleep(100);
    expect(order()).toEqual(['attempt', 'timeout', 'call']);
    const [, timeout] = events;
    for (const { type, record } of events) {
      expect(record).toMatchObject({
        outcome: 'timeout',
        timedOut: true,
        code: 'ETIMEDOUT',
        limit,
        phase: upstream === 'stall' ? 'response' : 'body',
        kind: 'read',
        lag: expect.any(Number),
      });
      // The deadline counts from the beginning of the call, and the attempt began later.
      if (limit !== 'deadline' || type !== 'attempt') expect(record.elapsed).toBeGreaterThanOrEqual(150);
    }
    expect(only('attempt')).toMatchObject([{ attempt: 1 }]);
    expect(timeout?.record).toMatchObject({ attempt: 1, elapsed: (error as { elapsed: number }).elapsed });
    expect(only('call')).toMatchObject([{ attempts: 1 }]);
    expect(new Set(events.map(({ record }) => record.id)).size).toBe(1);
    expect(new Set(events.map(({ record }) => record.traceId)).size).toBe(1);
    const status = upstream === 'body-stall' ? 200 : undefined;
    expect(events.map(({ record }) => record.status)).toEqual(events.map(() => status));
  });

  it('have the timings that the error has', async () => {
    const { error } = await failureOf(() => client.get(lab.url('stall'), { timeout: { read: 150 } }));
    const [attempt, timeout, call] = events.map(({ record }) => record);
    expect(attempt?.timings.response).toBeGreaterThanOrEqual(149);
    expect(timeout?.timings).toEqual(attempt?.timings);
    expect(call?.timings).toEqual(attempt?.timings);
    expect(Object.keys((error as { timings: object }).timings).sort()).toEqual(Object.keys(attempt?.timings ?? {}).sort());
  });
});

describe('the records of a stream', () => {
  it('are the call when it is handed out, and the attempt with its last byte', async () => {
    const { data } = await client.get<Readable>(lab.url('slow-body'), { responseType: 'stream' });
    expect(order()).toEqual(['call']);
    for await (const _chunk of data);
    expect(order()).toEqual(['call', 'attempt']);
    const [attempt] = only('attempt');
    expect(attempt).toMatchObject({ outcome: 'success', status: 200 });
    expect(attempt?.timings.body).toBeGreaterThanOrEqual(500);
    expect(attempt?.elapsed).toBeGreaterThan(only('call')[0]?.elapsed ?? Infinity);
  });

  it('say a timeout after the call had succeeded', async () => {
    const { data } = await client.get<Readable>(lab.url('body-stall'), { responseType: 'stream', timeout: { read: 150 } });
    const { error } = await failureOf(async () => {
      for await (const _chunk of data);
    });
    expect(error).toMatchObject({ limit: 'read', phase: 'body' });
    expect(order()).toEqual(['call', 'attempt', 'timeout']);
    expect(only('call')).toMatchObject([{ outcome: 'success' }]);
    expect(only('attempt')).toMatchObject([{ outcome: 'timeout', limit: 'read', phase: 'body' }]);
  });

  it('say that the consumer gave it up', async () => {
    const { data } = await client.get<Readable>(lab.url('slow-body'), { responseType: 'stream' });
    data.destroy();
    await sleep(50);
    expect(order()).toEqual(['call', 'attempt']);
    expect(only('attempt')).toMatchObject([{ outcome: 'canceled', timedOut: false }]);
  });
});
