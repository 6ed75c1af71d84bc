// Redirects: each hop connects and waits under limits of its own, and all of them share one total.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { attemptsOf, clients, forAxios, rejection, timesOut, trusting } from './support';

let lab: Lab;
const { client, close } = clients();
const FAULTS = ['healthy', 'tls-healthy', 'stall', 'black-hole', 'tls-silence', 'dns-hang', 'body-stall', 'redirect-to-stall'];

beforeAll(async () => {
  lab = await startLab({ only: [...FAULTS, 'redirect-loop-slow'] });
});
beforeEach(() => {
  for (const name of FAULTS) lab.upstream(name).reset();
});
afterEach(close);
afterAll(() => lab.close());

/** A redirect from the healthy server to somewhere else, after a while. */
const redirectTo = (to: string, after = 0): string => lab.url('healthy', `/redirect?after=${after}&to=${encodeURIComponent(to)}`);

describe('each hop', () => {
  it('has response and read to itself: slow hops add up to more than one limit', async () => {
    // Eight redirects of 200 ms each.
    const api = client({ timeout: { response: 900, read: 900 } });
    const records = attemptsOf(api);
    const { data } = await api.get(lab.url('redirect-loop-slow'));
    expect(data.hops).toBe(8);
    expect(records).toHaveLength(1);
    expect(records[0]?.timings.response).toBeGreaterThan(1_000);
  });

  it('has its own connect budget: one that took its time leaves the next its whole', async () => {
    const api = client({ timeout: { connect: 300 } });
    const call = (): Promise<unknown> => api.get(redirectTo(lab.url('black-hole'), 200));
    const error = await timesOut(call, { limit: 'connect', ms: 300, phase: 'tcp', kind: 'connect' });
    await lab.upstream('black-hole').closed();
    expect(error.elapsed).toBeGreaterThanOrEqual(490); // 200 until the redirect, and then the whole budget
    expect(error.safeToRetry).toBe(false); // the first hop's request was sent
  });

  it.each([
    { to: 'stall', limit: 'read', phase: 'response', kind: 'read' },
    { to: 'stall', limit: 'response', phase: 'response', kind: 'read' },
    { to: 'body-stall', limit: 'body', phase: 'body', kind: 'read' },
    { to: 'tls-silence', limit: 'connect', phase: 'tls', kind: 'connect' },
  ] as const)('is held to $limit when it leads to $to', async ({ to, limit, phase, kind }) => {
    const api = client({ timeout: { [limit]: 250 } });
    await timesOut(() => api.get(redirectTo(lab.url(to))), { limit, ms: 250, phase, kind });
    expect(lab.upstream('healthy').requests).toBe(1);
    await lab.upstream(to).closed();
  });

  it('is held to connect when its name cannot be looked up', async () => {
    const hang = lab.lookups['dns-hang'];
    const api = client({ timeout: { connect: 250 }, lookup: forAxios(hang) });
    await timesOut(() => api.get(redirectTo(lab.url('dns-hang'))), { limit: 'connect', ms: 250, phase: 'lookup', kind: 'connect' });
  });

  it('to the same server in silence is held to read', async () => {
    const upstream = lab.upstream('redirect-to-stall');
    const api = client({ timeout: { read: 250 } });
    await timesOut(() => api.get(upstream.url), { limit: 'read', ms: 250, phase: 'response', kind: 'read' });
    expect(upstream.requests).toBe(2);
    await upstream.closed();
  });
});

describe('total', () => {
  it('runs out on a later hop with what earlier ones left', async () => {
    const api = client({ timeout: { total: 500, connect: 450 } });
    const call = (): Promise<unknown> => api.get(redirectTo(lab.url('black-hole'), 250));
    const error = await timesOut(call, { limit: 'total', ms: 500, phase: 'tcp', kind: 'connect' });
    expect(error.timings.tcp).toBeLessThan(error.elapsed - 100);
    await lab.upstream('black-hole').closed();
  });
});

describe('following', () => {
  it('from http to https, and a stream at its end', async () => {
    const httpsAgent = trusting(lab);
    const api = client({ httpsAgent, timeout: { read: 2_000 } });
    const records = attemptsOf(api);
    const { data } = await api.get(redirectTo(lab.url('tls-healthy', '/landed')));
    expect(data.path).toBe('/landed');
    expect(records).toMatchObject([{ attempt: 1, outcome: 'success', status: 200 }]);
    expect(records[0]?.timings).toHaveProperty('tls');
    const { data: stream } = await api.get(redirectTo(lab.url('body-stall')), { responseType: 'stream', timeout: { read: 250 } });
    const ended = new Promise<unknown>((resolve) => stream.resume().once('error', resolve));
    expect(await ended).toMatchObject({ limit: 'read', phase: 'body' });
    httpsAgent.destroy();
  });

  it('stops where axios is told to stop', async () => {
    const url = redirectTo(lab.url('healthy'));
    expect(await rejection(client().get(url, { maxRedirects: 0 }))).toMatchObject({ response: { status: 302 } });
    const endless = lab.url('redirect-loop-slow');
    expect(await rejection(client().get(endless, { maxRedirects: 1 }))).toMatchObject({ code: 'ERR_FR_TOO_MANY_REDIRECTS' });
  });

  it('hands what is left of the deadline to the same origin only', async () => {
    const api = client({ deadline: 5_000, deadlineHeader: 'x-request-timeout-ms' });
    const same = await api.get(redirectTo(lab.url('healthy', '/same')));
    expect(Number(same.data.headers['x-request-timeout-ms'])).toBeGreaterThan(1_000);
    const httpsAgent = trusting(lab);
    const other = await api.get(redirectTo(lab.url('tls-healthy', '/other')), { httpsAgent });
    expect(other.data.path).toBe('/other');
    expect(other.data.headers).not.toHaveProperty('x-request-timeout-ms');
    httpsAgent.destroy();
  });
});
