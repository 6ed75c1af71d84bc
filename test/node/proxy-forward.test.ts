// Plain HTTP through a proxy, which is asked for the whole URL: the request as the target sees it, timeouts, redirects into a tunnel.
import type https from 'node:https';
import axios from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../bare';
import { answer } from '../lab/http.mjs';
import { hangingLookup, PROXY_AUTH, startBlackHole, startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { through, withEnvironment } from './proxy-support';
import { attemptsOf, clients, forAxios, rejection, timesOut, trusting, upstreamOf } from './support';

let lab: Lab;
let httpsAgent: https.Agent;
const { client, close } = clients();
const NAMES = ['healthy', 'tls-healthy', 'stall', 'body-stall', 'proxy-healthy', 'proxy-auth', 'proxy-silence', 'proxy-refuses'];

beforeAll(async () => {
  lab = await startLab({ only: NAMES });
});
beforeEach(() => {
  httpsAgent = trusting(lab);
  for (const name of NAMES) lab.upstream(name).reset();
});
afterEach(async () => {
  httpsAgent.destroy();
  await close();
});
afterAll(() => lab.close());

const redirectTo = (to: string): string => lab.url('healthy', `/redirect?to=${encodeURIComponent(to)}`);

// Followed redirects and none take different ways through axios.
describe.each([{ maxRedirects: 5 }, { maxRedirects: 0 }])('with maxRedirects $maxRedirects', ({ maxRedirects }) => {
  it('the target sees the request it would have seen without the proxy', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = client({ maxRedirects, proxy: through(proxy) });
    const { data } = await api.post(lab.url('healthy', '/some/path?q=1'), { some: 'data' }, { headers: { 'X-Own': 'kept' } });
    const { host } = new URL(lab.url('healthy'));
    expect(data).toMatchObject({ path: '/some/path?q=1', method: 'POST', body: '{"some":"data"}', headers: { host, 'x-own': 'kept' } });
    expect(proxy).toMatchObject({ connections: 1, requests: 1 });
    await api.get(lab.url('healthy'));
    expect(proxy).toMatchObject({ connections: 1, requests: 2 }); // one connection, kept alive
  });

  it.each(['response', 'read', 'total'] as const)('a proxy that stays silent runs into %s', async (limit) => {
    const proxy = lab.upstream('proxy-silence');
    const api = client({ maxRedirects, proxy: through(proxy), timeout: { [limit]: 200 } });
    await timesOut(() => api.get(lab.url('healthy')), { limit, ms: 200, phase: 'response', kind: 'read' });
    await proxy.closed();
  });

  it('credentials are shown to the proxy, not to the target', async () => {
    const proxy = lab.upstream('proxy-auth');
    const { data } = await client({ maxRedirects, proxy: through(proxy, PROXY_AUTH) }).get(lab.url('healthy'));
    expect(data.headers).not.toHaveProperty('proxy-authorization');
    expect(await rejection(client({ maxRedirects, proxy: through(proxy) }).get(lab.url('healthy')))).toMatchObject({
      response: { status: 407 },
    });
  });

  it('HTTP_PROXY names it, NO_PROXY passes it by', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = createClient({ maxRedirects });
    await withEnvironment({ http_proxy: proxy.url }, () => api.get(lab.url('healthy')));
    expect(proxy.requests).toBe(1);
    const { port } = lab.upstream('healthy');
    await withEnvironment({ http_proxy: proxy.url, no_proxy: `127.0.0.1:${port}` }, () => api.get(lab.url('healthy')));
    expect(proxy.requests).toBe(1);
    await withEnvironment({ http_proxy: proxy.url, no_proxy: `127.0.0.1:${port - 1}` }, () => api.get(lab.url('healthy')));
    expect(proxy.requests).toBe(2);
    await api.close();
  });
});

it('a target that is silent behind the proxy is held to time', async () => {
  const proxy = lab.upstream('proxy-healthy');
  const api = client({ proxy: through(proxy), timeout: { read: 250 } });
  await timesOut(() => api.get(lab.url('stall')), { limit: 'read', ms: 250, phase: 'response', kind: 'read' });
  await timesOut(() => api.get(lab.url('body-stall')), { limit: 'read', ms: 250, phase: 'body', kind: 'read' });
  await proxy.closed(2);
});

