// No false timeouts: this process blocks its own event loop for twice the limit, while the upstream, in another process,
// answers in time. The answer is delivered; and where there is none, the timeout says how long the loop was blocked.
import { readFile } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, createClient, type RequestConfig } from '../bare';
import { some } from '../setup/sample';
import { block, forkLab, timeoutOf } from './failures';

const LIMIT = 350; // ms, enough for the other process to answer on a busy machine
const BLOCKED = 2 * LIMIT;
const ANSWERED_AFTER = 30; // ms, in the other process

let lab: Awaited<ReturnType<typeof forkLab>>;
let client: Client;
beforeAll(async () => {
  lab = await forkLab('healthy', 'stall', 'body-stall', 'slow-body');
});
afterAll(() => lab.close());
beforeEach(() => {
  client = createClient({ timeout: false, proxy: false });
});
afterEach(() => client.close());

type Places = Record<string, () => unknown>;

/** Where the event loop is blocked; each is called right after the call was made. */
const PLACES: Places = {
  'in a timer': () => setTimeout(() => block(BLOCKED), 10),
  'in setImmediate': () => setTimeout(() => setImmediate(() => block(BLOCKED)), 10),
  'in an I/O callback': () => setTimeout(() => readFile(import.meta.filename, () => block(BLOCKED)), 10),
  'synchronously after the call': () => block(BLOCKED),
  'in the same turn, once the request is out': async () => {
    for (let i = 0; i < 100; i++) await undefined;
    block(BLOCKED);
  },
};

/** And where it matters to a connection in particular: before anything could be heard of it. */
const EARLIER: Places = {
  'in a timer of the next turn': () => setTimeout(() => block(BLOCKED), 0),
  'in setImmediate of the same turn': () => setImmediate(() => block(BLOCKED)),
  'in an I/O callback of the next turn': () => readFile(import.meta.filename, () => block(BLOCKED)),
};

/** Answers through this process' own loop, after a while: what is late here is late through us. */
const slowLookup: NonNullable<RequestConfig['lookup']> = (_hostname: string, options: { all?: boolean }, callback: unknown) => {
  const answer = callback as (error: null, address: unknown, family?: number) => void;
  setTimeout(() => (options.all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4)), 30);
};

const LIMITS: Record<string, RequestConfig> = {
  connect: { timeout: { connect: LIMIT } },
  response: { timeout: { response: LIMIT } },
  read: { timeout: { read: LIMIT } },
  total: { timeout: LIMIT },
  deadline: { timeout: false, deadline: LIMIT },
};

describe.each(Object.entries(LIMITS))('an answer that is there in time is delivered under %s', (name, config) => {
  const connecting = name === 'connect';
  const places = some(Object.entries({ ...PLACES, ...(connecting && EARLIER) }), 2, Object.keys(LIMITS).indexOf(name));
  it.each(places)('though the loop was blocked %s', async (_place, blockSomewhere) => {
    const url = lab.url('healthy', connecting ? '/' : `/delay/${ANSWERED_AFTER}`);
    const call = client.get(connecting ? url.replace('127.0.0.1', 'localhost') : url, {
      ...config,
      ...(connecting && { lookup: slowLookup }),
    });
    blockSomewhere();
    const response = await call;
    expect(response.status).toBe(200);
    expect(response.data.ok).toBe(true);
  });
});

describe("an answer that is there in time is delivered through axios' fetch adapter", () => {
  it.each(some(Object.entries(PLACES), 2))('though the loop was blocked %s', async (_place, blockSomewhere) => {
    const call = client.get(lab.url('healthy', `/delay/${ANSWERED_AFTER}`), {
      timeout: { response: LIMIT, total: LIMIT },
      adapter: 'fetch',
    });
    blockSomewhere();
    expect((await call).status).toBe(200);
  });
});

describe('a body that keeps coming', () => {
  it('is not cut off by read where the loop is blocked between its chunks', async () => {
    const call = client.get(lab.url('slow-body'), { timeout: { read: LIMIT } });
    const blocking = setInterval(() => block(BLOCKED), BLOCKED + 50);
    try {
      expect((await call).data).toBe('chunk\n'.repeat(20));
    } finally {
      clearInterval(blocking);
    }
  });
});

describe('a timeout that is real', () => {
  const REAL: [
    name: string,
    limit: 'connect' | 'response' | 'read' | 'body' | 'total' | 'deadline',
    upstream: string,
    config: RequestConfig,
  ][] = [
    ['connect', 'connect', 'healthy', { timeout: { connect: LIMIT }, lookup: () => {} }],
    ['response', 'response', 'stall', { timeout: { response: LIMIT } }],
    ['read', 'read', 'stall', { timeout: { read: LIMIT } }],
    ['body', 'body', 'body-stall', { timeout: { body: LIMIT } }],
    ['total', 'total', 'body-stall', { timeout: LIMIT }],
    ['deadline', 'deadline', 'stall', { timeout: false, deadline: LIMIT }],
  ];
  // Again where the machine was so busy that the loop was blocked before the request was out.
  it.each(REAL)('of %s says how long the loop was blocked', { retry: 3 }, async (_name, limit, upstream, config) => {
    const timeouts: unknown[] = [];
    client.on('timeout', (record) => timeouts.push(record));
    const url = lab.url(upstream);
    const error = await timeoutOf(
      async () => {
        const call = client.get(limit === 'connect' ? url.replace('127.0.0.1', 'localhost') : url, config);
        setTimeout(() => block(BLOCKED), 50); // over the limit's end
        await call;
      },
      limit,
      LIMIT,
    );
    expect(error.lag).toBeGreaterThan(0);
    expect(error.lag).toBeLessThanOrEqual(LIMIT); // what was given back is never more than the limit
    expect(error.message).toContain('event loop');
    expect(timeouts).toMatchObject([{ limit, lag: error.lag }]);
  });

  it('is on time, and without lag, where the loop is free', async () => {
    const error = await timeoutOf(() => client.get(lab.url('stall'), { timeout: { read: LIMIT } }), 'read', LIMIT);
    expect(error.lag).toBeLessThanOrEqual(Math.max(0, error.took - LIMIT));
    if (error.lag === 0) expect(error.message).not.toContain('event loop');
  });

  it('comes although the loop is blocked again and again: the time is given back once', async () => {
    const blocking = setInterval(() => block(60), 70);
    try {
      await timeoutOf(() => client.get(lab.url('stall'), { timeout: { response: LIMIT } }), 'response', LIMIT);
    } finally {
      clearInterval(blocking);
    }
  });
});
