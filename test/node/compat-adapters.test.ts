// Adapters that stand in for the network keep working, and are protected: custom ones, axios-mock-adapter, axios' own by name.
import axios, { type AxiosAdapter, AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type Client, createClient, protect } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, timeoutOf, watchUnhandled } from './failures';
import { rejection, upstreamOf } from './support';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let attempts: AttemptRecord[];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'body-stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  client = createClient({ proxy: false });
  attempts = [];
  client.on('attempt', (record) => attempts.push(record));
});
afterEach(() => client.close());

const URL_ = 'http://api.test/users/1';
const answerAfter =
  (ms: number): AxiosAdapter =>
  (config) =>
    new Promise((resolve) => {
      setTimeout(() => resolve({ data: '{"a":1}', status: 200, statusText: 'OK', headers: {}, config }), ms);
    });

describe('a custom adapter', () => {
  it('does the I/O, at the request, at the client and in defaults', async () => {
    expect((await client.get(URL_, { adapter: answerAfter(10) })).data).toEqual({ a: 1 });
    const own = createClient({ adapter: answerAfter(10) });
    expect((await own.get(URL_)).data).toEqual({ a: 1 });
    client.defaults.adapter = answerAfter(10);
    expect((await client.get(URL_)).data).toEqual({ a: 1 });
    await own.close();
  });

  it('is held to total and to the deadline, though it ignores its signal', async () => {
    const error = await timeoutOf(() => client.get(URL_, { adapter: answerAfter(5_000), timeout: 150 }), 'total', 150);
    expect(error).toMatchObject({ phase: 'waiting', kind: 'unknown' });
    await timeoutOf(() => client.get(URL_, { adapter: answerAfter(5_000), timeout: false, deadline: 150 }), 'deadline', 150);
  });

  it('is given a signal that aborts at the limit, and no timeout of axios', async () => {
    let seen: { timeout: unknown; reason: unknown } | undefined;
    const adapter: AxiosAdapter = (config) =>
      new Promise((_resolve, reject) => {
        const signal = config.signal as AbortSignal;
        signal.addEventListener('abort', () => {
          seen = { timeout: config.timeout, reason: signal.reason };
          reject(signal.reason);
        });
      });
    const error = await timeoutOf(() => client.get(URL_, { adapter, timeout: 150 }), 'total', 150);
    expect(seen).toEqual({ timeout: 0, reason: expect.objectContaining({ limit: 'total' }) });
    expect(error.limit).toBe('total');
  });

  it('set by an interceptor, replaces the policies: the call is counted, without attempts, and not repeated', async () => {
    const calls: [number, string][] = [];
    client.on('call', ({ attempts, outcome }) => calls.push([attempts, outcome]));
    let asked = 0;
    client.interceptors.request.use((config) => {
      config.adapter = () => Promise.reject(new AxiosError(`no ${++asked}`, AxiosError.ERR_NETWORK, config));
      return config;
    });
    expect((await client.get(URL_, { fallback: { value: 'instead' } })).data).toBe('instead');
    expect([asked, calls, attempts]).toEqual([1, [[0, 'error']], []]);
    expect(client.stats.list()).toMatchObject([{ calls: 1, attempts: 0 }]);
    expect(client.breakers.list()).toEqual([]);
  });

  it('may do its work with a copy of the config: an error has in it what axios has, and its repeat a total', async () => {
    const upstream = await upstreamOf(({ res }) => void (upstream.requests > 2 || res.writeHead(401).end()));
    const http = axios.getAdapter('http');
    const options = {
      timeout: 300,
      adapter: (config: InternalAxiosRequestConfig) => http({ ...config, extra: 1 } as InternalAxiosRequestConfig),
    };
    const configs = [axios.create(options), createClient({ ...options, retry: false })].map(async (api) => {
      const error = (await rejection(api.get(upstream.url, { headers: { a: '1' } }))) as AxiosError;
      expect(error.response?.config).toBe(error.config);
      return error.config as InternalAxiosRequestConfig;
    });
    const [theirs, ours] = (await Promise.all(configs)) as [InternalAxiosRequestConfig, InternalAxiosRequestConfig];
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    expect(ours).toMatchObject({ timeout: 300, extra: 1 });
    const again = await rejection(createClient({ ...options, timeout: false, retry: false }).request(ours));
    expect(again).toMatchObject({ code: 'ETIMEDOUT', limit: 'total', limitMs: 300 });
    await upstream.close();
  });

  it('may delete some of the config: the errors of a stream have the whole in it again', async () => {
    let given: InternalAxiosRequestConfig | undefined;
    const adapter: AxiosAdapter = async (config) => {
      given = config;
      delete config.maxRedirects;
      return { data: '', status: 200, statusText: 'OK', headers: {}, config };
    };
    await client.get(URL_, { adapter, responseType: 'stream', maxRedirects: 3, timeout: 300 });
    expect(given).toMatchObject({ maxRedirects: 3, timeout: 300 });
  });

  it('may reject with an error that has a frozen copy of the config', async () => {
    const adapter: AxiosAdapter = (config) => Promise.reject(new AxiosError('mine', 'EMINE', Object.freeze({ ...config })));
    expect(await rejection(client.get(URL_, { adapter, timeout: 300 }))).toMatchObject({ code: 'EMINE' });
  });

  it('may copy the config, and put a signal of its own in it, as where that is a plain property', async () => {
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const adapter: AxiosAdapter = async (config) => {
      const copy = { ...config };
      seen.push(copy.signal === config.signal, config.signal instanceof AbortSignal, Object.keys(config).includes('signal'));
      config.signal = signal;
      seen.push(config.signal === signal, { ...config }.signal === signal, Reflect.deleteProperty(config, 'signal'));
      return { data: '', status: 200, statusText: 'OK', headers: {}, config };
    };
    expect((await client.get(URL_, { adapter })).config.signal).toBeUndefined();
    expect(seen).toEqual([true, true, true, true, true, true]);
  });

  it.each(['get', 'set', 'value', 'writable'])('is given it as with axios where Object.prototype has a %s', async (name) => {
    const seen: unknown[] = [];
    const adapter: AxiosAdapter = async (config) => {
      seen.push(config.signal instanceof AbortSignal);
      config.signal = undefined as never;
      seen.push(config.signal);
      return { data: '', status: 200, statusText: 'OK', headers: {}, config };
    };
    Object.defineProperty(
      Object.prototype,
      name,
      Object.assign(Object.create(null), { value: () => 1, configurable: true, writable: true }),
    );
    const outcome = client.get(URL_, { adapter });
    await outcome.finally(() => Reflect.deleteProperty(Object.prototype, name));
    expect(seen).toEqual([true, undefined]);
  });

  it('may fail as it likes', async () => {
    for (const reason of [new Error('plain'), new AxiosError('axios', 'ECODE'), 'a string', undefined]) {
      const { error } = await failureOf(() => client.get(URL_, { adapter: () => Promise.reject(reason) }));
      expect(error).toBe(reason);
    }
    const throws: AxiosAdapter = () => {
      throw new Error('at once');
    };
    expect((await failureOf(() => client.get(URL_, { adapter: throws }))).error).toMatchObject({ message: 'at once' });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(Array(5).fill('error'));
  });

  it('may be one of axios, by name, in a list and as a function', async () => {
    for (const adapter of ['http', 'fetch', ['xhr', 'http'], axios.getAdapter('http'), axios.getAdapter(['fetch'])] as const) {
      expect((await client.get(lab.url('healthy'), { adapter: adapter as 'http' })).status).toBe(200);
    }
    expect(attempts.map(({ timings }) => 'tcp' in timings || 'response' in timings)).toEqual([true, false, true, true, false]);
    const { error } = await failureOf(() => client.get(lab.url('healthy'), { adapter: 'pigeon' }));
    const { error: theirs } = await failureOf(() => axios.get(lab.url('healthy'), { adapter: 'pigeon' as never }));
    expect(error).toMatchObject({ isAxiosError: true, message: (theirs as Error).message });
  });
});

