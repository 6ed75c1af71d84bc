// The deadline in a page: a hard race, whatever hangs inside the call.
import { describe, expect, it } from 'vitest';
import { withDeadline } from '../bare';
import { cleanly, clientWith, expectTimeout, failure, meet, sleep } from './support';

cleanly();

const NOTHING_SENT = { limit: 'deadline', phase: 'waiting', kind: 'unknown' } as const;
const never = <T>(): Promise<T> => new Promise<T>(() => {});

describe('the deadline of a call', () => {
  it('ends one whose headers never come, and its connection', async () => {
    const peer = await meet('stall');
    const error = await expectTimeout(() => clientWith({ deadline: 300 }).get(peer.url), { ...NOTHING_SENT, limitMs: 300 });
    expect(error.attempts).toBe(1);
    expect(error.timings.waiting).toBeGreaterThan(0);
    await peer.closed();
  });

  it('ends one in mid-body, and says so', async () => {
    const peer = await meet('body-drip');
    const error = await expectTimeout(() => clientWith({ deadline: 1_500 }).get(peer.url), {
      limit: 'deadline',
      limitMs: 1_500,
      phase: 'body',
      kind: 'read',
    });
    expect(error.timings.body).toBeGreaterThan(0);
    await peer.closed();
  });

  it('counts to a Date as well', async () => {
    const peer = await meet('stall');
    const client = clientWith({ deadline: new Date(Date.now() + 300) });
    const { error, took } = await failure(() => client.get(peer.url));
    expect(error).toMatchObject({ limit: 'deadline', phase: 'waiting' });
    expect(error.limitMs).toBeLessThanOrEqual(300);
    expect(took).toBeGreaterThanOrEqual(error.limitMs);
  });

  it('ends a hung request interceptor: nothing is sent', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ deadline: 200 });
    client.interceptors.request.use(() => never());
    const error = await expectTimeout(() => client.get(peer.url), { ...NOTHING_SENT, limitMs: 200 });
    expect(error).toMatchObject({ attempts: 0, safeToRetry: true, timings: {} });
    expect((await peer.seen()).requests).toBe(0);
  });

  it('ends a hung response interceptor', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ deadline: 1_500 });
    client.interceptors.response.use(() => never());
    const error = await expectTimeout(() => client.get(peer.url), { ...NOTHING_SENT, limitMs: 1_500 });
    expect(error).toMatchObject({ attempts: 1, safeToRetry: false });
    expect(error.message).toContain('after the response had arrived');
  });

  it('ends an adapter that ignores its signal', async () => {
    const error = await expectTimeout(() => clientWith({ deadline: 200, adapter: () => never() }).get('http://upstream.test/'), {
      ...NOTHING_SENT,
      limitMs: 200,
    });
    expect(error.attempts).toBe(1);
  });

  it('total ends such an adapter too, and what it answers later is nobody’s', async () => {
    let answer = (): void => {};
    const client = clientWith({
      timeout: 200,
      adapter: (config) =>
        new Promise((resolve) => {
          answer = () => resolve({ data: 'late', status: 200, statusText: '', headers: {}, config });
        }),
    });
    await expectTimeout(() => client.get('http://upstream.test/'), {
      limit: 'total',
      limitMs: 200,
      phase: 'waiting',
      kind: 'unknown',
    });
    answer();
    await sleep(20);
  });

  it('a call that is answered in time leaves nothing behind that fires', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ deadline: 1_500 });
    const timeouts: unknown[] = [];
    client.on('timeout', (record) => timeouts.push(record));
    await client.get(peer.url);
    await sleep(1_600);
    expect(timeouts).toEqual([]);
  });
});

describe('withDeadline in a page', () => {
  it('hands its deadline on to the calls that are given it', async () => {
    const peer = await meet('stall');
    const client = clientWith();
    const { error, took } = await failure(() => withDeadline(300, (deadline) => client.get(peer.url, { deadline })));
    expect(error).toMatchObject({ limit: 'deadline', phase: 'waiting', kind: 'unknown', attempts: 1 });
    expect(error.config?.url).toBe(peer.url);
    expect(error.limitMs).toBeLessThanOrEqual(300);
    expect(took).toBeGreaterThanOrEqual(300);
    await peer.closed();
  });

  it('ends work that does not listen, and tells that which does', async () => {
    let signal: AbortSignal | undefined;
    await expectTimeout(
      () =>
        withDeadline(200, (deadline) => {
          signal = deadline.signal;
          return never();
        }),
      { ...NOTHING_SENT, limitMs: 200 },
    );
    expect(signal?.aborted).toBe(true);
  });

  it('with nothing left a call sends nothing', async () => {
    const peer = await meet('healthy');
    const client = clientWith();
    const deadline = await withDeadline(50, async (scope) => scope);
    await sleep(80);
    await expect(client.get(peer.url, { deadline })).rejects.toMatchObject({ code: 'ETIMEDOUT', limit: 'deadline', attempts: 0 });
    expect((await peer.seen()).requests).toBe(0);
  });
});
