// What the real OpenTelemetry SDK measures of real calls: each outcome under its names, in bounded number, and nothing once it is over.
import { metrics as api } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientConfig } from '../../src';
import { instrument } from '../../src/exporters/opentelemetry';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { counts, DURATION, meteredClients } from './opentelemetry-support';
import { rejection, until } from './support';

let lab: Lab;
const { clientOf, measured, collect, metrics, at } = meteredClients(() => lab);

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'flaky', 'black-hole', 'stall', 'body-stall', 'reset-mid-body'] });
});
afterAll(() => lab.close());

describe('the duration of requests', () => {
  it('is measured in seconds, in the buckets of the conventions and beyond, with the conventional attributes', async () => {
    const client = measured();
    await client.post(lab.url('healthy', '/delay/200'), { a: 1 });
    const [point, ...more] = (await collect())[DURATION] ?? [];
    expect(more).toEqual([]);
    expect(point?.attributes).toEqual({ ...at('healthy', '/delay/:id', 'POST'), 'http.response.status_code': 200 });
    expect(point?.value).toMatchObject({
      count: 1,
      buckets: { boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60] },
    });
    const { sum } = (point as { value: Histogram & { sum: number } }).value;
    expect(sum).toBeGreaterThanOrEqual(0.19);
    expect(sum).toBeLessThan(20);
    expect(await metrics().units()).toEqual({ [DURATION]: 's' });
  });

  it('tells failures by error.type, each attempt by itself', async () => {
    const client = measured({ retry: false });
    await rejection(client.get(lab.url('healthy', '/status/404')));
    await client.get(lab.url('healthy', '/status/410'), { validateStatus: () => true });
    await rejection(client.get('http://127.0.0.1:1/'));
    await rejection(client.get(lab.url('reset-mid-body')));
    expect(counts((await collect())[DURATION])).toEqual([
      [{ ...at('healthy', '/status/:id'), 'http.response.status_code': 404, 'error.type': '404' }, 1],
      [{ ...at('healthy', '/status/:id'), 'http.response.status_code': 410 }, 1],
      [
        {
          'http.request.method': 'GET',
          'server.address': '127.0.0.1',
          'server.port': 1,
          'url.template': '/',
          'error.type': 'ECONNREFUSED',
        },
        1,
      ],
      [{ ...at('reset-mid-body', '/'), 'http.response.status_code': 200, 'error.type': expect.stringMatching(/^(E|ERR_)[A-Z_]+$/) }, 1],
    ]);
  });

  it('of attempts that are made again is measured each time, and the repeats are counted', async () => {
    lab.upstream('flaky').reset();
    await measured().get(lab.url('flaky'));
    const all = await collect();
    expect(counts(all[DURATION])).toEqual([
      [{ ...at('flaky', '/'), 'http.response.status_code': 503, 'error.type': '503' }, 2],
      [{ ...at('flaky', '/'), 'http.response.status_code': 200 }, 1],
    ]);
    expect(counts(all['breakwater.retries'])).toEqual([[{ ...at('flaky', '/'), 'error.type': '503' }, 2]]);
  });

  it('of what the caller canceled has no error.type', async () => {
    const controller = new AbortController();
    lab.upstream('stall').reset();
    const canceled = measured().get(lab.url('stall'), { signal: controller.signal });
    await until(() => lab.upstream('stall').requests > 0, 'the request is there');
    controller.abort();
    await rejection(canceled);
    const all = await collect();
    expect(counts(all[DURATION])).toEqual([[at('stall', '/'), 1]]);
    expect(Object.keys(all)).toEqual([DURATION]);
  });
});

