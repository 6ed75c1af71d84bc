// HTTP/2: the same limits and phases as on HTTP/1.1.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClientConfig, isTimeout } from '../bare';
import { every } from '../lab/http.mjs';
import { hangingLookup, startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, failure, forAxios, GENEROUS, rejection, timesOut, until, upstreamOf } from './support';

let lab: Lab;
/** One origin for all: `/stall` is never answered, `/drip` never ends, `/sink` reads nothing, the rest is answered at once. */
let mixed: Upstream;
const { client: make, close } = clients();
const NAMES = ['http2-healthy', 'http2-cleartext', 'http2-stall', 'http2-body-stall', 'black-hole', 'tls-silence', 'refused'];

beforeAll(async () => {
  lab = await startLab({ only: NAMES });
  mixed = await upstreamOf(
    ({ req, res, url }) => {
      if (url.pathname === '/sink') req.pause();
      else req.resume();
      if (url.pathname === '/drip') every(res, 50, () => res.write('.'));
      else if (!['/stall', '/sink'].includes(url.pathname)) res.end('ok');
    },
    { protocol: 'h2' },
  );
});
beforeEach(() => {
  for (const name of NAMES) lab.upstream(name).reset();
  mixed.reset();
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), mixed.close()]));

const client = (config: ClientConfig = {}) => make({ httpVersion: 2, http2Options: { ca: lab.ca }, ...config });

