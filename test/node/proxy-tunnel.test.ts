// HTTPS through a CONNECT proxy: the tunnel's phases are seen and held to time, as axios alone never does; a healthy one is pooled.
import type https from 'node:https';
import { inspect } from 'node:util';
import axios, { type AxiosError, AxiosHeaders } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient, isTimeout } from '../bare';
import { hangingLookup, PROXY_AUTH, startBlackHole, startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { peer, says } from './hostile-support';
import { through, withEnvironment } from './proxy-support';
import { attemptsOf, clients, duration, forAxios, GENEROUS, rejection, timesOut, trusting } from './support';

let lab: Lab;
let httpsAgent: https.Agent;
const { client, close } = clients();
const NAMES = ['healthy', 'tls-healthy', 'tls-silence', 'proxy-healthy', 'proxy-auth', 'proxy-silence', 'proxy-refuses'];

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

const target = (path = '/'): string => lab.url('tls-healthy', path);

// faults.test.ts meets it with redirects allowed; forbidden, it takes another way through axios.
describe('a proxy that stays silent, without redirects', () => {
  const maxRedirects = 0;
  it.each(['connect', 'proxy', 'total'] as const)('runs into %s', async (limit) => {
    const proxy = lab.upstream('proxy-silence');
    const api = client({ maxRedirects, httpsAgent, proxy: through(proxy), timeout: { [limit]: 250 } });
    const records = attemptsOf(api);
    const error = await timesOut(() => api.post(target(), 'once'), { limit, ms: 250, phase: 'proxy', kind: 'connect' });
    await proxy.closed();
    expect(proxy).toMatchObject({ connections: 1, requests: 1 });
    expect(error.safeToRetry).toBe(true);
    expect(error.message).toContain('waiting for the proxy');
    expect(error.timings).toHaveProperty('proxy');
    expect(records).toMatchObject([{ outcome: 'timeout', phase: 'proxy', kind: 'connect', limit }]);
  });

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('named by %s runs into connect', async (name) => {
    const proxy = lab.upstream('proxy-silence');
    const api = createClient({ maxRedirects, httpsAgent, timeout: { connect: 250 } });
    await withEnvironment({ [name]: proxy.url }, () =>
      timesOut(() => api.get(target()), { limit: 'connect', ms: 250, phase: 'proxy', kind: 'connect' }),
    );
    await proxy.closed();
    expect(lab.upstream('tls-healthy').connections).toBe(0);
    await api.close();
  });
});

describe('on the way to and behind the proxy', () => {
  it('a proxy that is a black hole is a tcp timeout', async () => {
    const hole = await startBlackHole();
    const api = client({ httpsAgent, proxy: through(hole), timeout: { connect: 300 } });
    await timesOut(() => api.get(target()), { limit: 'connect', ms: 300, phase: 'tcp', kind: 'connect' });
    await hole.closed();
    await hole.close();
  });

  it('a target that never answers the TLS greeting is a tls timeout', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = client({ httpsAgent, proxy: through(proxy), timeout: { connect: 300 } });
    const error = await timesOut(() => api.get(lab.url('tls-silence')), { limit: 'connect', ms: 300, phase: 'tls', kind: 'connect' });
    expect(error.timings).toMatchObject({ proxy: expect.any(Number), tls: expect.any(Number) });
    await proxy.closed();
    await lab.upstream('tls-silence').closed();
  });

  it('a target that does not answer is a response timeout, and the tunnel is closed', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = client({ httpsAgent, proxy: through(proxy), timeout: { response: 250 } });
    await timesOut(() => api.get(target('/delay/60000')), { limit: 'response', ms: 250, phase: 'response', kind: 'read' });
    await proxy.closed();
    await lab.upstream('tls-healthy').closed();
  });

  it('the name of the target is the proxy’s to look up', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const { port } = lab.upstream('tls-healthy');
    const api = client({ httpsAgent, proxy: through(proxy), timeout: { connect: 2_000 } });
    const { status } = await api.get(`https://localhost:${port}/`, { lookup: forAxios(hangingLookup) });
    expect(status).toBe(200);
  });
});

