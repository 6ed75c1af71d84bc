// Through the user's axios instance: it sees one request a call, may change it, and gives back what can be repeated.
import { Readable } from 'node:stream';
import axios, { AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig, type ResponseType } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientConfig, createClient, protect } from '../../src/index';
import { errorOf, FakeUpstream, settled, URL } from './breaker-support';
import { YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OFF = { retry: false, breaker: false, deadline: false } as const;

/** A client that hangs, and the timeouts that its request interceptor was shown. */
function hanging(config: object = {}) {
  const upstream = new FakeUpstream();
  upstream.does = 'hang';
  const client = createClient({ adapter: upstream.adapter, ...OFF, ...config });
  const seen: unknown[] = [];
  client.interceptors.request.use((config) => {
    seen.push(config.timeout);
    return config;
  });
  return { client, upstream, seen };
}

describe('the timeout that an interceptor sees', () => {
  it('is the total, as axios means it, or 0 where there is none', async () => {
    const { client, seen } = hanging({ timeout: { total: 5_000, read: 100 } });
    client.get(URL).catch(() => {});
    client.get(URL, { timeout: 700 }).catch(() => {});
    client.get(URL, { timeout: { total: false } }).catch(() => {});
    await settled();
    expect(seen).toEqual([5_000, 700, 0]);
  });

  it('may be changed by it: that is the total then', async () => {
    const { client } = hanging({ timeout: 5_000 });
    client.interceptors.request.use((config) => Object.assign(config, { timeout: 300 }));
    const outcome = errorOf(client.get(URL));
    await vi.advanceTimersByTimeAsync(300 + YIELD);
    expect(await outcome).toMatchObject({ limit: 'total', limitMs: 300 });
  });

  it('may be switched off by it', async () => {
    const { client, upstream } = hanging({ timeout: 5_000 });
    client.interceptors.request.use((config) => Object.assign(config, { timeout: 0 }));
    const outcome = client.get(URL);
    await vi.advanceTimersByTimeAsync(60_000);
    upstream.held[0]?.answer(200);
    expect((await outcome).status).toBe(200);
  });

  it('is named as its doing where it cannot be meant', async () => {
    const { client, upstream } = hanging();
    client.interceptors.request.use((config) => Object.assign(config, { timeout: -1 }));
    const error = await errorOf(client.get(URL));
    expect(error).toMatchObject({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining('set by an interceptor') });
    expect(upstream.requests).toBe(0);
  });
});

describe('the adapter', () => {
  it("of a request goes over the instance's, and the instance's may be set at any time", async () => {
    const answer =
      (data: string) =>
      async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => ({
        data,
        status: 200,
        statusText: '',
        headers: {},
        config,
      });
    const instance = axios.create();
    const client = protect(instance, OFF);
    instance.defaults.adapter = answer('of the instance');
    expect((await client.get(URL)).data).toBe('of the instance');
    expect((await client.get(URL, { adapter: answer('of the request') })).data).toBe('of the request');
  });
});

describe('the config that comes back', () => {
  it('has the adapter and the policies that the caller named, so that a repeat of it is the same protected request', async () => {
    const upstream = new FakeUpstream();
    const client = createClient({ adapter: upstream.adapter, ...OFF, retry: { retries: 1 } });
    const policies = { breaker: false as const, retry: 0, endpoint: 'GET it', timeout: { read: 50 } };
    const { config } = await client.get(URL, policies);
    expect(config).toMatchObject({ ...policies, adapter: upstream.adapter });
    expect('deadline' in config).toBe(false);
    upstream.does = 503;
    const error = (await errorOf(client.get(URL, policies))) as AxiosError;
    expect(error.config).toMatchObject({ ...policies, adapter: upstream.adapter });
    expect(error.config && 'limit' in error.config).toBe(false);
    upstream.requests = 0;
    await errorOf(client.request({ ...error.config } as object));
    expect(upstream.requests).toBe(1);
  });

  it('has a list of adapters of its own, as axios makes one', async () => {
    const upstream = new FakeUpstream();
    const client = createClient({ adapter: upstream.adapter, ...OFF });
    const adapter = [upstream.adapter];
    const { config } = await client.get(URL, { adapter });
    expect(config.adapter).toEqual([upstream.adapter]);
    expect(config.adapter).not.toBe(adapter);
  });

  it("is the request's own, whatever the adapter gave back", async () => {
    const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => ({
      data: '',
      status: 200,
      statusText: '',
      headers: {},
      config: { ...config, url: 'http://elsewhere.test/' },
    });
    const response = await createClient({ adapter, ...OFF }).get(URL);
    expect(response.config.url).toBe(URL);
    expect(response.config.adapter).toBe(adapter);
  });
});

describe('a config that a request interceptor kept', () => {
  /** A client that is offline at first: its interceptor keeps each request for later. */
  function offline(over: (instance: AxiosInstance) => Client) {
    const upstream = new FakeUpstream();
    const instance = axios.create({ adapter: upstream.adapter });
    const client = over(instance);
    const kept: InternalAxiosRequestConfig[] = [];
    const switched = { on: false };
    instance.interceptors.request.use((config) => {
      if (switched.on) return config;
      kept.push(config);
      throw new Error('offline');
    });
    const goOnline = (): InternalAxiosRequestConfig => {
      switched.on = true;
      return kept[0] as InternalAxiosRequestConfig;
    };
    return { client, upstream, goOnline };
  }
  const POLICIES = { ...OFF, retry: { retries: 1, baseDelay: 1 }, limit: { concurrency: 1, maxQueue: 1 } };

  it.each([
    ['a client', (instance: AxiosInstance) => protect(instance, POLICIES)],
    ['a client that is protected again', (instance: AxiosInstance) => protect(protect(instance, OFF), POLICIES)],
    ['one that is protected twice', (instance: AxiosInstance) => protect(protect(protect(instance, OFF), OFF), POLICIES)],
  ])('is repeated as a call of its own by %s, however long after', async (_, over) => {
    const { client, upstream, goOnline } = offline(over);
    expect(await errorOf(client.get(URL, { deadline: 50 }))).toMatchObject({ message: 'offline' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await client(goOnline())).status).toBe(200);
    upstream.does = 503;
    const attempts: unknown[] = [];
    client.on('attempt', ({ id, attempt }) => attempts.push([id, attempt]));
    const outcome = errorOf(client({ ...goOnline(), deadline: 500 }));
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcome).toMatchObject({ message: expect.stringContaining('503') });
    expect(upstream.requests).toBe(3);
    expect(attempts).toEqual([1, 2].map((attempt) => [(attempts[0] as unknown[])[0], attempt]));
  });

  it('has the policies and the factory of bodies that the caller named', async () => {
    const { client, upstream, goOnline } = offline((instance) => protect(instance, POLICIES));
    let made = 0;
    const body = () => Readable.from([`body ${++made}`]);
    await errorOf(client.put(URL, body, { retry: 0, endpoint: 'it', timeout: { read: 50 } }));
    upstream.does = 503;
    const error = await errorOf(client(goOnline()));
    expect(error).toMatchObject({ config: { retry: 0, endpoint: 'it', timeout: { read: 50 }, adapter: upstream.adapter, data: body } });
    expect(await errorOf(client({ ...goOnline(), endpoint: 'other', timeout: 70 }))).toMatchObject({
      config: { retry: 0, endpoint: 'other', timeout: 70 },
    });
    expect([upstream.requests, made]).toEqual([2, 3]);
  });

  it('has what it is given instead: a body, or none', async () => {
    const { client, goOnline } = offline((instance) => protect(instance, POLICIES));
    const body = (): string => 'made';
    await errorOf(client.put(URL, body));
    const others = [{ data: 'other' }, { method: 'get', data: undefined }, {}];
    const sent = await Promise.all(others.map((other) => client({ ...goOnline(), ...other, limit: false })));
    expect(sent.map(({ config }) => config.data)).toEqual(['other', undefined, body]);
  });

  it('has the limits that the caller named, whatever total an interceptor set after it was copied', async () => {
    const upstream = new FakeUpstream();
    const client = protect(axios.create({ adapter: upstream.adapter }), POLICIES);
    let copy: InternalAxiosRequestConfig | undefined;
    client.interceptors.request.use((config) => Object.assign(config, { timeout: 5_000 }));
    client.interceptors.request.use((config) => {
      copy ??= { ...config }; // before: they run from the last to the first
      return config;
    });
    await client.get(URL, { timeout: { read: 50 } });
    client.interceptors.request.clear();
    upstream.does = 503;
    expect(await errorOf(client({ ...copy, retry: 0 }))).toMatchObject({ config: { timeout: { read: 50 } } });
  });
});