it.each([[['nope', 'http']], [['xhr', 'nope', 'http']], [[undefined, 'http']], [[null, false, 'http']], [['HTTP', 'nope']]])(
  'a list of adapters is gone through as by axios, which refuses a name that it does not know: %j',
  async (adapter) => {
    const tell = (one: AxiosInstance): Promise<unknown> =>
      one.get(lab.url('healthy'), { adapter: adapter as never, proxy: false }).then(
        ({ status }) => status,
        ({ name, message }: Error) => ({ name, message }),
      );
    expect(await tell(client)).toEqual(await tell(axios));
  },
);

describe('axios-mock-adapter', () => {
  const TARGETS: [string, () => { mocked: Client; on: unknown }][] = [
    [
      'on the instance that is protected',
      () => {
        const instance = axios.create();
        return { mocked: protect(instance), on: instance };
      },
    ],
    ['on the client', () => ({ mocked: client, on: client })],
  ];
  it.each(TARGETS)('answers, %s', async (_where, make) => {
    const { mocked, on } = make();
    const mock = new MockAdapter(on as never, { delayResponse: 5 });
    mock.onGet('/users').reply(200, [{ id: 1 }]);
    mock.onPost('/users', { a: 1 }).reply(201);
    mock.onGet('/broken').networkError();
    mock.onGet('/slow').timeout();
    mock.onGet('/missing').reply(404);
    expect((await mocked.get('/users')).data).toEqual([{ id: 1 }]);
    expect((await mocked.post('/users', { a: 1 })).status).toBe(201);
    expect((await failureOf(() => mocked.get('/broken'))).error).toMatchObject({ message: 'Network Error' });
    expect((await failureOf(() => mocked.get('/slow'))).error).toMatchObject({ code: 'ECONNABORTED' });
    expect((await failureOf(() => mocked.get('/missing'))).error).toMatchObject({ response: { status: 404 } });
    expect(mock.history.get).toHaveLength(4);
    mock.restore();
    expect((await mocked.get(lab.url('healthy'), { proxy: false })).status).toBe(200);
    await mocked.close();
  });

  it('that is slow is held to total', async () => {
    new MockAdapter(client as never, { delayResponse: 2_000 }).onGet('/users').reply(200);
    await timeoutOf(() => client.get('/users', { timeout: 150 }), 'total', 150);
  });
});

describe('many failures at once', () => {
  it('leave nothing that nobody could catch', async () => {
    // An 'error' event without a listener would be an uncaught exception: the watch of this file would have it.
    const call = (_: unknown, i: number): Promise<unknown> =>
      failureOf(() => client.get(lab.url('body-stall'), { timeout: 20 + i, maxRedirects: i % 2 }));
    await Promise.all(Array.from({ length: 20 }, call));
    expect(attempts.map(({ outcome }) => outcome)).toEqual(Array(20).fill('timeout'));
  });
});
