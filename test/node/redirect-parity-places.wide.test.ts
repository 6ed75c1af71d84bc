// Redirects are followed as axios follows them, whatever they go through: proxies, sockets, agents, transports.
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxiosRequestConfig } from 'axios';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../bare';
import { PROXY_AUTH, startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { through, withEnvironment } from './proxy-support';
import { type Answer, Site } from './redirect-parity-site';
import { type Observed, same } from './redirect-parity-support';
import { until } from './support';

let site: Site;
let lab: Lab;
const unhandled = watchUnhandled();

beforeAll(async () => {
  site = await Site.start();
  lab = await startLab({ only: ['proxy-healthy', 'proxy-auth', 'proxy-refuses'] });
});
afterAll(async () => {
  site.close();
  await lab.close();
  await unhandled.none();
});

const url = (path = '/first?q=1', origin: keyof Site['origins'] = 'a'): string => site.origins[origin] + path;
const across = (): Answer[] => [
  { status: 302, to: url('/2', 'b') },
  { status: 307, to: url('/3', 's') },
  { status: 307, to: url('/4', 't') },
  { status: 308, to: url('/5') },
];
const requests: Record<string, AxiosRequestConfig> = {
  GET: { headers: { Cookie: 'a=b', 'X-Own': '1' }, sensitiveHeaders: ['x-own'] },
  POST: { method: 'post', data: { a: 1 }, auth: { username: 'u', password: 'p' } },
};

/**
 * Without what differs through proxies, redirected or not: axios' tunnels close each connection, ours keep theirs. And axios asks a proxy
 * by way of the path, which follow-redirects then takes for the URL; ours is asked by the agent, so the URL has its credentials as ever.
 */
const alike = (observed: Observed): Observed =>
  JSON.parse(
    JSON.stringify(observed, (name, value) => (name === 'redirectable' || name === 'date' ? undefined : value))
      .replaceAll('"Connection","close"', '"Connection","keep-alive"')
      .replaceAll('//u:p@', '//'),
  );

describe.each(Object.keys(requests))('%s through a proxy', (name) => {
  it.each(['proxy-healthy', 'proxy-auth'])('%s', async (proxy) => {
    const config = { proxy: through(lab.upstream(proxy), proxy === 'proxy-auth' ? PROXY_AUTH : undefined) };
    const { seen } = await same(site, across(), () => ({ url: url(), ...requests[name], ...config }), alike);
    expect(seen).toHaveLength(5);
    await same(site, across(), () => ({ url: url('/first', 's'), ...requests[name], ...config }), alike);
    expect(lab.upstream(proxy).requests).toBeGreaterThan(10);
  });

  it('that refuses', async () => {
    await same(site, across(), () => ({ url: url(), ...requests[name], proxy: through(lab.upstream('proxy-refuses')) }), alike);
  });

  it('of the environment', async () => {
    const proxy = `http://127.0.0.1:${lab.upstream('proxy-healthy').port}`;
    const { host } = new URL(site.origins.b);
    await withEnvironment({ http_proxy: proxy, https_proxy: proxy, no_proxy: host }, async () => {
      const before = lab.upstream('proxy-healthy').requests;
      await same(site, across(), () => ({ url: url(), ...requests[name], proxy: null as never }), alike);
      expect(lab.upstream('proxy-healthy').requests - before).toBe(2 * 4);
    });
  });
});

describe('agents', () => {
  const agents: Record<string, http.AgentOptions> = {
    'that keep connections': { keepAlive: true },
    'that do not': { keepAlive: false },
    'with one connection': { keepAlive: true, maxSockets: 1, maxTotalSockets: 1 },
    'with a timeout': { keepAlive: true, timeout: 60 },
  };
  it.each(Object.keys(agents))('%s', async (name) => {
    const made = (): AxiosRequestConfig => ({
      httpAgent: new http.Agent(agents[name]),
      httpsAgent: new https.Agent({ ...agents[name], ca: site.ca }),
    });
    const slow = across().map((answer) => ({ ...answer, after: 100 }));
    await same(site, slow, () => ({ url: url(), ...made() }));
    await same(site, [{ after: 100 }], () => ({ url: url(), ...made() }));
  });
});

describe('connections', () => {
  it('that are used again gather no listeners', async () => {
    const api = createClient({ proxy: false });
    const listeners = async (times: number): Promise<unknown> => {
      const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const toB: Answer = { status: 307, to: url('/2', 'b') };
      site.begin(Array.from({ length: times }, () => [toB, {}]).flat());
      for (let i = 0; i < times; i++) await api.get(url(), { httpAgent });
      for (let i = 0; i < times; i++) await api.get(url('/kept'), { httpAgent });
      await until(() => Object.values(httpAgent.freeSockets).flat().length === 2, 'both are free');
      const sockets = Object.values(httpAgent.freeSockets).map((free) => free?.[0]);
      const counts = sockets.map((socket) => socket?.eventNames().map((name) => [String(name), socket.listenerCount(name)]));
      httpAgent.destroy();
      return counts.map((events) => Object.fromEntries(events ?? []));
    };
    expect(await listeners(20)).toEqual(await listeners(1));
    await api.close();
  });

  it.each([
    ['with garbage behind the redirect', 'HTTP/1.1 302 Found\r\nLocation: $\r\nContent-Length: 0\r\n\r\ngarbage\r\n\r\n'],
    ['with a broken chunk', 'HTTP/1.1 302 Found\r\nLocation: $\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    [
      'with interim answers',
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: $\r\n\r\n',
    ],
    ['of HTTP/1.0', 'HTTP/1.0 302 Found\r\nlocation: $\r\n\r\n'],
    ['with a second answer behind', 'HTTP/1.1 302\r\nLocation: $\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['with the end behind', 'HTTP/1.1 302 Found\r\nLocation: $\r\nContent-Length: 5\r\n\r\nab!'],
    ['with headers that break off', 'HTTP/1.1 302 Found\r\nLocation: $\r\nContent-!'],
  ])('%s', async (_, answer) => {
    const server = net.createServer((socket) => {
      site.sockets.add(socket.on('error', () => {}).once('close', () => site.sockets.delete(socket)));
      socket.once('data', () => {
        const bytes = answer.replace('$', url('/2', 'b'));
        if (bytes.endsWith('!')) socket.end(bytes.slice(0, -1));
        else socket.write(bytes);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    for (const config of [{}, { method: 'post', data: 'x'.repeat(300_000) }]) {
      await same(site, [], () => ({ url: `http://127.0.0.1:${port}/`, ...config }));
    }
    server.close();
  });
});

describe('a socket', () => {
  it('takes every hop', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'parity-'));
    const socketPath = join(directory, 's');
    const server = http.createServer((req, res) => {
      if (req.url === '/first') res.writeHead(302, { location: url('/2', 'b') });
      res.end(`${req.method} ${req.url} ${JSON.stringify(req.rawHeaders)}`);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    try {
      const { response } = await same(site, [], () => ({ url: '/first', socketPath }));
      expect(response?.data).toContain('GET /2');
      await same(site, [], () => ({ url: '/other', socketPath }));
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true });
    }
  });
});

describe("a transport of the user's own", () => {
  it('is asked, and follows for itself', async () => {
    let asked = 0;
    const transport = {
      request(...args: Parameters<typeof http.request>) {
        asked++;
        return http.request(...args);
      },
    };
    const { error } = await same(site, [{ status: 302, to: '/2' }], () => ({ url: url(), transport }));
    expect(asked).toBe(2);
    expect((error as { status: number }).status).toBe(302);
  });
});
