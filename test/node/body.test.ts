// Timeouts of a buffered response body: silence in the middle, and bodies that never end.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isTimeout } from '../bare';
import { every } from '../lab/http.mjs';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, rejection, timesOut, upstreamOf } from './support';

let lab: Lab;
let dripOf503: Upstream;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'body-stall', 'body-drip', 'slow-body', 'reset-mid-body'] });
  dripOf503 = await upstreamOf(({ res }) => {
    res.writeHead(503).write('.');
    every(res, 50, () => res.write('.'));
  });
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), dripOf503.close()]));

// faults.test.ts meets these with redirects allowed; forbidden, they take another way through axios.
describe('without redirects', () => {
  const maxRedirects = 0;

  it.each(['read', 'body', 'total'] as const)('silence in mid-body runs into %s', async (limit) => {
    const upstream = lab.upstream('body-stall');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { read: false, [limit]: 200 } });
    const records = attemptsOf(api);
    const error = await timesOut(() => api.get(upstream.url), { limit, ms: 200, phase: 'body', kind: 'read' });
    await upstream.closed();
    expect(error.safeToRetry).toBe(false);
    expect(error.message).toContain('reading the response body');
    expect(records).toMatchObject([{ outcome: 'timeout', status: 200, limit, phase: 'body', kind: 'read' }]);
  });

  it.each(['body', 'total'] as const)('a body that drips for ever runs into %s', async (limit) => {
    const upstream = lab.upstream('body-drip');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { [limit]: 300 } });
    await timesOut(() => api.get(upstream.url), { limit, ms: 300, phase: 'body', kind: 'read' });
    await upstream.closed();
  });
});

describe('a body', () => {
  it.each(['text', 'json', 'arraybuffer'] as const)('as %s is held to time', async (responseType) => {
    const api = client({ timeout: { read: 150 } });
    await timesOut(() => api.get(lab.url('body-stall'), { responseType }), { limit: 'read', ms: 150, phase: 'body', kind: 'read' });
  });

  it('of an error status is held to time as well', async () => {
    dripOf503.reset();
    const api = client({ timeout: { body: 200 } });
    const records = attemptsOf(api);
    await timesOut(() => api.get(dripOf503.url), { limit: 'body', ms: 200, phase: 'body', kind: 'read' });
    await dripOf503.closed();
    expect(records).toMatchObject([{ outcome: 'timeout', status: 503 }]);
  });

  it('may take longer than read while something comes', async () => {
    // 20 chunks, 50 ms apart: about a second in all.
    const api = client({ timeout: { read: 500, response: 800 } });
    const records = attemptsOf(api);
    const { data } = await api.get(lab.url('slow-body'));
    expect(data).toBe('chunk\n'.repeat(20));
    expect(records[0]?.timings.body).toBeGreaterThan(500);
  });

  it('that ends in time is delivered, compressed or large', async () => {
    const api = client({ timeout: { read: 2_000, body: 5_000, total: 10_000 } });
    expect((await api.get(lab.url('healthy', '/gzip'))).data).toMatchObject({ ok: true });
    const { data } = await api.get<ArrayBuffer>(lab.url('healthy', '/bytes/5000000'), { responseType: 'arraybuffer' });
    expect(data.byteLength).toBe(5_000_000);
  });

  it('cut off by a reset is a network error at once, not a timeout', async () => {
    const api = client({ timeout: { read: 2_000 } });
    const records = attemptsOf(api);
    const error = await rejection(api.get(lab.url('reset-mid-body')));
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ isAxiosError: true });
    expect(records).toMatchObject([{ outcome: 'error', timedOut: false }]);
  });
});
