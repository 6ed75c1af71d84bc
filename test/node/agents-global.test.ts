// What a program does to Node's own agents, for all of its requests, holds for a client without agents as well, whenever it is done.
import http from 'node:http';
import https from 'node:https';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { type OwnProxy, startProxy } from './proxy-own';
import { clients, rejection } from './support';

let lab: Lab;
let proxy: OwnProxy;
const { client, close } = clients();
const nodes = { http: http.globalAgent, https: https.globalAgent };
const limits = { http: http.globalAgent.maxSockets, https: https.globalAgent.maxSockets };

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy'] });
  proxy = await startProxy();
});
beforeEach(() => {
  for (const name of ['healthy', 'tls-healthy']) lab.upstream(name).reset();
});
afterEach(async () => {
  http.globalAgent = nodes.http;
  https.globalAgent = nodes.https;
  for (const name of ['http', 'https'] as const) nodes[name].maxSockets = limits[name];
  delete https.globalAgent.options.ca;
  await close();
});
afterAll(() => Promise.all([lab.close(), proxy.close()]));

/** Counts the connections that it makes. */
class Counting extends http.Agent {
  made = 0;
  override createConnection(...args: Parameters<http.Agent['createConnection']>): ReturnType<http.Agent['createConnection']> {
    this.made += 1;
    return super.createConnection(...args);
  }
}

it('an agent of another make in the place of Node’s is used itself', async () => {
  const api = client();
  await api.get(lab.url('healthy'));
  const counting = new Counting();
  http.globalAgent = counting;
  await api.get(lab.url('healthy'));
  expect(counting.made).toBe(1);
  http.globalAgent = nodes.http;
  await api.get(lab.url('healthy'));
  expect(counting.made).toBe(1);
  expect(lab.upstream('healthy').connections).toBe(2); // the first one was kept
});

it('so is an agent of Node’s with a hook', async () => {
  const hooked = new http.Agent();
  let made = 0;
  hooked.createConnection = (...args) => {
    made += 1;
    return http.Agent.prototype.createConnection.apply(hooked, args);
  };
  http.globalAgent = hooked;
  await client().get(lab.url('healthy'));
  expect(made).toBe(1);
});

describe.each([false, true])('(through a proxy: %s)', (isProxied) => {
  const api = () => client({ retry: false, proxy: isProxied ? (proxy.option as never) : false });

  it('whom to trust may be said after the first request', async () => {
    const trusting = api();
    const untrusted = { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' };
    expect(await rejection(trusting.get(lab.url('tls-healthy')))).toMatchObject(untrusted);
    https.globalAgent.options.ca = lab.ca;
    expect((await trusting.get(lab.url('tls-healthy'))).status).toBe(200);
    delete https.globalAgent.options.ca;
    expect(await rejection(trusting.get(lab.url('tls-healthy')))).toMatchObject(untrusted);
  });

  it('another agent of Node’s in its place is followed, and what the one before it left idle is closed', async () => {
    https.globalAgent = new https.Agent({ ca: lab.ca });
    const following = api();
    await following.get(lab.url('tls-healthy'));
    await following.get(lab.url('tls-healthy'));
    expect(lab.upstream('tls-healthy')).toMatchObject({ connections: 1, open: 1 });
    https.globalAgent = nodes.https;
    expect(await rejection(following.get(lab.url('tls-healthy')))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await lab.upstream('tls-healthy').closed();
  });

  it('connections are not kept where that was said, at any time', async () => {
    https.globalAgent = new https.Agent({ ca: lab.ca, keepAlive: false });
    const brief = api();
    for (let i = 0; i < 2; i++) await brief.get(lab.url('tls-healthy'));
    await lab.upstream('tls-healthy').closed(2);
    Object.assign(https.globalAgent, { keepAlive: true });
    for (let i = 0; i < 2; i++) await brief.get(lab.url('tls-healthy'));
    expect(lab.upstream('tls-healthy')).toMatchObject({ connections: 3, open: 1 });
    Object.assign(https.globalAgent, { keepAlive: false });
    await brief.get(lab.url('tls-healthy'));
    await lab.upstream('tls-healthy').closed(3);
  });

  it('a limit of connections may be set at any time', async () => {
    https.globalAgent.options.ca = lab.ca;
    const limited = api();
    await limited.get(lab.url('tls-healthy'));
    https.globalAgent.maxSockets = 1;
    await Promise.all([1, 2, 3, 4].map(() => limited.get(lab.url('tls-healthy', '/delay/20'))));
    expect(lab.upstream('tls-healthy').connections).toBe(1);
  });
});
