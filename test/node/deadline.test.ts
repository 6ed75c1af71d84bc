// The deadline of a call is a hard race: whatever hangs inside, the caller has its error at the deadline.
import { Readable } from 'node:stream';
import type { AxiosAdapter } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type CallRecord, type Client, createClient, type RequestConfig, withDeadline } from '../bare';
import { startLab } from '../lab/index.mjs';
import { timeoutOf, watchUnhandled } from './failures';

const MS = 200;

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let timeouts: AttemptRecord[];
let calls: CallRecord[];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'body-stall', 'black-hole', 'redirect-loop-slow'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  lab.upstream('healthy').reset();
  lab.upstream('stall').reset();
  client = createClient({ timeout: false, deadline: MS, proxy: false });
  timeouts = [];
  calls = [];
  client.on('timeout', (record) => timeouts.push(record));
  client.on('call', (record) => calls.push(record));
});
afterEach(() => client.close());

const never = (): Promise<never> => new Promise(() => {});

/** Asserts the deadline, and that event and record say the same, once. */
async function expectDeadline(work: () => Promise<unknown>, phase: string, kind: string, attempts: number, ms = MS): Promise<void> {
  const error = await timeoutOf(work, 'deadline', ms);
  expect({ phase: error.phase, kind: error.kind, attempts: error.attempts }).toEqual({ phase, kind, attempts });
  expect(error.timings).toBeTypeOf('object');
  expect(timeouts).toHaveLength(1);
  expect(timeouts[0]).toMatchObject({ limit: 'deadline', phase, kind, timedOut: true, outcome: 'timeout', code: 'ETIMEDOUT' });
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({ limit: 'deadline', phase, kind, attempts, timedOut: true, outcome: 'timeout' });
}

describe('a call ends at its deadline, though it hangs in', () => {
  it('a request interceptor', async () => {
    client.interceptors.request.use(never);
    await expectDeadline(() => client.get(lab.url('healthy')), 'waiting', 'unknown', 0);
    expect(lab.upstream('healthy').connections).toBe(0);
  });

  it('a response interceptor', async () => {
    client.interceptors.response.use(never);
    await expectDeadline(() => client.get(lab.url('healthy')), 'waiting', 'unknown', 1);
    expect(timeouts[0]?.timings.response).toBeTypeOf('number');
  });

  it('a response interceptor for errors, such as one that waits for a new token', async () => {
    client.interceptors.response.use(undefined, never);
    await expectDeadline(() => client.get(lab.url('healthy', '/status/401')), 'waiting', 'unknown', 1);
  });

  it('a transform that hands over a body without an end', async () => {
    const endless = (): Readable => new Readable({ read() {} });
    await expectDeadline(() => client.post(lab.url('healthy'), 'x', { transformRequest: endless }), 'send', 'write', 1);
    await lab.upstream('healthy').closed(1);
  });

  it('an adapter that ignores its signal', async () => {
    await expectDeadline(() => client.get('http://nowhere.test/', { adapter: never }), 'waiting', 'unknown', 1);
  });

  it('a fetch that ignores its signal', async () => {
    const config: RequestConfig = { adapter: 'fetch', env: { fetch: never } };
    await expectDeadline(() => client.get(lab.url('healthy'), config), 'waiting', 'unknown', 1);
  });

  it('a name lookup', async () => {
    const call = (): Promise<unknown> => client.get('http://hang.test/', { lookup: () => {} });
    await expectDeadline(call, 'lookup', 'connect', 1);
    expect(timeouts[0]?.timings.lookup).toBeGreaterThan(0);
  });

  it('connecting', async () => {
    await expectDeadline(() => client.get(lab.url('black-hole')), 'tcp', 'connect', 1);
    await lab.upstream('black-hole').closed();
  });

  it('waiting for the answer', async () => {
    await expectDeadline(() => client.get(lab.url('stall')), 'response', 'read', 1);
    await lab.upstream('stall').closed(1);
  });

  it('the body', async () => {
    await expectDeadline(() => client.get(lab.url('body-stall')), 'body', 'read', 1);
    expect(timeouts[0]?.status).toBe(200);
    await lab.upstream('body-stall').closed(1);
  });

  it('redirects', async () => {
    const ms = 500; // half-way between two redirects, which come every 200 ms
    await expectDeadline(() => client.get(lab.url('redirect-loop-slow'), { deadline: ms }), 'response', 'read', 1, ms);
  });
});

