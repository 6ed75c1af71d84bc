// Timeouts while the request is being written: a peer that does not read, a producer that stalls; and uploads that only take their time.
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { after, answer } from '../lab/http.mjs';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, counted, duration, GENEROUS, rejection, timesOut, upstreamOf } from './support';

let lab: Lab;
/** Answers a GET; of a POST it reads the headers and nothing more. */
let gate: Upstream;
/** Begins to read after a second, and then reads all. (Once the kernel has the last bytes, Node takes them for sent: a reader slow to the end would not do.) */
let sleeper: Upstream;
const { client, close } = clients();
const EIGHT_MEBIBYTES = Buffer.alloc(8 * 1024 * 1024, '.');

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'never-reads', 'early-413', 'stall'] });
  gate = await upstreamOf(({ req, res }) => void (req.method === 'GET' ? res.end('ok') : req.pause()));
  sleeper = await upstreamOf(({ req, res }) => {
    after(res, 1_000, () => {
      const bytes = counted(req);
      req.once('end', () => answer(res, 200, { bytes: bytes() }));
    });
  });
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), gate.close(), sleeper.close()]));

/** Gives a chunk every `gap` ms, `count` of them, and then ends; or, without an end, stalls. */
function producer(count: number, gap: number, ends = true): Readable {
  let left = count;
  return new Readable({
    read() {
      if (left-- > 0) setTimeout(() => this.push('x'.repeat(1_000)), gap);
      else if (ends) this.push(null);
    },
  });
}

// Followed redirects and none take different ways through axios.
describe.each([{ maxRedirects: 5 }, { maxRedirects: 0 }])('with maxRedirects $maxRedirects', ({ maxRedirects }) => {
  it.each(['send', 'total'] as const)('an upload that nobody reads runs into %s', async (limit) => {
    const upstream = lab.upstream('never-reads');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { [limit]: 300 } });
    const records = attemptsOf(api);
    const error = await timesOut(() => api.post(upstream.url, EIGHT_MEBIBYTES), { limit, ms: 300, phase: 'send', kind: 'write' });
    await upstream.closed();
    expect(error.safeToRetry).toBe(false);
    expect(records).toMatchObject([{ outcome: 'timeout', limit, phase: 'send', kind: 'write', method: 'POST' }]);
  });

  it('so it does on a connection that has served before', async () => {
    gate.reset();
    const api = client({ maxRedirects, timeout: { send: 300 } });
    await api.get(gate.url);
    const error = await timesOut(() => api.post(gate.url, EIGHT_MEBIBYTES), { limit: 'send', ms: 300, phase: 'send', kind: 'write' });
    expect(error.reusedSocket).toBe(true);
    expect(gate.connections).toBe(1);
    await gate.closed();
  });

  it('an upload whose producer stalls runs into send, and the producer is let go', async () => {
    const upstream = lab.upstream('healthy');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { send: 250, read: 100, response: 100 } });
    const source = producer(2, 1, false);
    await timesOut(() => api.post(upstream.url, source), { limit: 'send', ms: 250, phase: 'send', kind: 'write' });
    await upstream.closed();
    expect(source.readableFlowing).not.toBe(true);
  });

  it('a refusal that comes while the upload is stuck is delivered at once', async () => {
    const upstream = lab.upstream('early-413');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { send: GENEROUS, read: GENEROUS, total: GENEROUS } });
    const records = attemptsOf(api);
    const call = rejection(api.post(upstream.url, EIGHT_MEBIBYTES));
    expect(await duration(call)).toBeLessThan(GENEROUS - 500);
    expect(await call).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 413, data: { ok: false, error: 'too large' } } });
    expect(records).toMatchObject([{ outcome: 'http-error', status: 413, timedOut: false }]);
  });
});

describe('an upload that takes its time', () => {
  it('to a slow reader runs into neither response nor read', async () => {
    sleeper.reset();
    const api = client({ timeout: { response: 500, read: 500 } });
    const records = attemptsOf(api);
    const { data } = await api.post(sleeper.url, EIGHT_MEBIBYTES);
    expect(data.bytes).toBe(EIGHT_MEBIBYTES.length);
    expect(records[0]?.timings.send).toBeGreaterThan(700);
  });

  it('from a slow producer runs into neither response nor read', async () => {
    const api = client({ timeout: { response: 300, read: 300 } });
    const { data } = await api.post(lab.url('healthy'), producer(8, 100));
    expect(data.bytes).toBe(8_000);
  });

  it('gets its whole response limit once it is written', async () => {
    const upstream = lab.upstream('stall');
    upstream.reset();
    const error = await timesOut(() => client({ timeout: { response: 300 } }).post(upstream.url, producer(3, 100)), {
      limit: 'response',
      ms: 300,
      phase: 'response',
      kind: 'read',
    });
    await upstream.closed();
    expect(error.timings.send).toBeGreaterThan(100);
    expect(error.timings.response).toBeGreaterThanOrEqual(299);
  });
});

it('an answer that begins before the upload ends is a body from then on', async () => {
  const eager = await upstreamOf(({ req, res }) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('early');
    req.resume();
  });
  const api = client({ timeout: { body: 500 } });
  await timesOut(() => api.post(eager.url, producer(3, 50)), { limit: 'body', ms: 500, phase: 'body', kind: 'read' });
  await eager.closed();
  await eager.close();
});

it('send is over with the upload: a slow answer does not run into it', async () => {
  const { status } = await client({ timeout: { send: 200 } }).post(lab.url('healthy', '/delay/500'), 'small');
  expect(status).toBe(200);
});
