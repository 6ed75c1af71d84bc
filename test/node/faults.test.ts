// Every fault of the lab, met by a default client with short limits: what ran out, where, not early, and the connection closed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRecord, createClient } from '../bare';
import { FAULTS, startLab } from '../lab/index.mjs';
import { GENEROUS, timeoutOf, watchUnhandled } from './failures';
import { INSTEAD, LIMITS, OTHER_ERRORS, UNDISTURBED } from './fault-table.mjs';

const unhandled = watchUnhandled();
let lab: Awaited<ReturnType<typeof startLab>>;

beforeAll(async () => {
  lab = await startLab();
});

afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

describe('a fault is named truthfully, in time, and its connection is closed', () => {
  // Again where the machine had no time between two limits that are 150 ms apart: a wrong name fails every try.
  it.each(FAULTS.filter(({ expect }) => expect).map((fault) => [fault.name, fault] as const))('%s', { retry: 2 }, async (name, fault) => {
    const { limit = 'total', phase, kind } = fault.expect ?? {};
    const client = createClient({ timeout: LIMITS });
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    const upstream = lab.upstream(name);
    upstream.reset();

    const error = await timeoutOf(() => client.request(lab.request(name)), limit, LIMITS[limit]);

    expect(error).toMatchObject({ name: 'TimeoutError', phase, kind, attempts: 1, isAxiosError: true });
    expect(error.safeToRetry).toBe(kind === 'connect');
    expect(error.timings[error.phase]).toBeGreaterThan(0);
    expect(records).toMatchObject([{ outcome: 'timeout', timedOut: true, limit, phase, kind, code: 'ETIMEDOUT' }]);
    const accepts = upstream.connections > 0;
    if (accepts) await upstream.closed(1, GENEROUS);
    await client.close();
  });
});

describe('a limit in the place of another', () => {
  it.each(INSTEAD)('%s with %j: %s in %s', async (name, timeout, limit, phase) => {
    const client = createClient({ timeout });
    const error = await timeoutOf(() => client.request(lab.request(name)), limit, (timeout as Record<string, number>)[limit] ?? 0);
    expect(error.phase).toBe(phase);
    await client.close();
  });
});

describe('what is healthy is not disturbed', () => {
  it.each(UNDISTURBED.names)('%s', async (name) => {
    const client = createClient({ timeout: UNDISTURBED.limits });
    const { status } = await client.request(lab.request(name));
    expect(status).toBe(200);
    await client.close();
  });

  it('a slow upload trips neither response nor read, and an early answer to a stuck one is delivered', async () => {
    // What the kernel has taken counts as written, so the last buffers' worth is the peer's time.
    const client = createClient({ timeout: { response: 1_500, read: 1_500 } });
    const startedAt = performance.now();
    expect((await client.request(lab.request('slow-reader'))).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(1_500);
    const early = await client.request({ ...lab.request('early-413'), validateStatus: null });
    expect(early.status).toBe(413);
    await client.close();
  });

  it('a redirect has a connect budget for each hop', async () => {
    const client = createClient({ timeout: { connect: 300, total: 5_000 } });
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    const { status } = await client.request(lab.request('redirect-loop-slow'));
    expect(status).toBe(200);
    expect(records).toHaveLength(1);
    expect(records[0]?.timings.response).toBeGreaterThan(1_000);
    await client.close();
  });
});

describe('errors that are no timeouts stay what they are', () => {
  it.each(OTHER_ERRORS)('%s is %s', async (name, code) => {
    const client = createClient({ timeout: LIMITS });
    await expect(client.request(lab.request(name))).rejects.toMatchObject({ code });
    await client.close();
  });

  it('a proxy that refuses is named, with its status', async () => {
    const client = createClient();
    await expect(client.request(lab.request('proxy-refuses'))).rejects.toMatchObject({
      status: 502,
      message: expect.stringMatching(/proxy .* refused the tunnel .* 502/),
    });
    await client.close();
  });
});
