// Timeouts before there is a connection: lookup, TCP, TLS, each alone and all within the one connect budget.
import { lookup as systemLookup } from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { failingLookup, hangingLookup, lookupTo, startBlackHole, startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { asLookup, attemptsOf, clients, forAxios, GENEROUS, rejection, timesOut, trusting, until, upstreamOf } from './support';

let lab: Lab;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'black-hole', 'black-hole-first', 'dns-hang', 'tls-silence', 'refused'] });
});
afterEach(close);
afterAll(() => lab.close());

// faults.test.ts meets these with redirects allowed; forbidden, they take another way through axios.
describe('without redirects', () => {
  const maxRedirects = 0;

  it.each(['connect', 'tcp', 'total'] as const)('a SYN that nobody answers runs into %s', async (limit) => {
    const api = client({ maxRedirects, timeout: { connect: false, [limit]: 300 } });
    const records = attemptsOf(api);
    const hole = lab.upstream('black-hole');
    const call = timesOut(() => api.get(hole.url), { limit, ms: 300, phase: 'tcp', kind: 'connect' });
    await until(() => hole.open === 1, 'the SYN is on its way');
    const error = await call;
    await hole.closed();
    expect(error.safeToRetry).toBe(true);
    expect(error.reusedSocket).toBe(false);
    expect(error.timings.tcp).toBeGreaterThan(0);
    expect(records).toMatchObject([{ outcome: 'timeout', timedOut: true, limit, phase: 'tcp', kind: 'connect', code: 'ETIMEDOUT' }]);
  });

  it.each(['connect', 'tls', 'total'] as const)('a TLS greeting that nobody answers runs into %s', async (limit) => {
    const upstream = lab.upstream('tls-silence');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { connect: false, [limit]: 200 } });
    const error = await timesOut(() => api.get(upstream.url), { limit, ms: 200, phase: 'tls', kind: 'connect' });
    await upstream.closed();
    expect(upstream.connections).toBe(1);
    expect(error.safeToRetry).toBe(true);
    expect(error.timings.tls).toBeGreaterThan(0);
  });

  it.each(['connect', 'lookup', 'total'] as const)('a lookup that never calls back runs into %s', async (limit) => {
    const upstream = lab.upstream('dns-hang');
    upstream.reset();
    const api = client({ maxRedirects, timeout: { connect: false, [limit]: 200 } });
    const error = await timesOut(() => api.get(upstream.url, { lookup: forAxios(hangingLookup) }), {
      limit,
      ms: 200,
      phase: 'lookup',
      kind: 'connect',
    });
    expect(upstream.connections).toBe(0);
    expect(error.safeToRetry).toBe(true);
  });
});

