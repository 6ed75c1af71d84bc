// What an agent of the user's says of connections (whom to trust, how names are resolved, from where) holds for those to a proxy as well, as
// with axios. And such agents leave nothing behind.
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import axios, { type AxiosInstance } from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { certificate } from '../lab/certificates.mjs';
import { lookupTo, startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { type OwnProxy, startProxy } from './proxy-own';
import { runScript } from './script';
import { asLookup, clients, rejection, until } from './support';

let lab: Lab;
let plain: OwnProxy;
let secure: OwnProxy;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy'] });
  plain = await startProxy();
  secure = await startProxy(undefined, await certificate());
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), plain.close(), secure.close()]));

/** By name: axios takes an address for a TLS server name, which Node 26 refuses. */
const target = (name: string): string => lab.url(name).replace('127.0.0.1', 'localhost');

/** What becomes of it with stock axios, and with a client. */
async function both(run: (api: AxiosInstance) => Promise<{ status: number }>): Promise<unknown[]> {
  const told = (api: AxiosInstance): Promise<unknown> =>
    run(api).then(
      ({ status }) => status,
      ({ code }) => code,
    );
  return [await told(axios.create()), await told(client({ retry: false }))];
}

describe.each(['healthy', 'tls-healthy'])('to %s, a proxy over TLS', (name) => {
  it.each<[string, https.AgentOptions | undefined, unknown]>([
    ['that nobody is told of', undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['that the agent does not trust', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['that the agent trusts', { ca: 'of the lab' }, 200],
    ['of an agent that trusts all', { rejectUnauthorized: false }, 200],
  ])('%s', async (_, options, outcome) => {
    const httpsAgent = options && new https.Agent({ ...options, ...(options.ca && { ca: lab.ca }) });
    expect(await both((api) => api.get(target(name), { proxy: secure.option as never, httpsAgent }))).toEqual([outcome, outcome]);
  });
});

it('of proxies that differ in their user alone, a hundred are remembered: those used last', async () => {
  const proxy = await startProxy();
  const httpsAgent = new https.Agent({ ca: lab.ca, keepAlive: true });
  const api = client();
  const call = (user: number): Promise<unknown> => {
    const auth = { username: `session-${user}`, password: 'secret' };
    return api.get(target('tls-healthy'), { httpsAgent, proxy: { ...proxy.option, auth } as never });
  };
  for (let user = 0; user < 100; user++) await call(user);
  await call(0); // the connection of its tunnel is used again
  expect(proxy).toMatchObject({ connects: 100, sockets: { size: 100 } });
  for (let user = 100; user < 105; user++) await call(user);
  await until(() => proxy.sockets.size === 100, 'the tunnels of the five used least lately are closed');
  await call(0);
  expect(proxy.connects).toBe(105);
  await call(1);
  expect(proxy.connects).toBe(106);
  httpsAgent.destroy();
  await proxy.close();
});

it('a proxy over TLS has to prove its own name, not that of an http target', async () => {
  const proxy = { ...secure.option, host: 'localhost' } as never;
  const httpsAgent = new https.Agent({ ca: lab.ca });
  const { port } = lab.upstream('healthy');
  expect((await client().get(`http://name.test:${port}/`, { proxy, httpsAgent })).status).toBe(200);
  const other = new https.Agent({ ca: lab.ca, lookup: asLookup(lookupTo('127.0.0.1')) });
  const answer = client().get(`http://localhost:${port}/`, { proxy: { ...secure.option, host: 'proxy.test' } as never, httpsAgent: other });
  expect(await rejection(answer)).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

it.each<[string, (host: string, options: object, done: (...answer: unknown[]) => void) => void]>([
  ['at once', (host, options, done) => lookupTo('127.0.0.1')(host, options, done as never)],
  ['later', (host, options, done) => setTimeout(() => lookupTo('127.0.0.1')(host, options, done as never), 20)],
])('the resolver of the agent is asked for the proxy, and may answer %s', async (_, lookup) => {
  const httpsAgent = new https.Agent({ ca: lab.ca, lookup: lookup as unknown as LookupFunction });
  const proxy = { ...plain.option, host: 'proxy.test' } as never;
  expect(await both((api) => api.get(target('tls-healthy'), { proxy, httpsAgent }))).toEqual([200, 200]);
});

it('the local address of the agent is that of the connection to the proxy', async () => {
  plain.from.clear();
  const httpsAgent = new https.Agent({ ca: lab.ca, localAddress: '127.0.0.9' });
  expect(await both((api) => api.get(target('tls-healthy'), { proxy: plain.option as never, httpsAgent }))).toEqual([200, 200]);
  expect([...plain.from]).toEqual(['127.0.0.9']);
});

it('agents for one call each are forgotten with their tunnels, whose connections are closed', async () => {
  const script = `
    const https = require('node:https');
    const [target, proxy] = JSON.parse(url);
    const api = createClient({ proxy });
    for (let i = 0; i < 50; i++) await api.get(target, { httpsAgent: new https.Agent({ rejectUnauthorized: false }) });
    const open = () => process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TLS)Wrap/.test(name)).length;
    const before = open();
    for (let turns = 0; open() && turns < 100; turns++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    gc();
    console.log(before > 0, open(), require('node:v8').queryObjects(https.Agent) < 10);`;
  const { stdout } = await runScript(script, JSON.stringify([lab.url('tls-healthy'), plain.option]), ['--expose-gc']);
  expect(stdout).toBe('true 0 true\n');
});
