// What is told of a call once its caller has the answer: one record, whatever came of it.
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptRecord, type CallRecord, type ClientConfig, createClient, type RequestConfig } from '../../src/index';
import { type Behaviour, ENDPOINT, FakeUpstream, settled, URL } from './breaker-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function clientOver(does: Behaviour, config: ClientConfig = {}) {
  const upstream = new FakeUpstream();
  upstream.does = does;
  const client = createClient({ adapter: upstream.adapter, retry: false, breaker: false, ...config });
  const calls: CallRecord[] = [];
  client.on('call', (record) => calls.push(record));
  return { client, upstream, calls };
}

describe('the record of a call', () => {
  it.each<[string, Behaviour, RequestConfig, Partial<CallRecord>]>([
    ['an answer', 200, {}, { outcome: 'success', status: 200, timedOut: false }],
    ['a status that the caller wants to see', 503, { validateStatus: null }, { outcome: 'success', status: 503 }],
    ['a status that is an error', 503, {}, { outcome: 'http-error', status: 503, code: 'ERR_BAD_RESPONSE', timedOut: false }],
    ['a failure without an answer', 'ECONNRESET', {}, { outcome: 'error', code: 'ECONNRESET', timedOut: false }],
    ['a timeout', 'hang', { timeout: 100 }, { outcome: 'timeout', code: 'ETIMEDOUT', timedOut: true, limit: 'total' }],
    ['an abort', 'hang', { signal: AbortSignal.abort() }, { outcome: 'canceled', code: 'ERR_CANCELED', attempts: 0 }],
  ])('of %s', async (_, does, config, record) => {
    const { client, calls } = clientOver(does);
    const outcome = client.get(URL, config).catch(() => {});
    await vi.advanceTimersByTimeAsync(200);
    await outcome;
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ endpoint: ENDPOINT, ...record });
    expect('status' in (calls[0] ?? {})).toBe('status' in record);
    expect('code' in (calls[0] ?? {})).toBe('code' in record);
  });

  it('of an answer that broke off is that of a failure, also where axios has what came of it on the error', async () => {
    const cut = async (config: InternalAxiosRequestConfig): Promise<never> => {
      const response = { status: 200, statusText: 'OK', headers: {}, config, request: {} } as AxiosResponse;
      throw new AxiosError('aborted', 'ECONNRESET', config, {}, response);
    };
    const { client, calls } = clientOver(200, { adapter: cut, breaker: {} });
    const attempts: AttemptRecord[] = [];
    client.on('attempt', (record) => attempts.push(record));
    await client.get(URL).catch(() => {});
    for (const told of [attempts, calls]) expect(told).toMatchObject([{ outcome: 'error', code: 'ECONNRESET' }]);
    expect(client.breakers.get(ENDPOINT)).toMatchObject({ calls: 1, failureRate: 1 });
  });

  it('of what was refused on this side', async () => {
    const { client, calls } = clientOver(200, { breaker: {} });
    client.breakers.open(ENDPOINT);
    await client.get(URL).catch(() => {});
    expect(calls).toMatchObject([{ outcome: 'refused', refusedBy: 'breaker', code: 'EBREAKEROPEN', attempts: 0 }]);
    const limited = clientOver('hang', { limit: { concurrency: 1 } });
    limited.client.get(URL);
    await settled();
    await limited.client.get(URL).catch(() => {});
    expect(limited.calls).toMatchObject([{ outcome: 'refused', refusedBy: 'concurrency', code: 'ELIMITED' }]);
  });

  it('of a repeat that was refused on this side has no status: the answer before is not what the call came to', async () => {
    const { client, calls } = clientOver(503, { retry: { retries: 1 }, limit: { rate: 1, interval: 60_000 } });
    const outcome = client.get(URL).catch(() => {});
    await vi.advanceTimersByTimeAsync(1_000);
    await outcome;
    expect(calls).toMatchObject([{ outcome: 'refused', code: 'ELIMITED', attempts: 1 }]);
    expect(calls[0]).not.toHaveProperty('status');
  });

  it('tells the time that the caller waited, interceptors included', async () => {
    const { client, calls } = clientOver(200);
    client.interceptors.response.use((response) => new Promise((resolve) => setTimeout(() => resolve(response), 250)));
    const outcome = client.get(URL);
    await vi.advanceTimersByTimeAsync(250);
    await outcome;
    expect(calls).toMatchObject([{ outcome: 'success', elapsed: 250 }]);
  });

  it('has the status of the attempt, whatever interceptors made of the answer', async () => {
    const { client, calls } = clientOver(201);
    client.interceptors.response.use(() => undefined as never);
    expect(await client.get(URL)).toBeUndefined();
    expect(calls).toMatchObject([{ outcome: 'success', status: 201 }]);
  });

  it('of an answer that an interceptor put in place of the network, as caches do, has no attempt', async () => {
    const { client, upstream, calls } = clientOver(200);
    client.interceptors.request.use((config) => {
      config.adapter = async () => ({ data: 'kept', status: 200, statusText: '', headers: {}, config });
      return config;
    });
    expect((await client.get(URL)).data).toBe('kept');
    expect(calls).toMatchObject([{ outcome: 'success', attempts: 0, timings: {} }]);
    expect('status' in (calls[0] ?? {})).toBe(false);
    expect(upstream.requests).toBe(0);
  });

  it.each([undefined, null, 'a string'])('of an interceptor that rejects with %o', async (reason) => {
    const { client, calls } = clientOver(200);
    client.interceptors.request.use(() => Promise.reject(reason));
    await expect(client.get(URL).catch((error: unknown) => ({ error }))).resolves.toEqual({ error: reason });
    expect(calls).toMatchObject([{ outcome: 'error', attempts: 0 }]);
  });
});