describe('the connect budget', () => {
  it('is one for all parts: what the lookup used up is gone for the handshake', async () => {
    const { url } = lab.upstream('tls-silence');
    const slow = (host: string, options: object, callback: (...answer: unknown[]) => void): void =>
      void setTimeout(() => lookupTo('127.0.0.1')(host, options, callback as never), 200);
    const api = client({ timeout: { connect: 400 } });
    const error = await timesOut(() => api.get(url.replace('127.0.0.1', 'slow.lab.invalid'), { lookup: forAxios(slow) }), {
      limit: 'connect',
      ms: 400,
      phase: 'tls',
      kind: 'connect',
    });
    expect(error.timings.lookup).toBeGreaterThan(100);
    // With a budget of its own the handshake alone would have had 400.
    expect(error.timings.tls).toBeLessThan(error.elapsed - 100);
  });

  it('is 3 s where nobody named one', async () => {
    const hole = lab.upstream('black-hole');
    await timesOut(() => client().get(hole.url), { limit: 'connect', ms: 3_000, phase: 'tcp', kind: 'connect' });
    await hole.closed();
  });

  it('can be given for one request', async () => {
    const expected = { limit: 'connect', ms: 150, phase: 'tcp', kind: 'connect' } as const;
    await timesOut(() => client({ timeout: { connect: 2_900 } }).get(lab.url('black-hole'), { timeout: [150, 9_000] }), expected);
  });

  it('is over with the connection: a slow answer does not run into it', async () => {
    const { data } = await client({ timeout: { connect: 150 } }).get(lab.url('healthy', '/delay/400'));
    expect(data.ok).toBe(true);
  });

  it('may be longer than Node’s timers take', async () => {
    const { port } = lab.upstream('healthy');
    const lookup = forAxios(lookupTo('127.0.0.1', '127.0.0.2'));
    const api = client({ timeout: { connect: Number.MAX_SAFE_INTEGER } });
    expect((await api.get(`http://two.lab.invalid:${port}/`, { lookup })).status).toBe(200);
    expect((await api.get(lab.url('healthy'))).status).toBe(200);
  });

  it('is not asked for a lookup where there is no name', async () => {
    const records: unknown[] = [];
    const api = client({ timeout: { lookup: 1 } });
    api.on('attempt', ({ timings }) => void records.push(Object.keys(timings)));
    await api.get(lab.url('healthy'));
    expect(records).toEqual([expect.not.arrayContaining(['lookup'])]);
  });

  it('takes a lookup that answers at once, before anybody can listen', async () => {
    const { port } = lab.upstream('healthy');
    const api = client({ timeout: { lookup: 200, connect: 400 }, lookup: forAxios(immediate) });
    expect((await api.get(`http://cached.lab.invalid:${port}/`)).status).toBe(200);
    // What hangs now is the connection: the lookup is done, and its limit with it.
    const hole = lab.upstream('black-hole');
    const call = (): Promise<unknown> => api.get(`http://cached.lab.invalid:${hole.port}/`);
    await timesOut(call, { limit: 'connect', ms: 400, phase: 'tcp', kind: 'connect' });
    await hole.closed();
  });

  it.each<[string, () => http.Agent]>([
    ['agent', () => new http.Agent({ lookup: asLookup(immediate) })],
    ['createConnection', () => Object.assign(new http.Agent(), { createConnection: connectWith(asLookup(immediate)) })],
    ['global agent', () => http.globalAgent],
  ])('takes such a lookup of the %s’s, too', async (_, make) => {
    const hole = lab.upstream('black-hole');
    const httpAgent = make();
    const { options } = http.globalAgent as unknown as { options: { lookup?: net.LookupFunction } };
    if (httpAgent === http.globalAgent) options.lookup = asLookup(immediate);
    try {
      const api = client({ httpAgent, timeout: { connect: false, lookup: 200, tcp: 400 } });
      const call = (): Promise<unknown> => api.get(`http://cached.lab.invalid:${hole.port}/`);
      await timesOut(call, { limit: 'tcp', ms: 400, phase: 'tcp', kind: 'connect' });
      await hole.closed();
    } finally {
      delete options.lookup;
    }
  });
});

/** Answers at once. */
const immediate = (_host: string, { all }: { all?: boolean }, callback: (...answer: unknown[]) => void): void =>
  all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

const connectWith =
  (lookup: net.LookupFunction) =>
  (options: net.NetConnectOpts): net.Socket =>
    net.connect({ ...options, lookup });

describe('what is no timeout', () => {
  it('shows all the phases of a connection that came about', async () => {
    const httpsAgent = trusting(lab);
    const api = client({ httpsAgent });
    const records = attemptsOf(api);
    const { port } = lab.upstream('tls-healthy');
    await api.get(`https://localhost:${port}/`, { lookup: forAxios(systemLookup) });
    httpsAgent.destroy();
    expect(Object.keys(records[0]?.timings ?? {})).toEqual(
      expect.arrayContaining(['queue', 'lookup', 'tcp', 'tls', 'send', 'response', 'body']),
    );
    expect(records).toMatchObject([{ outcome: 'success', status: 200, timedOut: false, reusedSocket: false }]);
  });

  it('leaves a refused connection and an unknown host what they are', async () => {
    const api = client({ timeout: { connect: 1_000 } });
    expect(await rejection(api.get(lab.url('refused')))).toMatchObject({ code: 'ECONNREFUSED', isAxiosError: true });
    const unknown = api.get('http://unknown.lab.invalid/', { lookup: forAxios(failingLookup) });
    expect(await rejection(unknown)).toMatchObject({ code: 'ENOTFOUND', isAxiosError: true });
  });
});