describe('a healthy server', () => {
  it('is called with all phases seen, and its session used again', async () => {
    const api = client();
    const records = attemptsOf(api);
    const url = lab.url('http2-healthy', '/some/path?q=1');
    expect((await api.post(url, { some: 'data' })).data).toMatchObject({ path: '/some/path?q=1', method: 'POST', body: '{"some":"data"}' });
    await api.get(url, { timeout: { connect: 0.001, tls: 0.001 } });
    expect(lab.upstream('http2-healthy')).toMatchObject({ connections: 1, requests: 2 });
    expect(Object.keys(records[0]?.timings ?? {})).toEqual(expect.arrayContaining(['tcp', 'tls', 'send', 'response', 'body']));
    expect(records[1]?.timings).not.toHaveProperty('tls');
    expect(records.map(({ reusedSocket, status }) => ({ reusedSocket, status }))).toEqual([
      { reusedSocket: false, status: 200 },
      { reusedSocket: true, status: 200 },
    ]);
  });

  it('answers many streams on one session', async () => {
    const api = client();
    await api.get(lab.url('http2-healthy'));
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => api.get(lab.url('http2-healthy', `/delay/${number * 10}`))));
    expect(answers.map(({ data }) => data.path)).toEqual([1, 2, 3, 4, 5, 6].map((number) => `/delay/${number * 10}`));
    expect(lab.upstream('http2-healthy').connections).toBe(1);
  });

  it('answers without TLS', async () => {
    const api = client();
    const records = attemptsOf(api);
    expect((await api.get(lab.url('http2-cleartext', '/plain'))).data.path).toBe('/plain');
    expect(records[0]?.timings).not.toHaveProperty('tls');
  });

  it('may send an error status, or nothing at all', async () => {
    const api = client();
    expect(await rejection(api.get(lab.url('http2-healthy', '/status/503')))).toMatchObject({ response: { status: 503 } });
    expect((await api.head(lab.url('http2-healthy'))).status).toBe(200);
  });

  it('that is not trusted stays so', async () => {
    const error = await rejection(client({ http2Options: {} }).get(lab.url('http2-healthy')));
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ isAxiosError: true, code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(await rejection(client().get(lab.url('refused')))).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('what HTTP/2 is not', () => {
  it('a peer that speaks HTTP/1.1 is an error, not a hang', async () => {
    const server = http.createServer((_, response) => response.end('one'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const call = client({ timeout: GENEROUS }).get(`http://127.0.0.1:${port}/`);
    expect(await rejection(call)).toMatchObject({ code: expect.stringMatching(/HTTP2|ECONNRESET/) });
    server.closeAllConnections();
    server.close();
  });

  it('a way through an explicit proxy is refused as axios refuses it', async () => {
    const call = client({ proxy: { host: '127.0.0.1', port: 9 } }).get(mixed.url);
    expect(await rejection(call)).toMatchObject({ code: 'ERR_NOT_SUPPORT' });
  });
});

describe('no connection', () => {
  it('from a black hole is a connect timeout', async () => {
    const hole = lab.upstream('black-hole');
    const call = timesOut(() => client({ timeout: { connect: 300 } }).get(hole.url), {
      limit: 'connect',
      ms: 300,
      phase: 'tcp',
      kind: 'connect',
    });
    await until(() => hole.open === 1, 'the SYN is on its way');
    expect((await call).safeToRetry).toBe(true);
    await hole.closed();
  });

  it.each(['connect', 'tls', 'total'] as const)('from TLS silence runs into %s', async (limit) => {
    const upstream = lab.upstream('tls-silence');
    const api = client({ timeout: { connect: false, [limit]: 250 } });
    const error = await timesOut(() => api.get(upstream.url), { limit, ms: 250, phase: 'tls', kind: 'connect' });
    expect(error).toMatchObject({ safeToRetry: true, reusedSocket: false });
    await upstream.closed();
  });

  it.each(['connect', 'lookup'] as const)('from a lookup that never calls back runs into %s', async (limit) => {
    const api = client({ timeout: { connect: false, [limit]: 200 }, lookup: forAxios(hangingLookup) });
    await timesOut(() => api.get('https://hang.lab.invalid/'), { limit, ms: 200, phase: 'lookup', kind: 'connect' });
  });

  it('yet is not kept for the next call: it connects anew', async () => {
    const upstream = lab.upstream('tls-silence');
    const api = client({ timeout: { connect: 200 } });
    const expected = { limit: 'connect', ms: 200, phase: 'tls', kind: 'connect' } as const;
    await timesOut(() => api.get(upstream.url), expected);
    await timesOut(() => api.get(upstream.url), expected);
    await upstream.closed(2);
  });

  it('is held against every call that waits for it, each by its own limit', async () => {
    const upstream = lab.upstream('tls-silence');
    const api = client();
    const limits = [200, 300, 400];
    await Promise.all(
      limits.map((ms) =>
        timesOut(() => api.get(upstream.url, { timeout: { connect: ms } }), { limit: 'connect', ms, phase: 'tls', kind: 'connect' }),
      ),
    );
    await upstream.closed();
  });
});

describe('a stream', () => {
  it.each(['response', 'read', 'total'] as const)('that is never answered runs into %s', async (limit) => {
    const upstream = lab.upstream('http2-stall');
    const api = client({ timeout: { read: false, [limit]: 250 } });
    const records = attemptsOf(api);
    const error = await timesOut(() => api.get(upstream.url), { limit, ms: 250, phase: 'response', kind: 'read' });
    expect(error.safeToRetry).toBe(false);
    expect(error.request).toHaveProperty('rstCode'); // the stream, as axios has it
    expect(records).toMatchObject([{ outcome: 'timeout', limit, phase: 'response' }]);
    await upstream.closed(); // it was the only one on its session
  });

  it.each(['read', 'body', 'total'] as const)('that falls silent in mid-body runs into %s', async (limit) => {
    const api = client({ timeout: { read: false, [limit]: 250 } });
    await timesOut(() => api.get(lab.url('http2-body-stall')), { limit, ms: 250, phase: 'body', kind: 'read' });
  });

  it('that is handed out is held to time, and its consumer told', async () => {
    const api = client({ timeout: { read: 250 } });
    const { data } = await api.get<Readable>(lab.url('http2-body-stall'), { responseType: 'stream' });
    const error = await failure(new Promise((resolve, reject) => data.resume().once('end', resolve).once('error', reject)));
    expect(error).toMatchObject({ limit: 'read', phase: 'body', kind: 'read' });
  });

  it('that drips for ever runs into body', async () => {
    const api = client({ timeout: { body: 250 } });
    await timesOut(() => api.get(`${mixed.url}drip`), { limit: 'body', ms: 250, phase: 'body', kind: 'read' });
  });

  it('whose upload nobody reads runs into send', async () => {
    const api = client({ timeout: { send: 300 } });
    await api.get(mixed.url);
    const call = (): Promise<unknown> => api.post(`${mixed.url}sink`, Buffer.alloc(8 * 1024 * 1024));
    const error = await timesOut(call, { limit: 'send', ms: 300, phase: 'send', kind: 'write' });
    expect(error.reusedSocket).toBe(true);
  });

  it('whose consumer pauses is not the peer’s fault', async () => {
    const api = client({ timeout: { read: 200, body: 2_000 } });
    const { data } = await api.get<Readable>(lab.url('http2-healthy', '/bytes/4000000'), { responseType: 'stream' });
    await sleep(600);
    let bytes = 0;
    for await (const chunk of data) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(4_000_000);
  });
});
