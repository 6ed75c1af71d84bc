// What the real OpenTelemetry SDK measures of what protects the calls: breakers, limits, fallbacks, alerts, dropped beacons.
import { type AxiosAdapter, AxiosError } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { instrument } from '../../src/exporters/opentelemetry';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { counts, DURATION, meteredClients } from './opentelemetry-support';
import { rejection } from './support';

let lab: Lab;
const { clientOf, measured, collect, metrics, at } = meteredClients(() => lab);

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(() => lab.close());

/** An adapter whose upstream answers at once. */
const answering =
  (status: () => number): AxiosAdapter =>
  async (config) => {
    const response = { data: '', status: status(), statusText: '', headers: {}, config };
    if (response.status < 400) return response;
    throw new AxiosError('failed', 'ERR_BAD_RESPONSE', config, undefined, response);
  };

describe('what protects', () => {
  const state = (endpoint: object, name: string) => ({ ...endpoint, 'breakwater.state': name });

  describe('is seen: a breaker', () => {
    const endpoint = { 'breakwater.endpoint': 'sick' };
    const breakers = async () => counts((await collect())['breakwater.breaker.state']);
    let status: number;
    const sick = () => {
      const client = measured({
        retry: false,
        breaker: { minCalls: 2, openFor: 60_000, successesToClose: 1 },
        adapter: answering(() => status),
      });
      return { client, call: () => client.get('http://up.test/', { endpoint: 'sick' }).catch(() => {}) };
    };
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['performance'] });
      status = 500;
    });
    afterEach(() => void vi.useRealTimers());

    it('that opens and comes back, though nobody calls in the meantime', async () => {
      const { call } = sick();
      await call();
      expect(await breakers()).toEqual([]);
      await call();
      expect(await breakers()).toEqual([[state(endpoint, 'open'), 1]]);
      vi.advanceTimersByTime(60_000);
      expect(await breakers()).toEqual([
        [state(endpoint, 'open'), 0],
        [state(endpoint, 'half-open'), 1],
      ]);
      status = 200;
      await call();
      expect(await breakers()).toEqual([
        [state(endpoint, 'open'), 0],
        [state(endpoint, 'half-open'), 0],
      ]);
    });

    it('that is forgotten among others, of which nobody is told', async () => {
      const { client, call } = sick();
      await call();
      await call();
      expect(await breakers()).toEqual([[state(endpoint, 'open'), 1]]);
      vi.advanceTimersByTime(60_000); // it is due, and busy no more
      status = 200;
      for (let i = 0; i < 1_001; i++) await client.get('http://up.test/', { endpoint: `e${i}` });
      expect(client.breakers.list().map(({ endpoint }) => endpoint)).not.toContain('sick');
      expect(await breakers()).toEqual([[state(endpoint, 'open'), 0]]);
    });
  });

  it('adds up over the clients of a meter, and is taken back by each', async () => {
    const [one, two] = [clientOf(), clientOf()];
    const meter = metrics().provider.getMeter('test');
    const detach = [one, two].map((client) => instrument(client, { meter }));
    for (const client of [one, two]) client.breakers.open('GET https://api.test/a');
    one.breakers.open('GET https://api.test/a'); // from open to open: nothing new
    const open = async () => counts((await collect())['breakwater.breaker.state']).map(([, n]) => n);
    expect(await open()).toEqual([2]);
    detach[0]?.();
    detach[0]?.();
    expect(await open()).toEqual([1]);
    two.breakers.close('GET https://api.test/a');
    expect(await open()).toEqual([0]);
    detach[1]?.();
    expect(await open()).toEqual([0]);
  });

  it('is not counted closed that was open before', async () => {
    const client = clientOf();
    client.breakers.open('a');
    instrument(client, { meter: metrics().provider.getMeter('test') });
    client.breakers.close('a');
    expect((await collect())['breakwater.breaker.state']).toBeUndefined();
  });

  it('is counted where it refuses, and where something stands in', async () => {
    const client = measured({ retry: false, fallback: { value: 'instead' } });
    const [slow, other, cut] = ['/delay/300', '/a', '/cut'].map((path) => lab.url('healthy', path)) as [string, string, string];
    await Promise.all([client.get(slow, { limit: { concurrency: 1 } }), client.get(slow, { limit: { concurrency: 1 } })]);
    for (let i = 0; i < 2; i++) await client.get(other, { limit: { rate: 1, interval: 60_000 } });
    client.breakers.open(`GET ${cut}`);
    client.interceptors.response.use(undefined, () => Promise.reject(new Error("the application's own")));
    await client.get(cut);
    const all = await collect();
    const expected = [at('healthy', '/delay/:id'), at('healthy', '/a'), at('healthy', '/cut')];
    const by = ['concurrency', 'rate', 'breaker'];
    expect(counts(all['breakwater.refused'])).toEqual(expected.map((endpoint, i) => [{ ...endpoint, 'breakwater.by': by[i] }, 1]));
    expect(counts(all['breakwater.fallbacks'])).toEqual(expected.map((endpoint) => [{ ...endpoint, 'breakwater.kind': 'value' }, 1]));
    expect(counts(all[DURATION]).map(([, n]) => n)).toEqual([1, 1]);
  });

  it('is seen: an alert that is firing, taken back with the rest', async () => {
    const client = clientOf({ retry: false, breaker: false, timeout: { read: 50 }, alerts: { surge: false } });
    const detach = instrument(client, { meter: metrics().provider.getMeter('test') });
    await Promise.all(Array.from({ length: 5 }, () => rejection(client.get(lab.url('stall')))));
    const firing = async () => counts((await collect())['breakwater.alerts.firing']);
    expect(await firing()).toEqual([[{ ...at('stall', '/'), 'breakwater.reason': 'frequent' }, 1]]);
    detach();
    expect((await firing())[0]?.[1]).toBe(0);
  });

  it('is counted where beacons are dropped', async () => {
    const client = measured({ beacons: { timeout: 100 } });
    for (let i = 0; i < 3; i++) expect(client.beacon(lab.url('stall', '/b?token=s3cret'), { i })).toBe(true);
    await client.beacons.flush(2_000);
    await client.close(); // tells what it has not told yet
    const dropped = counts((await collect())['breakwater.beacon.dropped']);
    expect(dropped).toEqual([[{ 'breakwater.reason': 'timeout' }, 3]]);
  });
});
