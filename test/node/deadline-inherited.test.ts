// Calls made inside withDeadline inherit what is left, and it travels to the next service as a header.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CallRecord, type Client, createClient, Deadline, deadlineFrom, isTimeout, protect, withDeadline } from '../bare';
import { startLab } from '../lab/index.mjs';
import { block, failureOf, watchUnhandled } from './failures';

const MS = 500; // enough for a call to begin in, on a busy machine
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = (): Promise<never> => new Promise(() => {});

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let calls: CallRecord[];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  lab.upstream('healthy').reset();
  lab.upstream('stall').reset();
  client = createClient({ timeout: false, proxy: false });
  calls = [];
  client.on('call', (record) => calls.push(record));
});
afterEach(() => client.close());

describe('what is begun inside, and goes on', () => {
  it.each<[string, (work: () => Promise<unknown>) => Promise<unknown>]>([
    ['well', (work) => work()],
    ['with an error', (work) => work().then(() => Promise.reject(new Error('mine')))],
  ])('is free once the work has ended %s in time', { retry: 2 }, async (_, ending) => {
    const results: Promise<unknown>[] = [];
    let timer: NodeJS.Timeout | undefined;
    const call = (): Promise<unknown> => client.get(lab.url('healthy')).then(({ status }) => status, String);
    const scope = withDeadline(MS, () => {
      timer = setInterval(() => void results.push(call()), MS / 2);
      return ending(call);
    });
    await scope.catch(() => {});
    await sleep(2.2 * MS);
    clearInterval(timer);
    expect(results.length).toBeGreaterThan(1);
    expect(await Promise.all(results)).toEqual(results.map(() => 200));
    expect(calls.every(({ outcome }) => outcome === 'success')).toBe(true);
  });

  it('is held to the deadline round it', async () => {
    let later: Promise<unknown> = never();
    await withDeadline(MS, async () => {
      await withDeadline(MS / 4, async () => {
        setTimeout(() => {
          later = client.get(lab.url('stall'));
        }, 10);
      });
      await sleep(50);
    }).catch(() => {});
    // The outer one is over as well by now; but the call was begun in it.
    await expect(later).rejects.toMatchObject({ limit: 'deadline', limitMs: expect.closeTo(MS, -2) });
  });

  it('is held to a deadline that has run out', async () => {
    let timer: NodeJS.Timeout | undefined;
    const later = new Promise((resolve) => {
      withDeadline(50, () => {
        timer = setTimeout(() => resolve(client.get(lab.url('healthy'))), 150);
        return sleep(100);
      }).catch(() => {});
    });
    await expect(later).rejects.toMatchObject({ limit: 'deadline', limitMs: 0 });
    clearTimeout(timer);
  });

  it('of a handler is free from the start', async () => {
    const told = new Promise((resolve) => {
      client.on('timeout', () => resolve(client.get(lab.url('healthy'))));
    });
    await failureOf(() => withDeadline(50, () => client.get(lab.url('stall'))));
    await expect(told).resolves.toMatchObject({ status: 200 });
  });
});

/** What `listener` makes of the end of the request. */
const ended = (inbound: IncomingMessage, listener: () => Promise<number>): Promise<number> =>
  new Promise((resolve) => {
    inbound.on('end', () => resolve(listener())).resume();
  });

describe('what Node runs elsewhere', () => {
  it.each<[string, number, (inbound: IncomingMessage, left: () => Promise<number>) => Promise<number>]>([
    ['nothing in a listener of the inbound request', 60_000, (inbound, left) => ended(inbound, left)],
    ['it where that listener is bound', 30_000, (inbound, left) => ended(inbound, AsyncLocalStorage.bind(left))],
    [
      'it where the request is read by `for await`',
      30_000,
      async (inbound, left) => {
        for await (const _ of inbound);
        return left();
      },
    ],
  ])('inherits %s', async (_, most, work) => {
    const left = async (): Promise<number> => {
      const { data } = await client.get(lab.url('healthy'), { deadlineHeader: 'x-left', deadline: 60_000 });
      return Number(data.headers['x-left']);
    };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const asking = request({ port: (server.address() as AddressInfo).port, method: 'POST' }).on('error', () => {});
    asking.flushHeaders();
    const rest = await new Promise((resolve) => {
      server.on('request', (inbound: IncomingMessage) => {
        resolve(withDeadline(30_000, () => work(inbound, left)));
        asking.end('its body comes later');
      });
    });
    asking.destroy();
    server.close();
    expect(rest).toBeLessThanOrEqual(most);
    expect(rest).toBeGreaterThan(most - 30_000);
  });

  it('has the deadline of whoever began it, but none if it was begun outside', async () => {
    const outside = AsyncLocalStorage.snapshot();
    const work = (): Promise<unknown> => client.get(lab.url('stall'), { timeout: { total: MS } });
    const share = async (begin: () => Promise<unknown>): Promise<unknown> => {
      let shared: Promise<unknown> | undefined;
      const use = (): Promise<unknown> => {
        shared ??= begin();
        return shared;
      };
      const [, other] = await Promise.allSettled([withDeadline(MS / 5, use), withDeadline(10 * MS, use)]);
      return (other as PromiseRejectedResult).reason.limit;
    };
    expect(await share(work)).toBe('deadline');
    expect(await share(() => outside(work))).toBe('total');
  });
});