describe('after a deadline', () => {
  it('nothing is sent by an interceptor that comes back', async () => {
    let comeBack = (): void => {};
    client.interceptors.request.use(async (config) => {
      await new Promise<void>((resolve) => {
        comeBack = resolve;
      });
      return config;
    });
    await timeoutOf(() => client.get(lab.url('healthy')), 'deadline', MS);
    comeBack();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lab.upstream('healthy').connections).toBe(0);
    expect(calls).toHaveLength(1);
    expect(timeouts).toHaveLength(1);
  });

  it('an adapter that answers late, or fails late, changes nothing', async () => {
    const attempts: AttemptRecord[] = [];
    client.on('attempt', (record) => attempts.push(record));
    const late =
      (fail: boolean): AxiosAdapter =>
      (config) =>
        new Promise((resolve, reject) => {
          const answer = { data: '', status: 200, statusText: '', headers: {}, config };
          setTimeout(() => (fail ? reject(new Error('late')) : resolve(answer)), 5 * MS); // later than a busy machine gives back
        });
    await Promise.all(
      [false, true].map((fail) => timeoutOf(() => client.get('http://nowhere.test/', { adapter: late(fail) }), 'deadline', MS)),
    );
    await new Promise((resolve) => setTimeout(resolve, 5 * MS));
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['timeout', 'timeout']);
    expect(calls).toHaveLength(2);
    expect(timeouts).toHaveLength(2);
  });
});

describe('a deadline', () => {
  it('leaves the richer limit to fire where that is sooner', async () => {
    const error = await timeoutOf(() => client.get(lab.url('stall'), { timeout: { read: 100 }, deadline: 1_000 }), 'read', 100);
    expect(error.phase).toBe('response');
    expect(timeouts).toHaveLength(1);
  });

  it('is a Date as well', async () => {
    const startedAt = Date.now();
    const error = await timeoutOf(() => client.get(lab.url('stall'), { deadline: new Date(startedAt + MS) }), 'deadline', MS).catch(
      (reason: unknown) => reason as Error,
    );
    // A millisecond may have passed between making the date and using it; the date itself is what counts.
    expect(Date.now()).toBeGreaterThanOrEqual(startedAt + MS);
    expect(error).toBeInstanceOf(Error);
    expect(timeouts).toMatchObject([{ limit: 'deadline', phase: 'response' }]);
  });

  it('does not hold a stream that was handed out', async () => {
    const { data } = await client.get<Readable>(lab.url('healthy', '/delay/0'), { responseType: 'stream', deadline: MS });
    await new Promise((resolve) => setTimeout(resolve, MS + 100));
    let text = '';
    for await (const chunk of data) text += chunk;
    expect(JSON.parse(text).ok).toBe(true);
    expect(timeouts).toEqual([]);
  });

  it('of 2**31 ms and more never fires early', async () => {
    for (const deadline of [2 ** 31, 2 ** 40, Infinity]) {
      expect((await client.get(lab.url('healthy', '/delay/50'), { deadline })).status).toBe(200);
    }
    expect(timeouts).toEqual([]);
  });
});

describe('a call that starts with nothing left', () => {
  const PAST: [string, () => RequestConfig['deadline']][] = [['a Date in the past', () => new Date(Date.now() - 1_000)]];
  it.each(PAST)('opens no socket (%s)', async (_what, deadline) => {
    const error = await timeoutOf(() => client.get(lab.url('healthy'), { deadline: deadline() }), 'deadline', 0);
    expect(error).toMatchObject({ phase: 'waiting', attempts: 0, safeToRetry: true });
    expect(lab.upstream('healthy').connections).toBe(0);
    expect(timeouts).toMatchObject([{ limit: 'deadline', attempt: 0 }]);
    expect(calls).toMatchObject([{ outcome: 'timeout', attempts: 0 }]);
  });

  it('opens no socket, and asks no interceptor, within a withDeadline that is over', async () => {
    let asked = 0;
    client.interceptors.request.use((config) => {
      asked++;
      return config;
    });
    let inner: Promise<unknown> = Promise.resolve();
    const outer = withDeadline(50, async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      inner = timeoutOf(() => client.get(lab.url('healthy')), 'deadline', 0);
      await inner;
    });
    await expect(outer).rejects.toMatchObject({ limit: 'deadline' });
    await new Promise((resolve) => setTimeout(resolve, 400));
    await inner;
    expect(asked).toBe(0);
    expect(lab.upstream('healthy').connections).toBe(0);
  });
});