it('a proxy that is a black hole is a tcp timeout', async () => {
  const hole = await startBlackHole();
  const api = client({ proxy: through(hole), timeout: { connect: 250 } });
  await timesOut(() => api.get(lab.url('healthy')), { limit: 'connect', ms: 250, phase: 'tcp', kind: 'connect' });
  await hole.closed();
  await hole.close();
});

it('the name of the target is the proxy’s to look up', async () => {
  const { port } = lab.upstream('healthy');
  const api = client({ proxy: through(lab.upstream('proxy-healthy')), timeout: { connect: 2_000 } });
  const { data } = await api.get(`http://localhost:${port}/`, { lookup: forAxios(hangingLookup) });
  expect(data.headers.host).toBe(`localhost:${port}`);
});

it.each([{ maxRedirects: 5 }, { maxRedirects: 0 }])(
  'a proxy of SOCKS is sent nothing, by axios neither ($maxRedirects)',
  async ({ maxRedirects }) => {
    const proxy = lab.upstream('proxy-healthy');
    const api = createClient({ maxRedirects, retry: false });
    await withEnvironment({ ALL_PROXY: `socks5://${proxy.host}:${proxy.port}` }, async () => {
      expect(await rejection(api.get(lab.url('healthy')))).toMatchObject({ isAxiosError: true, code: 'ERR_NOT_SUPPORT' });
      await rejection(axios.get(lab.url('healthy'), { maxRedirects }));
    });
    expect(proxy.connections).toBe(0);
    await api.close();
  },
);

it('a refusal is the response', async () => {
  const error = await rejection(client({ proxy: through(lab.upstream('proxy-refuses')) }).get(lab.url('healthy')));
  expect(error).toMatchObject({ response: { status: 502 } });
});

describe('a redirect', () => {
  it('goes through the proxy as well, from http into a tunnel and back', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = client({ httpsAgent, proxy: through(proxy) });
    const records = attemptsOf(api);
    expect((await api.get(redirectTo(lab.url('healthy', '/landed')))).data.path).toBe('/landed');
    expect(proxy.requests).toBe(2);
    expect((await api.get(redirectTo(lab.url('tls-healthy', '/secure')))).data.path).toBe('/secure');
    expect(proxy.requests).toBe(4);
    expect(records[1]?.timings).toMatchObject({ proxy: expect.any(Number), tls: expect.any(Number) });
    const back = lab.url('tls-healthy', `/redirect?to=${encodeURIComponent(lab.url('healthy', '/back'))}`);
    expect((await api.get(back)).data.path).toBe('/back');
    expect(proxy.requests).toBe(5); // the tunnel stands already
  });

  it('shows the credentials at each hop to the proxy alone', async () => {
    const proxy = lab.upstream('proxy-auth');
    const api = client({ httpsAgent, proxy: through(proxy, PROXY_AUTH) });
    for (const to of [lab.url('healthy', '/landed'), lab.url('tls-healthy', '/landed')]) {
      const { data } = await api.get(redirectTo(to));
      expect(data.path).toBe('/landed');
      expect(data.headers).not.toHaveProperty('proxy-authorization');
    }
  });

  it('follows the environment hop by hop: a proxy for http alone is not used for https', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = createClient({ httpsAgent });
    await withEnvironment({ HTTP_PROXY: proxy.url }, () => api.get(redirectTo(lab.url('tls-healthy', '/direct'))));
    expect(proxy.requests).toBe(1);
    await api.close();
  });

  it('to a server that is reached directly does not show it the credentials', async () => {
    const direct = await upstreamOf(({ req, res }) => answer(res, 200, { headers: req.headers }));
    const { username, password } = PROXY_AUTH;
    const proxy = lab.upstream('proxy-auth').url.replace('//', `//${username}:${password}@`);
    const api = createClient();
    const { data } = await withEnvironment({ HTTP_PROXY: proxy, NO_PROXY: `127.0.0.1:${direct.port}` }, () =>
      api.get(redirectTo(direct.url)),
    );
    expect(lab.upstream('proxy-auth').requests).toBe(1);
    expect(data.headers).not.toHaveProperty('proxy-authorization');
    await Promise.all([api.close(), direct.close()]);
  });

  it('into silence behind the proxy is held to time', async () => {
    const api = client({ proxy: through(lab.upstream('proxy-healthy')), timeout: { read: 250 } });
    await timesOut(() => api.get(redirectTo(lab.url('stall'))), { limit: 'read', ms: 250, phase: 'response', kind: 'read' });
    await lab.upstream('stall').closed();
  });
});