describe('a healthy proxy', () => {
  it('is passed with all phases seen, and its tunnel used again', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = client({ httpsAgent, proxy: through(proxy) });
    const records = attemptsOf(api);
    expect((await api.post(target('/first'), { some: 'data' })).data).toMatchObject({ path: '/first', body: '{"some":"data"}' });
    expect((await api.get(target('/second'), { timeout: { connect: 0.001 } })).data.path).toBe('/second');
    expect(proxy).toMatchObject({ connections: 1, requests: 1 });
    expect(Object.keys(records[0]?.timings ?? {})).toEqual(
      expect.arrayContaining(['queue', 'tcp', 'proxy', 'tls', 'send', 'response', 'body']),
    );
    expect(records[1]?.timings).not.toHaveProperty('proxy');
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true]);
    await api.close();
    await proxy.closed(); // the tunnel goes with the client
  });

  it('is named by HTTPS_PROXY, and passed by where NO_PROXY or the request says so', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = createClient({ httpsAgent });
    await withEnvironment({ HTTPS_PROXY: proxy.url }, () => api.get(target()));
    expect(proxy.requests).toBe(1);
    await withEnvironment({ HTTPS_PROXY: proxy.url, NO_PROXY: '10.0.0.0/8,127.0.0.0/8' }, () => api.get(target()));
    await withEnvironment({ HTTPS_PROXY: proxy.url }, () => api.get(target(), { proxy: false }));
    expect(proxy.requests).toBe(1);
    expect(lab.upstream('tls-healthy').requests).toBe(3);
    await api.close();
  });

  it('and malformed in the environment, is an error that does not say its password', async () => {
    const values = { HTTP_PROXY: 'http://user:hidden@127.0.0.1:99999', HTTPS_PROXY: 'http://user:hidden@proxy:x' };
    for (const url of [lab.url('healthy'), target()]) {
      const error = await withEnvironment(values, () => rejection(createClient({ retry: false }).get(url)));
      expect(error).toMatchObject({ code: 'ERR_INVALID_URL', isAxiosError: true });
      expect(JSON.stringify(error) + inspect(error, { depth: 9, showHidden: true })).not.toContain('hidden');
    }
  });

  it('lets the phases of many calls at once be seen, each its own', async () => {
    const proxy = lab.upstream('proxy-healthy');
    const api = client({ httpsAgent, proxy: through(proxy) });
    const records = attemptsOf(api);
    const answers = await Promise.all([1, 2, 3, 4, 5].map((number) => api.get(target(`/delay/${number * 20}`))));
    expect(answers.map(({ data }) => data.path)).toEqual([1, 2, 3, 4, 5].map((number) => `/delay/${number * 20}`));
    expect(proxy.connections).toBe(5);
    for (const { timings } of records) expect(timings).toHaveProperty('proxy');
  });

  it('gets the credentials it asks for, by option and by environment', async () => {
    const proxy = lab.upstream('proxy-auth');
    const { username, password } = PROXY_AUTH;
    expect((await client({ httpsAgent, proxy: through(proxy, PROXY_AUTH) }).get(target())).status).toBe(200);
    const api = createClient({ httpsAgent });
    const url = proxy.url.replace('//', `//${username}:${password}@`);
    const answer = await withEnvironment({ HTTPS_PROXY: url }, () => api.get(target()));
    expect(answer.status).toBe(200);
    expect(answer.data.headers).not.toHaveProperty('proxy-authorization'); // the target is not told
    await api.close();
  });

  it('does not make an untrusted target a trusted one', async () => {
    const api = client({ proxy: through(lab.upstream('proxy-healthy')) });
    expect(await rejection(api.get(target()))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

describe('a proxy that refuses', () => {
  it.each([
    { name: 'proxy-refuses', status: 502 },
    { name: 'proxy-auth', status: 407 },
  ])('with $status is an error at once that says so', async ({ name, status }) => {
    const proxy = lab.upstream(name);
    const api = client({ httpsAgent, proxy: through(proxy), timeout: { connect: GENEROUS, total: GENEROUS } });
    const records = attemptsOf(api);
    const call = rejection(api.get(target()));
    expect(await duration(call)).toBeLessThan(GENEROUS - 500);
    const error = (await call) as Error & { status: number };
    expect(isTimeout(error)).toBe(false);
    expect(error).toMatchObject({ isAxiosError: true, status });
    expect(error.message).toContain(`${proxy.host}:${proxy.port}`);
    expect(error.message).toContain(String(status));
    expect(records).toMatchObject([{ outcome: 'http-error', status, timedOut: false }]);
    await proxy.closed();
  });

  it.each(['proxy-refuses', 'proxy-auth'])('has answered as it has in axios: %s', async (name) => {
    const config = { httpsAgent, proxy: through(lab.upstream(name)) };
    const [ours, theirs] = (await Promise.all([
      rejection(client({ ...config, retry: false }).get(target())),
      rejection(axios.get(target(), config)),
    ])) as AxiosError[];
    const told = ({ code, status, response }: AxiosError): unknown => [
      code,
      status,
      response?.status,
      response?.statusText,
      response?.data,
      new AxiosHeaders(response?.headers as AxiosHeaders).toJSON(),
    ];
    expect(told(ours as AxiosError)).toEqual(told(theirs as AxiosError));
    expect(ours?.response?.config).toBe(ours?.config);
  });

  describe('and is hostile', () => {
    /** The error of a call whose proxy answers with these lines. */
    async function refusal(...lines: string[]): Promise<AxiosError> {
      const proxy = await peer(says(`${lines.join('\r\n')}\r\n\r\n`));
      const port = Number(new URL(proxy.url).port);
      const error = await rejection(client({ proxy: { protocol: 'http', host: '127.0.0.1', port }, retry: false }).get(target()));
      await proxy.close();
      return error as AxiosError;
    }

    it('does not hold up the program with thousands of headers', async () => {
      const fields = (end: string): string[] => Array.from({ length: 3_000 }, (_, i) => `X-${i}: y${end}`);
      for (const answer of [fields(''), [fields('\n').join('')]]) {
        const before = process.cpuUsage();
        expect(await refusal('HTTP/1.1 407 No', ...answer)).toMatchObject({ status: 407, response: { headers: { 'x-0': 'y' } } });
        expect(process.cpuUsage(before).user / 1_000).toBeLessThan(400);
      }
    });

    it('puts no control characters into the message', async () => {
      const { message, response } = await refusal('HTTP/1.1 407 No\nforged\x1b[31m\x07', 'X: y');
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(response).toMatchObject({ statusText: 'No', headers: { x: 'y' } });
      expect((await refusal('HTTP/1.1 407 \x1b[31mNo\x9b')).response?.statusText).toBe('[31mNo');
    });
  });

  it('has not seen the request: that may be repeated, whatever it is', async () => {
    const api = client({ httpsAgent, retry: { baseDelay: 1 }, proxy: through(lab.upstream('proxy-refuses')) });
    expect(await rejection(api.post(target(), { a: 1 }))).toMatchObject({ history: [{ status: 502 }, { status: 502 }, { status: 502 }] });
  });
});