describe('timeouts', () => {
  it.each([
    ['black-hole', { connect: 100 }, { 'breakwater.kind': 'connect', 'breakwater.phase': 'tcp', 'breakwater.limit': 'connect' }, {}],
    ['stall', { read: 100 }, { 'breakwater.kind': 'read', 'breakwater.phase': 'response', 'breakwater.limit': 'read' }, {}],
    [
      'body-stall',
      { body: 100 },
      { 'breakwater.kind': 'read', 'breakwater.phase': 'body', 'breakwater.limit': 'body' },
      { 'http.response.status_code': 200 },
    ],
  ] as const)('are counted by kind, phase and limit, and are an error.type (%s)', async (upstream, timeout, facts, status) => {
    await rejection(measured({ retry: false, timeout }).get(lab.url(upstream)));
    const all = await collect();
    expect(counts(all['breakwater.timeouts'])).toEqual([[{ ...at(upstream, '/'), ...facts }, 1]]);
    expect(counts(all[DURATION])).toEqual([[{ ...at(upstream, '/'), ...status, 'error.type': 'timeout' }, 1]]);
  });

  it('that are repeated say so', async () => {
    await rejection(measured({ retry: { retries: 1, baseDelay: 5 }, timeout: { read: 60 } }).get(lab.url('stall')));
    const all = await collect();
    expect(counts(all['breakwater.timeouts']).map(([, n]) => n)).toEqual([2]);
    expect(counts(all['breakwater.retries'])).toEqual([[{ ...at('stall', '/'), 'error.type': 'timeout' }, 1]]);
  });

  it('are of one type in the durations and in the retries, also where a good answer broke off', async () => {
    const client = measured({ adapter: 'fetch', retry: { retries: 1, baseDelay: 5 } });
    await rejection(client.get(lab.url('reset-mid-body')));
    const all = await collect();
    const failed = { ...at('reset-mid-body', '/'), 'error.type': '_OTHER' }; // fetch gives it no code
    expect(counts(all[DURATION])).toEqual([[{ ...failed, 'http.response.status_code': 200 }, 2]]);
    expect(counts(all['breakwater.retries'])).toEqual([[failed, 1]]);
  });
});

describe('an instrumented client', () => {
  it('makes few series of 1000 endpoints that the user names', async () => {
    const client = measured({ breaker: false });
    const adapter: ClientConfig['adapter'] = async (config) => ({ data: '', status: 200, statusText: '', headers: {}, config });
    for (let i = 0; i < 1_000; i++) await client.get('http://api.test/x', { endpoint: `user ${i}`, adapter });
    const points = counts((await collect())[DURATION]);
    expect(points).toHaveLength(201);
    expect(points[0]).toEqual([
      {
        'http.request.method': 'GET',
        'server.address': 'api.test',
        'server.port': 80,
        'breakwater.endpoint': 'user 0',
        'http.response.status_code': 200,
      },
      1,
    ]);
    expect(points[200]).toEqual([{ 'http.request.method': 'GET', 'breakwater.endpoint': '_OTHER', 'http.response.status_code': 200 }, 800]);
  });

  it('tells no secret', async () => {
    const client = measured({ retry: false });
    const url = (path: string): string => lab.url('healthy', path).replace('//', '//user:s3cret@');
    await client.get(url('/a?token=s3cret#s3cret'), { headers: { 'x-key': 's3cret' }, params: { key: 's3cret' } });
    await rejection(client.get(url('/status/500?token=s3cret'), { endpoint: 'named' }));
    const all = JSON.stringify(await collect());
    expect(all).toContain('named');
    expect(all).not.toContain('s3cret');
  });

  it('is not measured any more once that was ended', async () => {
    const client = clientOf();
    const detach = instrument(client, { meter: metrics().provider.getMeter('test') });
    await client.get(lab.url('healthy'));
    detach();
    await client.get(lab.url('healthy'));
    client.breakers.open('a');
    const all = await collect();
    expect(Object.keys(all)).toEqual([DURATION]);
    expect(counts(all[DURATION]).map(([, n]) => n)).toEqual([1]);
  });

  it('is measured by the global meter where none is given', async () => {
    api.setGlobalMeterProvider(metrics().provider);
    try {
      const client = clientOf();
      instrument(client);
      await client.get(lab.url('healthy'));
    } finally {
      api.disable();
    }
    expect(counts((await collect())[DURATION]).map(([, n]) => n)).toEqual([1]);
  });

  it.each([
    [() => instrument({} as never), /instrument: client/],
    [() => instrument(undefined as never), /instrument: client/],
    [() => instrument(clientOf(), { meter: metrics().provider as never }), /instrument: meter.*getMeter/],
    [() => instrument(clientOf(), { tracer: {} as never }), /instrument: tracer.*getTracer/],
    [() => instrument(clientOf(), { metre: metrics() } as never), /^metre: .*The options are meter, tracer\./],
    [() => instrument(clientOf(), null as never), /^options: null is not valid\. It takes an object\./],
  ])('cannot be made of anything (%#)', (make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringMatching(message) }));
  });
});
