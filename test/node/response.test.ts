// Timeouts between the request and the response headers: silence, and drips that are never silent.
import { ClientRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { every } from '../lab/http.mjs';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { attemptsOf, clients, failure, GENEROUS, timesOut, upstreamOf } from './support';

let lab: Lab;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'header-drip', 'interim-drip'] });
});
afterEach(close);
afterAll(() => lab.close());

// faults.test.ts meets these with redirects allowed; forbidden, they take another way through axios.
describe('without redirects', () => {
  const maxRedirects = 0;

  it.each(['response', 'read', 'total'] as const)('headers that never come run into %s', async (limit) => {
    const upstream = lab.upstream('stall');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { read: false, [limit]: 200 } });
    const records = attemptsOf(api);
    const error = await timesOut(() => api.get(upstream.url), { limit, ms: 200, phase: 'response', kind: 'read' });
    await upstream.closed();
    expect(upstream.requests).toBe(1);
    expect(error.safeToRetry).toBe(false);
    expect(error.message).toContain('waiting for the response headers');
    expect(records).toMatchObject([{ outcome: 'timeout', timedOut: true, limit, phase: 'response', kind: 'read', attempt: 1 }]);
  });

  // Headers still unfinished, and finished ones that are not the answer: a 1xx neither stops `response` nor begins it anew.
  it.each([
    { fault: 'header-drip', limit: 'response' },
    { fault: 'header-drip', limit: 'total' },
    { fault: 'interim-drip', limit: 'response' },
    { fault: 'interim-drip', limit: 'total' },
  ] as const)('$fault runs into $limit', async ({ fault, limit }) => {
    const upstream = lab.upstream(fault);
    upstream.reset();
    const api = client({ maxRedirects, timeout: { [limit]: 350 } });
    await timesOut(() => api.get(upstream.url), { limit, ms: 350, phase: 'response', kind: 'read' });
    await upstream.closed();
  });

  it.each(['header-drip', 'interim-drip'])('%s is not silence: read lets it go on, and the deadline ends it', async (fault) => {
    const upstream = lab.upstream(fault);
    upstream.reset();
    // The drip comes every 100 ms; a machine that delays it for four times as long would make it silence.
    const api = client({ maxRedirects, timeout: { read: 500 }, deadline: 1_000 });
    await timesOut(() => api.get(upstream.url), { limit: 'deadline', ms: 1_000, phase: 'response', kind: 'read' });
    await upstream.closed();
  });
});

describe('read', () => {
  it('counts from the last byte of headers that break off, not from when it would have run out', async () => {
    const breaking = await upstreamOf(({ req }) => void req.socket.write('HTTP/1.1 200 OK\r\nX-Begun: '));
    const api = client({ timeout: { read: 1_500 } });
    const error = await timesOut(() => api.get(breaking.url), { limit: 'read', ms: 1_500, phase: 'response', kind: 'read' });
    expect(error.elapsed).toBeLessThan(3_000);
    await breaking.closed();
    await breaking.close();
  });

  it('runs out at a drip that is slower than it, though it is not slow by much', async () => {
    const drip = await upstreamOf(({ req }) => {
      const interim = (): void => void req.socket.write('HTTP/1.1 102 Processing\r\n\r\n');
      interim();
      every(req.socket, 250, interim);
    });
    const api = client({ timeout: { read: 150 }, deadline: 8_000 });
    await timesOut(() => api.get(drip.url), { limit: 'read', ms: 150, phase: 'response', kind: 'read' });
    await drip.closed();
    await drip.close();
  });
});

describe('the request of a timeout, by which handlers written for axios know that nothing answered', () => {
  it.each(['read', 'total', 'deadline'] as const)('is the one that is pending where %s runs out', async (limit) => {
    const api = client(limit === 'deadline' ? { deadline: 200 } : { timeout: { read: false, [limit]: 200 } });
    const error = await timesOut(() => api.get(lab.url('stall', '/path')), { limit, ms: 200, phase: 'response', kind: 'read' });
    expect(error.request).toBeInstanceOf(ClientRequest);
    expect(error.request).toMatchObject({ method: 'GET', path: '/path' });
    expect(Object.keys(error)).not.toContain('request');
  });

  it('is the last one made where an interceptor hangs after it', async () => {
    const api = client({ deadline: 500 });
    api.interceptors.response.use(() => new Promise(() => {}));
    expect(await failure(api.get(lab.url('healthy', '/path')))).toMatchObject({ phase: 'waiting', request: { path: '/path' } });
  });

  it('is none where none was made', async () => {
    const api = client({ deadline: 100 });
    api.interceptors.request.use(() => new Promise(() => {}));
    expect((await failure(api.get(lab.url('healthy')))).request).toBeUndefined();
  });
});

describe('timeout as a number', () => {
  it('is the total, at the client and at the request', async () => {
    const expected = { limit: 'total', phase: 'response', kind: 'read' } as const;
    const api = client({ timeout: 250 });
    await timesOut(() => api.get(lab.url('stall')), { ...expected, ms: 250 });
    await timesOut(() => api.get(lab.url('stall'), { timeout: 150 }), { ...expected, ms: 150 });
  });

  it('is connect and read as a pair', async () => {
    const api = client({ timeout: [2_000, 150] });
    await timesOut(() => api.get(lab.url('stall')), { limit: 'read', ms: 150, phase: 'response', kind: 'read' });
  });

  it('can be turned off for one request', async () => {
    const api = client({ timeout: { read: 100, total: 100 } });
    expect((await api.get(lab.url('healthy', '/delay/300'), { timeout: false })).status).toBe(200);
  });
});

it('holds many calls to their own limits at once', async () => {
  const upstream = lab.upstream('stall');
  upstream.reset();
  const api = client();
  const limits = Array.from({ length: 40 }, (_, index) => 150 + index * 10);
  const startedAt = performance.now();
  await Promise.all(
    limits.map((ms) =>
      timesOut(() => api.get(upstream.url, { timeout: { response: ms } }), { limit: 'response', ms, phase: 'response', kind: 'read' }),
    ),
  );
  expect(performance.now() - startedAt).toBeLessThan(550 + GENEROUS);
  await upstream.closed(40);
});
