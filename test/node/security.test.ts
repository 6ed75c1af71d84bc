// What SECURITY.md promises and no other test holds: a kept answer is nobody else's, what we add to a request stays at its origin, and
// whoever installs the package runs nothing by that.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import axios from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client, RequestConfig } from '../../src';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { clients, rejection, trusting, upstreamOf } from './support';

const { client: make, close } = clients();
afterEach(async () => {
  vi.unstubAllGlobals();
  await close();
});

describe('the last good answer', () => {
  let peer: Upstream;
  let vary: string;
  let isUp: boolean;
  const agents = [new http.Agent(), new http.Agent()] as const;

  beforeEach(async () => {
    vary = '';
    isUp = true;
    peer = await upstreamOf(({ res }) => res.writeHead(isUp ? 200 : 503, vary ? { Vary: vary } : {}).end('of the first'));
  });
  afterEach(async () => {
    for (const agent of agents) agent.destroy();
    await peer.close();
  });

  /** Asks for the same twice, and the second time the upstream is down. */
  async function isServed(first: RequestConfig, second: RequestConfig, between = (): void => {}): Promise<boolean> {
    const client: Client = make({ fallback: { staleFor: 60_000 }, retry: false, breaker: false });
    expect((await client.get(peer.url, first)).data).toBe('of the first');
    isUp = false;
    between();
    const answer = await client.get(peer.url, second).catch((error) => error.response ?? { status: 503 });
    expect(answer.status).toBe('fallback' in answer ? 200 : 503);
    return 'fallback' in answer;
  }

  it.each<[string, RequestConfig, RequestConfig]>([
    ['another agent, which may hold a certificate', { httpAgent: agents[0] }, { httpAgent: agents[1] }],
    ['another agent for HTTPS', { httpsAgent: agents[0] }, { httpsAgent: agents[1] }],
    ['no agent', { httpAgent: agents[0] }, {}],
    ['another cookie jar', { jar: new Set() } as RequestConfig, { jar: new Set() } as RequestConfig],
    ['another certificate over HTTP/2', { http2Options: { cert: 'a' } } as RequestConfig, { http2Options: { cert: 'b' } } as RequestConfig],
    ['other options of fetch', { fetchOptions: { credentials: 'omit' } }, { fetchOptions: { credentials: 'include' } }],
    ['withCredentials', {}, { withCredentials: true }],
    [
      'the base URL, where an absolute one was meant',
      { baseURL: 'http://a.test/' },
      { baseURL: 'http://a.test/', allowAbsoluteUrls: false },
    ],
  ])('is not for %s', async (_, first, second) => {
    expect(await isServed(first, second)).toBe(false);
  });

  it.each<[string, RequestConfig]>([
    ['the same agent', { httpAgent: agents[0] }],
    ['the same options of fetch', { fetchOptions: { credentials: 'omit' } }],
    ['the same certificate', { http2Options: { cert: Buffer.from('a') } } as RequestConfig],
  ])('is for %s', async (_, config) => {
    expect(await isServed(config, { ...config })).toBe(true);
  });

  const agent = (name: string): RequestConfig => ({ headers: { 'User-Agent': name } });
  it.each<[string, string, RequestConfig, RequestConfig, boolean]>([
    ['*', 'anything', {}, {}, false],
    ['Accept, *', 'anything', {}, {}, false],
    ['User-Agent', 'another', agent('phone'), agent('desk'), false],
    ['user-agent', 'another than axios', agent('phone'), {}, false],
    ['User-Agent', 'the same', agent('phone'), agent('phone'), true],
    ['User-Agent', "axios' own", {}, {}, true],
    ['X-Request-Id', 'another', { headers: { 'X-Request-Id': '1' } }, { headers: { 'X-Request-Id': '2' } }, false],
    ['Accept-Encoding', 'another', { headers: { 'Accept-Encoding': 'gzip' } }, { headers: { 'Accept-Encoding': 'br' } }, true],
    [
      'Accept-Encoding',
      'another, as it is',
      { decompress: false, headers: { 'Accept-Encoding': 'gzip' } },
      { decompress: false, headers: { 'Accept-Encoding': 'br' } },
      false,
    ],
    ['Cookie', 'the same', { headers: { Cookie: 'a=1' } }, { headers: { Cookie: 'a=1' } }, true],
    ['Origin', 'none', {}, {}, true],
  ])('with Vary: %s is served to %s: %j, %j: %s', async (names, _, first, second, served) => {
    vary = names;
    expect(await isServed(first, second)).toBe(served);
  });

  it('with another Vary than before is not that of before', async () => {
    const client = make({ fallback: { staleFor: 60_000 }, retry: false, breaker: false });
    await client.get(peer.url);
    vary = '*';
    await client.get(peer.url);
    isUp = false;
    expect(await rejection(client.get(peer.url))).toMatchObject({ response: { status: 503 } });
  });

  it.each([
    ['varies by cookies, which it does not see', 'Cookie', () => {}, false],
    ['sees that its cookies are others', '', () => vi.stubGlobal('document', { cookie: 'csrf=2' }), false],
    ['has the same cookies', '', () => {}, true],
  ])('in a page that %s: %s', async (_, names, between, served) => {
    vi.stubGlobal('document', { cookie: 'csrf=1' });
    vary = names;
    expect(await isServed({}, {}, between)).toBe(served);
  });

  it.each([
    ['Cookie', 'user=b', false],
    ['Accept, cookie', 'user=a', false],
    ['Accept', 'user=a', true],
  ])('with Vary: %s, of an agent that added cookies from a jar, where it has %s now: served %s', async (names, next, served) => {
    let jar = 'user=a';
    class Jar extends http.Agent {
      addRequest(req: http.ClientRequest, options: unknown): void {
        req.setHeader('Cookie', jar);
        (http.Agent.prototype as unknown as Jar).addRequest.call(this, req, options);
      }
    }
    vary = names;
    const httpAgent = new Jar();
    const change = (): void => {
      jar = next;
    };
    expect(await isServed({ httpAgent }, { httpAgent }, change)).toBe(served);
    httpAgent.destroy();
  });

  it('with Vary: User-Agent is served where the adapter, whose user agent it was, is not asked', async () => {
    vary = 'User-Agent';
    const client = make({ fallback: { staleFor: 60_000 }, breaker: {} });
    await client.get(peer.url);
    client.breakers.open(`GET ${peer.url}`);
    expect(await client.get(peer.url)).toMatchObject({ fallback: 'stale' });
  });

  it('leaves nothing on a token that calls share', async () => {
    const { token } = axios.CancelToken.source();
    const client = make({ fallback: () => 'instead', retry: false, breaker: false });
    isUp = false;
    for (let i = 0; i < 5; i++) expect((await client.get(peer.url, { cancelToken: token })).data).toBe('instead');
    expect((token as unknown as { _listeners: unknown[] | null })._listeners ?? []).toHaveLength(0);
  });
});