describe('a name with two addresses', () => {
  it('is reached by the second within one connect budget where the first is a black hole', async () => {
    const upstream = lab.upstream('black-hole-first');
    upstream.reset();
    const api = client({ timeout: { connect: 1_500 } });
    const records = attemptsOf(api);
    const { data } = await api.get(upstream.url, { lookup: forAxios(lab.lookups['black-hole-first']) });
    expect(data.ok).toBe(true);
    expect(upstream.requests).toBe(1);
    expect(records[0]?.timings.tcp).toBeGreaterThan(100); // the first address was tried
    expect(records[0]?.timings.tcp).toBeLessThan(1_500);
  });

  it('is reached within one connect budget where three of its addresses are black holes and the fourth is not', async () => {
    const { holes, served } = await holesAnd(3);
    const lookup = forAxios(lookupTo('127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.1'));
    const { status } = await client({ timeout: { connect: 3_000 } }).get(`http://four.lab.invalid:${served.port}/`, { lookup });
    expect(status).toBe(200);
    await Promise.all([served, ...holes].map((upstream) => upstream.close()));
  });

  it('has the time for each that the program set', async () => {
    const { holes, served } = await holesAnd(1);
    const before = net.getDefaultAutoSelectFamilyAttemptTimeout();
    net.setDefaultAutoSelectFamilyAttemptTimeout(50);
    try {
      // A share of this budget would be longer than the whole attempt may take.
      const api = client({ timeout: { connect: 60_000, total: GENEROUS } });
      const lookup = forAxios(lookupTo('127.0.0.2', '127.0.0.1'));
      expect((await api.get(`http://two.lab.invalid:${served.port}/`, { lookup })).status).toBe(200);
    } finally {
      net.setDefaultAutoSelectFamilyAttemptTimeout(before);
    }
    await Promise.all([served, ...holes].map((upstream) => upstream.close()));
  });

  it('is a connect timeout where both are black holes', async () => {
    const [first, second] = await twoHoles();
    const api = client({ timeout: { connect: 450 } });
    const call = api.get(`http://two.lab.invalid:${first.port}/`, { lookup: forAxios(lookupTo('127.0.0.1', '127.0.0.2')) });
    const error = await timesOut(() => call, { limit: 'connect', ms: 450, phase: 'tcp', kind: 'connect' });
    await first.closed();
    expect(error.safeToRetry).toBe(true);
    await Promise.all([first.close(), second.close()]);
  });
});

/** Two black holes on one port. */
const twoHoles = (): Promise<[Upstream, Upstream]> =>
  onOnePort(
    () => startBlackHole(),
    (port) => startBlackHole({ host: '127.0.0.2', port }),
  );

/** So many black holes, from 127.0.0.2 on, and a server at 127.0.0.1 on the same port. */
async function holesAnd(count: number): Promise<{ holes: Upstream[]; served: Upstream }> {
  const holesOn = async (port: number): Promise<Upstream[]> => {
    const holes: Upstream[] = [];
    try {
      for (let host = 2; host < count + 2; host++) holes.push(await startBlackHole({ host: `127.0.0.${host}`, port }));
      return holes;
    } catch (error) {
      await Promise.all(holes.map((hole) => hole.close()));
      throw error;
    }
  };
  const [served, holes] = await onOnePort(() => upstreamOf(({ res }) => void res.end('ok')), holesOn);
  return { holes, served };
}

/** The port may be taken on another address, but not four times running. */
async function onOnePort<T>(start: () => Promise<Upstream>, join: (port: number) => Promise<T>): Promise<[Upstream, T]> {
  for (let tries = 0; ; tries += 1) {
    const first = await start();
    try {
      return [first, await join(first.port)];
    } catch (error) {
      await first.close();
      if (tries === 3) throw error;
    }
  }
}