describe('an instance with a request of its own', () => {
  const protecting = (request: () => unknown) => protect(Object.assign(axios.create(), { request }) as unknown as AxiosInstance);

  it('may throw at once: the call fails with that, and leaves no timer', async () => {
    const broken = new Error('at once');
    const client = protecting(() => {
      throw broken;
    });
    expect(await errorOf(client.get(URL))).toBe(broken);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may answer without a promise', async () => {
    expect(await protecting(() => ({ data: 'at once' })).get(URL)).toEqual({ data: 'at once' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a body from a factory', () => {
  it('is what the factory makes, waited for, and goes through the transforms', async () => {
    const sent: unknown[] = [];
    const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
      sent.push(config.data);
      return { data: '', status: 200, statusText: '', headers: {}, config };
    };
    const client = createClient({ adapter, ...OFF });
    await client.post(URL, async () => ({ n: 1 }));
    await client.post(URL, { n: 2 });
    await client.post(URL);
    expect(sent).toEqual(['{"n":1}', '{"n":2}', undefined]);
  });
});

describe('a stream that an adapter answered with', () => {
  const fail = (): never => {
    throw new Error('mine');
  };
  /** A client whose adapter answers, or rejects, with a stream. */
  const streaming = (status: number, config: ClientConfig = {}) => {
    const stream = new Readable({ read() {} });
    const client = createClient({
      adapter: async (config) => {
        const response = { data: stream, status, statusText: '', headers: {}, config } as AxiosResponse;
        if (status < 400) return response;
        throw new AxiosError('refused', 'ERR_BAD_RESPONSE', config, {}, response);
      },
      retry: false,
      breaker: false,
      ...config,
    });
    return { client, stream };
  };
  const ask = (client: Client, responseType: ResponseType = 'stream') =>
    client.get('http://a.test/', { responseType }).catch((error) => error);

  it.each([200, 503])('with %i is let go of where an interceptor fails', async (status) => {
    const { client, stream } = streaming(status);
    client.interceptors.response.use(fail, fail);
    expect((await ask(client)).message).toBe('mine');
    await settled();
    expect(stream.destroyed).toBe(true);
  });

  it.each([200, 503])('with %i is let go of, and told why, where the call is ended while an interceptor has it', async (status) => {
    const { client, stream } = streaming(status, { deadline: 20 });
    const never = (): Promise<never> => new Promise(() => {});
    client.interceptors.response.use(never, never);
    const outcome = ask(client);
    await vi.advanceTimersByTimeAsync(20 + YIELD);
    const error = await outcome;
    expect(error.limit).toBe('deadline');
    expect(stream.errored).toBe(error);
  });

  it('is left alone where the caller has it, and where he asked for none', async () => {
    const answered = streaming(200);
    expect((await ask(answered.client)).data).toBe(answered.stream);
    const refused = streaming(503);
    expect((await ask(refused.client)).response.data).toBe(refused.stream);
    const other = streaming(200);
    other.client.interceptors.response.use(fail);
    await ask(other.client, 'json');
    await settled();
    for (const { stream } of [answered, refused, other]) expect(stream.destroyed).toBe(false);
  });
});