describe('a call inside', () => {
  it('inherits what is left, and its error, which knows more, is the one that counts', async () => {
    const { error, took } = await failureOf(() =>
      withDeadline(MS, async () => {
        await sleep(50);
        return client.get(lab.url('stall'));
      }),
    );
    expect(error).toMatchObject({ limit: 'deadline', phase: 'response', kind: 'read', attempts: 1 });
    expect(isTimeout(error) && error.limitMs).toBeLessThanOrEqual(MS - 49);
    expect(took).toBeGreaterThanOrEqual(MS);
    expect(calls).toMatchObject([{ limit: 'deadline', phase: 'response', outcome: 'timeout' }]);
    await lab.upstream('stall').closed(1);
  });

  // A process that is starved for longer than the call's head start ends one try, with the error of the outer deadline.
  it.each([0, 1, 7, 33, 90])('gives the outer promise its phase, timings and attempts, begun %d ms later', { retry: 2 }, async (later) => {
    const work = async (): Promise<unknown> => {
      if (later) await sleep(later);
      return client.get(lab.url('stall'));
    };
    const results = await Promise.all(Array.from({ length: 5 }, () => failureOf(() => withDeadline(MS, work))));
    for (const { error, took } of results) {
      expect(error).toMatchObject({ limit: 'deadline', phase: 'response', kind: 'read', attempts: 1 });
      expect(isTimeout(error) && error.timings.response).toBeGreaterThan(0);
      expect(took).toBeGreaterThanOrEqual(MS);
    }
  });

  it('gives it although Node fires timers out of order', async () => {
    // Of a length it fires all that are due, before those of a length whose first is due later: here the first was cleared.
    const done = withDeadline(MS, () => sleep(100));
    block(30);
    const { error } = await failureOf(() =>
      withDeadline(MS, () => {
        setTimeout(() => block(40), MS - 25);
        return client.get(lab.url('stall'));
      }),
    );
    expect(error).toMatchObject({ limit: 'deadline', phase: 'response', attempts: 1 });
    await done;
  });

  it('gives it although the loop was blocked over the end', async () => {
    const { error } = await failureOf(() =>
      withDeadline(MS, () => {
        setTimeout(() => block(2 * MS), 50);
        return client.get(lab.url('stall'));
      }),
    );
    expect(error).toMatchObject({ limit: 'deadline', phase: 'response', attempts: 1 });
    expect(isTimeout(error) && error.lag).toBeGreaterThan(0);
  });

  it('inherits it in timers, in Promise.all, in event handlers and in other clients', async () => {
    const other = protect(client, { deadline: 60_000 });
    const inTimer = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        setTimeout(() => client.get(lab.url('stall')).then(resolve, reject), 20);
      });
    const work = async (): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled([
        inTimer(),
        Promise.all([client.get(lab.url('stall')), other.get(lab.url('stall'))]),
        new Promise((resolve, reject) => process.nextTick(() => client.get(lab.url('stall')).then(resolve, reject))),
      ]);
    let results: PromiseSettledResult<unknown>[] = [];
    const { took } = await failureOf(() =>
      withDeadline(MS, async () => {
        results = await work();
        throw new Error('all failed');
      }),
    );
    expect(took).toBeGreaterThanOrEqual(MS);
    await vi.waitFor(() => expect(results).toHaveLength(3), 3_000);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { limit: 'deadline' } });
  });

  it('inherits it in a client of another copy of the package', async () => {
    vi.resetModules();
    const other = await import('../../src/index');
    expect(other.withDeadline).not.toBe(withDeadline);
    const theirs = other.createClient({ deadlineHeader: 'x-left', proxy: false });
    const { data } = await withDeadline(MS, () => theirs.get(lab.url('healthy')));
    expect(Number(data.headers['x-left'])).toBeLessThanOrEqual(MS);
    await theirs.close();
  });

  it('is not touched by a deadline that it was not made under', async () => {
    const outside = client.get(lab.url('healthy', '/delay/250'));
    await failureOf(() => withDeadline(50, never));
    expect((await outside).status).toBe(200);
  });

  it.each([
    ['its own deadline, where that is sooner', 60_000, 100, 100],
    ['the outer one, where that is sooner', 100, 60_000, 100],
  ])('ends at %s', async (_which, outer, own, ms) => {
    const { error, took } = await failureOf(() => withDeadline(outer, () => client.get(lab.url('stall'), { deadline: own })));
    expect(error).toMatchObject({ limit: 'deadline', phase: 'response' });
    expect(took).toBeGreaterThanOrEqual(ms);
    expect(took).toBeLessThan(30_000);
  });

  it.each([undefined, false] as const)(
    'of which nothing is left when a call begins says nothing of its endpoint: deadline %s',
    async (deadline) => {
      const endpoint = `spent ${deadline}`;
      const spent = async (): Promise<void> => {
        await sleep(300); // more than it gets back on a busy machine
        for (let i = 0; i < 6; i++)
          await client.get(lab.url('stall'), { endpoint, ...(deadline === false && { deadline }) }).catch(() => {});
      };
      let done: Promise<void> | undefined;
      await failureOf(() =>
        withDeadline(30, () => {
          done = spent();
          return done;
        }),
      );
      await done;
      expect(client.stats.get(endpoint)).toMatchObject({ calls: 6, attempts: 0 });
    },
  );

  it('ends at the outer one though it has none of its own', async () => {
    const { error } = await failureOf(() => withDeadline(MS, () => client.get(lab.url('stall'), { deadline: false })));
    expect(error).toMatchObject({ limit: 'deadline', phase: 'response' });
  });

  it('takes a deadline by hand, as where nothing is inherited', async () => {
    const d = new Deadline(MS);
    const { error, took } = await failureOf(() => client.get(lab.url('stall'), { deadline: d }));
    expect(error).toMatchObject({ limit: 'deadline', phase: 'response' });
    expect(took).toBeGreaterThanOrEqual(MS - 1); // d began before the call
    await sleep(5);
    lab.upstream('healthy').reset();
    const { error: nothingLeft } = await failureOf(() => client.get(lab.url('healthy'), { deadline: d }));
    expect(nothingLeft).toMatchObject({ limit: 'deadline', attempts: 0 });
    expect(lab.upstream('healthy').connections).toBe(0);
  });
});

