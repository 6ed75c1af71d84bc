// Nothing is left behind: not on pooled sockets, and not for others who share an agent. leaks-shared.wide.test.ts has signals, tokens and memory.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient, type RequestConfig } from '../bare';
import { failureOf } from './failures';
import { many, settled, watchedLab } from './leaks-support';

vi.setConfig({ testTimeout: 180_000 }); // thousands of calls, on a machine that may be busy

const lab = watchedLab(['healthy', 'tls-healthy', 'stall', 'body-stall']);
let client: Client;
afterEach(() => client.close());

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const freeSockets = (agent: http.Agent): Socket[] => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);

/** How many listeners there are on a socket, by event. */
const listeners = (socket: Socket): Record<string, number> =>
  Object.fromEntries(
    socket
      .eventNames()
      .map((name) => [String(name), socket.listenerCount(name)] as const)
      .sort(),
  );

/** Waits until the agent has taken all of its sockets back. */
const allFree = (agent: http.Agent): Promise<void> => vi.waitFor(() => expect(Object.keys(agent.sockets)).toEqual([]), { timeout: 5_000 });

describe('1 000 calls over pooled sockets', () => {
  const KINDS: [string, () => { url: string; agent: http.Agent; config: RequestConfig }][] = [
    [
      'http',
      () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
        return { url: lab().url('healthy'), agent, config: { httpAgent: agent } };
      },
    ],
    [
      'http without redirects',
      () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
        return { url: lab().url('healthy'), agent, config: { httpAgent: agent, maxRedirects: 0 } };
      },
    ],
    [
      'https',
      () => {
        const agent = new https.Agent({ keepAlive: true, maxSockets: 2, ca: lab().ca });
        return { url: lab().url('tls-healthy'), agent, config: { httpsAgent: agent } };
      },
    ],
  ];

  it.each(KINDS)('leave the sockets as they were, and no timer (%s)', async (_kind, make) => {
    const { url, agent, config } = make();
    client = createClient({
      proxy: false,
      ...config,
      timeout: { connect: 5_000, read: 5_000, response: 5_000, body: 5_000, send: 5_000, total: 9_000 },
    });
    const before = timers();
    await Promise.all([client.get(url), client.get(url)]);
    await allFree(agent);
    const sockets = freeSockets(agent);
    const counts = sockets.map(listeners);
    expect(sockets.length).toBeGreaterThan(0);

    await many(1_000, (i) => (i % 3 ? client.get(url) : client.post(url, { i })));
    await allFree(agent);

    expect(freeSockets(agent)).toHaveLength(sockets.length);
    for (const [i, socket] of sockets.entries()) {
      expect(freeSockets(agent)).toContain(socket); // the same ones, all the time
      expect(listeners(socket)).toEqual(counts[i]);
    }
    expect(timers()).toBeLessThanOrEqual(before);
    agent.destroy();
  });
});

describe('calls that fail', () => {
  it('leave no timer either', async () => {
    client = createClient({ proxy: false, timeout: false, deadline: 60_000 });
    const before = timers();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await Promise.all([
      failureOf(() => client.get(lab().url('stall'), { timeout: { read: 60 } })),
      failureOf(() => client.get(lab().url('body-stall'), { timeout: 60 })),
      failureOf(() => client.get(lab().url('stall'), { deadline: 60 })),
      failureOf(() => client.get(lab().url('stall'), { signal: controller.signal, timeout: 60_000 })),
      failureOf(() => client.get(lab().url('healthy', '/status/500'), { timeout: 60_000 })),
      failureOf(() => client.get(lab().url('healthy', '/reset'), { timeout: 60_000 })),
      failureOf(() => client.get('http://127.0.0.1:1/', { timeout: 60_000 })),
    ]);
    await settled();
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('leave nothing in the pool: their connections are closed, the next call has a new one', async () => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    client = createClient({ proxy: false, httpAgent, timeout: { read: 80 } });
    lab().upstream('healthy').reset();
    for (let i = 0; i < 5; i++) await failureOf(() => client.get(lab().url('healthy', '/delay/1000')));
    await lab().upstream('healthy').closed(5);
    expect(freeSockets(httpAgent)).toEqual([]);
    expect(Object.keys(httpAgent.requests)).toEqual([]);
    expect((await client.get(lab().url('healthy'))).status).toBe(200);
    httpAgent.destroy();
  });
});

describe('an agent that is shared with others', () => {
  it('kills none of their requests after calls of ours: its sockets keep no timeout listener', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1, timeout: 400 });
    client = createClient({ proxy: false, httpAgent: agent, timeout: { read: 5_000 } });
    for (let i = 0; i < 3; i++) await client.get(lab().url('healthy'));
    await settled();
    const answered = await new Promise<{ status: number | undefined; reused: boolean }>((resolve, reject) => {
      const request = http.get(lab().url('healthy', '/delay/900'), { agent }, (response) => {
        response.resume();
        response.once('end', () => resolve({ status: response.statusCode, reused: request.reusedSocket }));
      });
      request.once('error', reject);
    });
    expect(answered).toEqual({ status: 200, reused: true });
    agent.destroy();
  });

  it('is not closed with the client', async () => {
    const agent = new http.Agent({ keepAlive: true });
    client = createClient({ proxy: false, httpAgent: agent });
    await client.get(lab().url('healthy'));
    await settled();
    await client.close();
    await settled();
    expect(freeSockets(agent)).toHaveLength(1);
    expect(freeSockets(agent)[0]?.destroyed).toBe(false);
    agent.destroy();
  });
});

describe('a client that is closed', () => {
  it('closes its idle connections, lets calls in progress end, and takes no more', async () => {
    client = createClient({ proxy: false });
    const upstream = lab().upstream('healthy');
    upstream.reset();
    await Promise.all([client.get(lab().url('healthy', '/delay/100')), client.get(lab().url('healthy', '/delay/100'))]);
    await settled();
    let ended = false;
    const inProgress = client.get(lab().url('healthy', '/delay/1500')).finally(() => {
      ended = true;
    });
    await settled();
    expect(upstream.connections).toBe(2);
    await client.close();
    await client.close();
    await upstream.closed(1); // the idle one
    expect(ended).toBe(false);
    const { error } = await failureOf(() => client.get(lab().url('healthy')));
    expect(error).toMatchObject({ code: 'ERR_CLOSED', isAxiosError: true });
    expect((await inProgress).status).toBe(200);
    await upstream.closed(2);
  });
});
