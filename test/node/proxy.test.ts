// Proxies, by option and by environment: which hop goes through which, that tunnels are pooled, and that a silent one is held to time.
import https from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRecord, createClient } from '../bare';
import { PROXY_AUTH, startLab } from '../lab/index.mjs';
import { timeoutOf, watchUnhandled } from './failures';

const unhandled = watchUnhandled();
let lab: Awaited<ReturnType<typeof startLab>>;
const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'];
const before = VARIABLES.map((name) => [name, process.env[name]] as const);

beforeAll(async () => {
  for (const name of VARIABLES) delete process.env[name];
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'proxy-healthy', 'proxy-auth', 'proxy-silence', 'stall'] });
});

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});

afterAll(async () => {
  for (const [name, value] of before) if (value !== undefined) process.env[name] = value;
  await lab.close();
  await unhandled.none();
});

const through = (name: string) => ({ protocol: 'http', host: lab.upstream(name).host, port: lab.upstream(name).port });
const httpsAgent = () => new https.Agent({ ca: lab.ca, keepAlive: true });

describe('a CONNECT proxy', () => {
  it('that is silent ends by connect in the phase proxy, given by HTTPS_PROXY', async () => {
    process.env.HTTPS_PROXY = lab.upstream('proxy-silence').url;
    const upstream = lab.upstream('proxy-silence');
    upstream.reset();
    const client = createClient({ httpsAgent: httpsAgent(), timeout: { connect: 250 } });
    const error = await timeoutOf(() => client.get(lab.url('tls-healthy')), 'connect', 250);
    expect(error).toMatchObject({ phase: 'proxy', kind: 'connect', safeToRetry: true });
    await upstream.closed();
    await client.close();
  });

  it('is passed by where NO_PROXY says so', async () => {
    process.env.HTTPS_PROXY = lab.upstream('proxy-silence').url;
    process.env.NO_PROXY = '10.0.0.0/8,127.0.0.0/8';
    const client = createClient({ httpsAgent: httpsAgent(), timeout: { connect: 500 } });
    expect((await client.get(lab.url('tls-healthy'))).status).toBe(200);
    expect((await client.get(lab.url('tls-healthy'), { proxy: false })).status).toBe(200);
    await client.close();
  });

  it('keeps its tunnels for the next call, and shows its phases', async () => {
    const client = createClient({ proxy: through('proxy-healthy'), httpsAgent: httpsAgent() });
    const records: AttemptRecord[] = [];
    client.on('attempt', (record) => records.push(record));
    const proxy = lab.upstream('proxy-healthy');
    proxy.reset();
    for (let call = 0; call < 3; call++) expect((await client.get(lab.url('tls-healthy'))).status).toBe(200);
    expect(proxy.connections).toBe(1);
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true, true]);
    expect(Object.keys(records[0]?.timings ?? {})).toEqual(expect.arrayContaining(['tcp', 'proxy', 'tls', 'send', 'response']));
    await client.close();
    await proxy.closed();
  });

  it('is given its credentials, in CONNECT and nowhere else', async () => {
    const client = createClient({ proxy: { ...through('proxy-auth'), auth: PROXY_AUTH }, httpsAgent: httpsAgent() });
    const { data } = await client.get(lab.url('tls-healthy'));
    expect(JSON.stringify(data).toLowerCase()).not.toContain('proxy-authorization');
    const without = createClient({ proxy: through('proxy-auth'), httpsAgent: httpsAgent() });
    await expect(without.get(lab.url('tls-healthy'))).rejects.toMatchObject({ status: 407 });
    await client.close();
    await without.close();
  });

  it('has limits of its own after the tunnel stands', async () => {
    const client = createClient({ proxy: through('proxy-healthy'), httpsAgent: httpsAgent() });
    const url = lab.url('tls-healthy', '/delay/5000');
    expect(await timeoutOf(() => client.get(url, { timeout: { read: 200 } }), 'read', 200)).toMatchObject({ phase: 'response' });
    await client.close();
  });
});

describe('a forward proxy', () => {
  it('is asked for http targets, by option and by HTTP_PROXY', async () => {
    const proxy = lab.upstream('proxy-healthy');
    proxy.reset();
    const byOption = createClient({ proxy: through('proxy-healthy') });
    expect((await byOption.get(lab.url('healthy', '/here?a=1'))).data).toMatchObject({ path: expect.stringContaining('/here') });
    process.env.HTTP_PROXY = proxy.url;
    const byEnvironment = createClient();
    expect((await byEnvironment.post(lab.url('healthy'), { a: 1 })).status).toBe(200);
    expect(proxy.requests).toBe(2);
    await Promise.all([byOption.close(), byEnvironment.close()]);
  });

  it('is followed from hop to hop', async () => {
    const proxy = lab.upstream('proxy-healthy');
    proxy.reset();
    const client = createClient({ proxy: through('proxy-healthy'), httpsAgent: httpsAgent() });
    const { data } = await client.get(lab.url('healthy', `/redirect?to=${encodeURIComponent(lab.url('tls-healthy', '/there'))}`));
    expect(data).toMatchObject({ path: expect.stringContaining('/there') });
    expect(proxy.connections).toBe(2); // one forwards, one is a tunnel
    const back = await client.get(lab.url('tls-healthy', `/redirect?to=${encodeURIComponent(lab.url('healthy', '/back'))}`));
    expect(back.data).toMatchObject({ path: expect.stringContaining('/back') });
    await client.close();
  });

  it('that is silent is a peer that does not answer', async () => {
    const client = createClient({ proxy: through('proxy-silence'), timeout: { read: 200 } });
    expect(await timeoutOf(() => client.get(lab.url('healthy')), 'read', 200)).toMatchObject({ phase: 'response' });
    await client.close();
  });
});
