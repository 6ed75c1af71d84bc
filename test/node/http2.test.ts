// HTTP/2 attempts: their phases, the sessions they share, and what a timeout does to the others on it.
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRecord, createClient } from '../../src/index';
import { startLab } from '../lab/index.mjs';
import { timeoutOf, watchUnhandled } from './support2';

const unhandled = watchUnhandled();
let lab: Awaited<ReturnType<typeof startLab>>;

beforeAll(async () => {
  lab = await startLab({ only: ['http2-healthy', 'http2-stall', 'http2-cleartext', 'tls-silence', 'black-hole'] });
});

afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

const h2 = () => ({ httpVersion: 2 as const, http2Options: { ca: lab.ca } });

describe('HTTP/2', () => {
  it('shares one session, and says whose connection was new', async () => {
    const client = createClient();
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    const upstream = lab.upstream('http2-healthy');
    upstream.reset();
    for (let call = 0; call < 2; call++) expect((await client.get(upstream.url, h2())).status).toBe(200);
    await Promise.all([1, 2, 3].map(() => client.post(upstream.url, { hello: 'world' }, h2())));
    expect(upstream.connections).toBe(1);
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true, true, true, true]);
    expect(Object.keys(records[0]?.timings ?? {})).toEqual(expect.arrayContaining(['tcp', 'tls', 'send', 'response', 'body']));
    await client.close();
    await upstream.closed();
  });

  it('has the phases of a connection that does not stand', async () => {
    const client = createClient({ timeout: { connect: 200 } });
    const silent = lab.url('tls-silence');
    expect(await timeoutOf(() => client.get(silent, h2()), 'connect', 200)).toMatchObject({ phase: 'tls', safeToRetry: true });
    await lab.upstream('tls-silence').closed();
    expect(await timeoutOf(() => client.get(lab.url('black-hole'), h2()), 'connect', 200)).toMatchObject({ phase: 'tcp' });
    await client.close();
  });

  it('a stream that times out does not take the others on its session along', async () => {
    const client = createClient();
    const upstream = lab.upstream('http2-healthy');
    upstream.reset();
    const other = client.get(lab.url('http2-healthy', '/delay/600'), h2());
    await timeoutOf(() => client.get(lab.url('http2-healthy', '/delay/5000'), { ...h2(), timeout: { read: 200 } }), 'read', 200);
    expect((await other).status).toBe(200);
    // The next call does not trust that connection.
    await client.get(upstream.url, h2());
    expect(upstream.connections).toBe(2);
    await client.close();
  });

  it('two that wait for one connection each have their own connect limit', async () => {
    const client = createClient();
    const first = timeoutOf(() => client.get(lab.url('tls-silence'), { ...h2(), timeout: { connect: 150 } }), 'connect', 150);
    const second = timeoutOf(() => client.get(lab.url('tls-silence'), { ...h2(), timeout: { connect: 450 } }), 'connect', 450);
    expect((await first).phase).toBe('tls');
    expect((await second).phase).toBe('tls');
    await client.close();
  });

  it('is cancelled by the user, and the session lives', async () => {
    const client = createClient();
    const upstream = lab.upstream('http2-healthy');
    upstream.reset();
    const controller = new AbortController();
    const canceled = client.get(lab.url('http2-healthy', '/delay/5000'), { ...h2(), signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await expect(canceled).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect((await client.get(upstream.url, h2())).status).toBe(200);
    expect(upstream.connections).toBe(1);
    await client.close();
  });

  it('with a peer that speaks HTTP/1.1 is an error, not a hang', async () => {
    const server = http.createServer((_, response) => response.end('one'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    const client = createClient({ timeout: 2_000 });
    await expect(client.get(`http://127.0.0.1:${port}/`, { httpVersion: 2 })).rejects.toMatchObject({
      code: expect.stringMatching(/HTTP2|ECONNRESET/),
    });
    server.closeAllConnections();
    server.close();
    await client.close();
  });

  it('through an explicit proxy is refused as axios refuses it', async () => {
    const client = createClient({ proxy: { host: '127.0.0.1', port: 9 } });
    await expect(client.get(lab.url('http2-healthy'), h2())).rejects.toMatchObject({ code: 'ERR_NOT_SUPPORT' });
  });
});