describe('the deadline and the trace', () => {
  let lab: Lab;
  let elsewhere: Upstream;
  beforeAll(async () => {
    lab = await startLab({ only: ['healthy', 'tls-healthy'] });
    elsewhere = await upstreamOf(({ req, res }) => res.end(JSON.stringify({ headers: req.headers })));
  });
  afterAll(() => Promise.all([lab.close(), elsewhere.close()]));

  const redirect = (from: string, to: string): string => lab.url(from, `/redirect?to=${encodeURIComponent(to)}`);
  const own = (headers: object): string[] => Object.keys(headers).filter((name) => ['traceparent', 'x-left'].includes(name));

  /** What of ours arrives at the end. */
  async function arriving(url: string, config: RequestConfig = {}): Promise<string[]> {
    const httpsAgent = trusting(lab);
    const client = make({ httpsAgent, deadline: 5_000, deadlineHeader: 'X-Left', propagateTrace: true });
    const { data } = await client.get(url, config);
    httpsAgent.destroy();
    return own(data.headers);
  }

  it('stay with the origin', async () => {
    expect((await arriving(redirect('healthy', '/landed'))).sort()).toEqual(['traceparent', 'x-left']);
  });

  it.each<[string, () => string]>([
    ['another port', () => redirect('healthy', elsewhere.url)],
    ['another name of the same host', () => redirect('healthy', lab.url('healthy').replace('127.0.0.1', 'localhost'))],
    ['HTTPS', () => redirect('healthy', lab.url('tls-healthy'))],
    ['HTTP', () => redirect('tls-healthy', lab.url('healthy'))],
    ['its own origin by way of another', () => redirect('healthy', redirect('tls-healthy', lab.url('healthy')))],
  ])('do not go to %s', async (_, url) => {
    for (const sensitiveHeaders of [[], null as never, ['x-own']]) expect(await arriving(url(), { sensitiveHeaders })).toEqual([]);
  });
});

describe('what is installed with the package', () => {
  interface Locked {
    integrity?: string;
    hasInstallScript?: boolean;
    dev?: boolean;
    devOptional?: boolean;
    optional?: boolean;
  }
  const json = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
  const { scripts } = json('package.json') as { scripts: Record<string, string> };
  const locked = Object.entries(json('package-lock.json').packages as Record<string, Locked>).filter(
    ([path, { dev, devOptional, optional }]) => path && !dev && !devOptional && !optional,
  );

  it('is pinned by its hash', () => {
    expect(locked.map(([path]) => path)).toEqual(
      expect.arrayContaining(['node_modules/axios', 'node_modules/axios-retry', 'node_modules/mitt']),
    );
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
  });

  it('runs no script', () => {
    expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
  });
});
