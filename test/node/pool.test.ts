// What concerns the pool of connections: waiting for one, reusing one, a stale one, agents of the user's own, other people's requests.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRecord, createClient } from '../bare';
import { startLab, startUpstream } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { failureOf, timeoutOf, watchUnhandled } from './failures';
import { holding } from './support';

const unhandled = watchUnhandled();
let lab: Awaited<ReturnType<typeof startLab>>;

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'stall', 'black-hole'] });
});

afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

describe('waiting for a connection', () => {
  it('ends by queue in time, leaves the queue, and harms nobody', async () => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const client = createClient({ httpAgent, timeout: { queue: 200, connect: 100 } });
    const busy = client.get(lab.url('healthy', '/delay/700'));

    const error = await timeoutOf(() => client.get(lab.url('healthy')), 'queue', 200);
    expect(error).toMatchObject({ phase: 'queue', kind: 'queue', safeToRetry: true });
    expect(httpAgent.requests).toEqual({});

    expect((await busy).status).toBe(200);
    expect((await client.get(lab.url('healthy'))).status).toBe(200);
    httpAgent.destroy();
  });

  it('is bounded by total and by the deadline as well', async () => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const client = createClient({ httpAgent });
    const busy = client.get(lab.url('healthy', '/delay/700'));
    expect((await timeoutOf(() => client.get(lab.url('healthy'), { timeout: 150 }), 'total', 150)).phase).toBe('queue');
    expect((await timeoutOf(() => client.get(lab.url('healthy'), { deadline: 150 }), 'deadline', 150)).phase).toBe('queue');
    expect(httpAgent.requests).toEqual({});
    await busy;
    httpAgent.destroy();
  });
});

describe('a reused connection', () => {
  it('has no connect limit, and says that it is one', async () => {
    const client = createClient({ timeout: { connect: 2_000 } });
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    await client.get(lab.url('healthy'));
    await client.get(lab.url('healthy', '/delay/120'), { timeout: { connect: 50 } });
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true]);
    expect(Object.keys(records[1]?.timings ?? {})).not.toContain('tcp');
    await client.close();
  });

  it('that the peer has closed meanwhile says so', async () => {
    const client = createClient();
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    // A server that answers once on a connection and hangs up as soon as it is asked again.
    let served = 0;
    const server = http.createServer((request, response) => (served++ ? request.socket.resetAndDestroy() : response.end('ok')));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    await client.get(`http://127.0.0.1:${port}/`);
    await expect(client.post(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNRESET', reusedSocket: true });
    expect(records[1]).toMatchObject({ code: 'ECONNRESET', reusedSocket: true, outcome: 'error', timedOut: false });
    server.close();
    await client.close();
  });

  it('is none where an agent gives a new one when it stands', async () => {
    class Standing extends http.Agent {
      override createConnection(options: http.ClientRequestArgs, given?: (error: Error | null, stream: Duplex) => void): undefined {
        const socket = net.connect(options as net.NetConnectOpts, () => given?.(null, socket));
      }
    }
    // Resets the first request of a connection, or the second.
    let spared = 1;
    const server = http.createServer((request, response) => (spared-- > 0 ? response.end('ok') : request.socket.resetAndDestroy()));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    const httpAgent = new Standing({ keepAlive: true, maxSockets: 1 });
    const client = createClient({ httpAgent, retry: false });
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    await client.get(`http://127.0.0.1:${port}/`);
    await expect(client.get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNRESET', reusedSocket: true });
    const { error } = await failureOf(() => client.get(`http://127.0.0.1:${port}/`));
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(error).not.toHaveProperty('reusedSocket');
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true, false]);
    server.close();
    httpAgent.destroy();
  });

  it('is destroyed after a timeout, never returned to the pool', async () => {
    const httpAgent = new http.Agent({ keepAlive: true });
    const client = createClient({ httpAgent });
    const stall = lab.upstream('stall');
    stall.reset();
    await timeoutOf(() => client.get(stall.url, { timeout: { read: 150 } }), 'read', 150);
    await stall.closed();
    expect(Object.keys(httpAgent.freeSockets)).toEqual([]);
  });
});