describe('from service to service', () => {
  let service: Server;
  let url: string;
  const seen: (number | undefined)[] = [];

  beforeAll(async () => {
    // A service that has a slow dependency, and works no longer than its caller waits.
    service = createServer((request, response) => {
      const left = deadlineFrom(request.headers);
      seen.push(left);
      const work = withDeadline(left ?? 60_000, () => client.get(lab.url('stall')));
      work.catch((error) => response.writeHead(isTimeout(error) ? 504 : 500).end(JSON.stringify({ limit: error.limit })));
    });
    await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    service.closeAllConnections();
    service.close();
  });
  beforeEach(() => void seen.splice(0));

  it('the rest is sent, read and kept to', async () => {
    const { error } = await failureOf(() =>
      withDeadline(400, async () => {
        await sleep(100);
        return client.get(url, { deadlineHeader: 'x-request-timeout-ms' });
      }),
    );
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen[0]).toBeLessThanOrEqual(300);
    // Whichever notices first, the service or its caller: both give up, and the dependency is let go.
    expect(isTimeout(error) || (error as { response?: { status: number } }).response?.status === 504).toBe(true);
    await lab.upstream('stall').closed(1);
  });

  it('nothing is sent unless it is asked for', async () => {
    const { data } = await client.get(lab.url('healthy'));
    expect(deadlineFrom(data.headers)).toBeUndefined();
    const { data: asked } = await client.get(lab.url('healthy'), { deadlineHeader: 'X-Rest', deadline: 5_000 });
    expect(deadlineFrom(asked.headers, 'x-rest')).toBeGreaterThan(4_000);
    expect(deadlineFrom(asked.headers, 'x-rest')).toBeLessThanOrEqual(5_000);
  });

  it.each([Infinity, false] as const)('nothing is sent of no deadline: %s', async (deadline) => {
    const { data } = await client.get(lab.url('healthy'), { deadlineHeader: 'X-Rest', deadline });
    expect(data.headers).not.toHaveProperty('x-rest');
  });

  it('the header is not left behind in the config that the caller gets back', async () => {
    const response = await client.get(lab.url('healthy'), { deadlineHeader: 'X-Rest', deadline: 5_000 });
    expect(response.config.headers.has('X-Rest')).toBe(false);
  });
});