describe('an agent of the user', () => {
  it('keeps its own options: TLS, and no keep-alive', async () => {
    const trusting = createClient({ httpsAgent: new https.Agent({ ca: lab.ca, keepAlive: false }) });
    const records: AttemptRecord[] = [];
    trusting.on('attempt', (record) => records.push(record));
    await trusting.get(lab.url('tls-healthy'));
    await trusting.get(lab.url('tls-healthy'));
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, false]);
    await expect(createClient().get(lab.url('tls-healthy'))).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/),
    });
  });

  it('with a timeout of its own neither replaces ours nor kills what is healthy', async () => {
    const httpAgent = new http.Agent({ keepAlive: true, timeout: 150 });
    const client = createClient({ httpAgent, timeout: { connect: 250 } });
    expect((await client.get(lab.url('healthy', '/delay/400'))).status).toBe(200);
    expect((await timeoutOf(() => client.get(lab.url('black-hole')), 'connect', 250)).phase).toBe('tcp');
    httpAgent.destroy();
  });

  it('that makes connections by means of its own is connecting, not queueing', async () => {
    // As https-proxy-agent and its kin do: the connection comes later, from elsewhere.
    class Elsewhere extends http.Agent {
      override createConnection(): undefined {
        return undefined;
      }
    }
    const client = createClient({ httpAgent: new Elsewhere(), timeout: { connect: 200 } });
    expect(await timeoutOf(() => client.get(lab.url('healthy')), 'connect', 200)).toMatchObject({ kind: 'connect' });
  });

  it('is shared with others, whose requests live', async () => {
    const agent = new http.Agent({ keepAlive: true, timeout: 300 });
    const client = createClient({ httpAgent: agent });
    await client.get(lab.url('healthy'));
    const status = await new Promise<number | undefined>((resolve, reject) => {
      http
        .get(lab.url('healthy', '/delay/700'), { agent }, (response) => {
          expect((response as http.IncomingMessage & { req: http.ClientRequest }).req.reusedSocket).toBe(true);
          response.resume().on('end', () => resolve(response.statusCode));
        })
        .on('error', reject);
    });
    expect(status).toBe(200);
    agent.destroy();
  });
});

describe('two addresses of one name', () => {
  it('both of them dead end within one connect budget', async () => {
    const { port } = lab.upstream('black-hole');
    const lookup = (_: string, __: object, answer: (error: null, addresses: { address: string; family: 4 }[]) => void): void =>
      answer(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const client = createClient({ timeout: { connect: 400 } });
    const error = await timeoutOf(() => client.get(`http://two.lab.invalid:${port}/`, { lookup }), 'connect', 400);
    expect(error.phase).toBe('tcp');
  });
});

describe('closing', () => {
  it('closes idle connections, lets calls in progress end, refuses new ones, and may be done twice', async () => {
    const upstream = await startUpstream('healthy');
    const client = createClient();
    await client.get(upstream.url);
    const running = client.get(`${upstream.url}delay/200`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await client.close();
    await client.close();
    expect((await running).status).toBe(200);
    await upstream.closed(upstream.connections);
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await upstream.close();
  });

  it('keeps no connection of a call that was still in an interceptor', async () => {
    const upstreams = await Promise.all(['healthy', 'tls-healthy', 'proxy-healthy'].map((name) => startUpstream(name)));
    const [healthy, tls, proxy] = upstreams as [Upstream, Upstream, Upstream];
    const httpsAgent = new https.Agent({ rejectUnauthorized: false }); // keeps none by itself
    for (const [url, config, left] of [
      [healthy.url, {}, [healthy]],
      [tls.url, { httpsAgent, proxy: { protocol: 'http', host: proxy.host, port: proxy.port } }, [tls, proxy]],
    ] as const) {
      const client = createClient(config);
      const interceptor = holding(client);
      const call = client.get(url);
      await interceptor.entered;
      await client.close();
      interceptor.goOn();
      expect((await call).status).toBe(200);
      await Promise.all(left.map((upstream) => upstream.closed()));
    }
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });
});
