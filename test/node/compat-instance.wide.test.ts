// protect and createClient next to axios: the instance stays as it was, interceptors and configs behave as axios users know them.
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptRecord, type CallRecord, type Client, createClient, isTimeout, type Policies, protect } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf } from './failures';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'flaky'] });
});
afterAll(() => lab.close());
beforeEach(() => {
  client = createClient({ baseURL: lab.url('healthy'), proxy: false });
  lab.upstream('flaky').reset();
});
afterEach(() => client.close());

/** Everything of an instance that can be told apart: own properties, defaults, interceptors. */
function snapshot(instance: AxiosInstance): unknown {
  const handlers = (manager: object): unknown[] => [...((manager as { handlers?: unknown[] }).handlers ?? [])];
  return {
    properties: Object.fromEntries(Object.entries(instance).filter(([name]) => name !== 'defaults' && name !== 'interceptors')),
    defaults: { ...instance.defaults, headers: JSON.stringify(instance.defaults.headers) },
    interceptors: [handlers(instance.interceptors.request), handlers(instance.interceptors.response)],
  };
}

describe('an instance with a request of its own', () => {
  const protecting = (request: () => unknown): Client =>
    protect(Object.assign(axios.create(), { request }) as unknown as AxiosInstance, { deadline: 100 });

  it('may throw at once: the call is over then, and its deadline and listeners with it', async () => {
    const own = protecting(() => {
      throw new Error('at once');
    });
    const { signal } = new AbortController();
    const told: string[] = [];
    own.on('*', (type) => void told.push(type));
    expect((await failureOf(() => own.get('/', { signal }))).error).toHaveProperty('message', 'at once');
    await failureOf(() => own.get('/', { deadline: false }));
    await failureOf(() => own.get('/'));
    await sleep(150);
    expect(told).toEqual(['call', 'call', 'call']);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('may answer without a promise', async () => {
    expect(await protecting(() => ({ data: 'at once' })).get('/')).toEqual({ data: 'at once' });
  });
});

describe('protect', () => {
  it('leaves the instance as it was, before, during and after calls', async () => {
    const instance = axios.create({ baseURL: lab.url('healthy'), timeout: 5_000, proxy: false });
    instance.interceptors.request.use((config) => config);
    const before = snapshot(instance);
    const { get, request, defaults, interceptors } = instance;
    const { adapter } = defaults;
    const own = protect(instance, { timeout: { read: 100 }, endpoint: 'x', deadlineHeader: 'x-rest' });
    expect(snapshot(instance)).toEqual(before);
    await own.get('/');
    await failureOf(() => own.get(lab.url('stall')));
    await failureOf(() => own.get('/status/500'));
    expect(snapshot(instance)).toEqual(before);
    expect(instance.get).toBe(get);
    expect(instance.request).toBe(request);
    expect(instance.defaults).toBe(defaults);
    expect(instance.interceptors).toBe(interceptors);
    expect(instance.defaults.adapter).toBe(adapter);
    await own.close();
  });

  it('leaves calls of the instance unprotected', async () => {
    const instance = axios.create({ baseURL: lab.url('healthy'), proxy: false });
    const own = protect(instance, { timeout: { read: 100 } });
    expect((await instance.get('/delay/300')).status).toBe(200);
    expect((await failureOf(() => own.get('/delay/300'))).error).toMatchObject({ limit: 'read' });
    await own.close();
  });

  it('shares defaults and interceptors, whoever changes them', async () => {
    const instance = axios.create({ baseURL: lab.url('healthy'), proxy: false });
    const own = protect(instance);
    expect(own.defaults).toBe(instance.defaults);
    expect(own.interceptors).toBe(instance.interceptors);
    instance.defaults.headers.common['x-a'] = '1';
    own.defaults.headers.common['x-b'] = '2';
    own.interceptors.request.use((config) => {
      config.headers.set('x-c', '3');
      return config;
    });
    for (const one of [instance, own]) {
      expect((await one.get('/')).data.headers).toMatchObject({ 'x-a': '1', 'x-b': '2', 'x-c': '3' });
    }
    const defaults = { ...instance.defaults, baseURL: lab.url('healthy', '/other') };
    own.defaults = defaults as typeof own.defaults;
    expect(instance.defaults).toBe(defaults);
    await own.close();
  });

  it('protects axios itself, and a client again', async () => {
    const own = protect(axios, { timeout: { read: 100 } });
    expect((await failureOf(() => own.get(lab.url('stall'), { proxy: false }))).error).toMatchObject({ limit: 'read' });
    const twice = protect(client, { timeout: { read: 100 } });
    expect((await failureOf(() => twice.get(lab.url('stall')))).error).toMatchObject({ limit: 'read', phase: 'response' });
    expect((await twice.get('/')).status).toBe(200);
    await Promise.all([own.close(), twice.close()]);
  });

  it.each<[limit: string, of: Policies, over: Policies, limitMs: number]>([
    ['read', { timeout: { read: 100 } }, {}, 100],
    ['read', { timeout: { read: 100 } }, { timeout: { read: 200 } }, 200],
    ['total', { timeout: 100 }, { timeout: { read: 5_000 } }, 100],
    ['response', { timeout: { response: 100 } }, { timeout: [1_000, 5_000] }, 100],
  ])('a client that is protected again keeps its limits but those that are named anew: %s', async (limit, of, over, limitMs) => {
    const once = protect(axios.create({ proxy: false }), { ...of, retry: false });
    const twice = protect(once, { retry: false, ...over });
    const child = twice.create();
    for (const one of [twice, child]) {
      expect((await failureOf(() => one.get(lab.url('stall')))).error).toMatchObject({ limit, limitMs });
    }
    const off = twice.create({ timeout: { [limit]: false }, deadline: 300 });
    expect((await failureOf(() => off.get(lab.url('stall')))).error).toMatchObject({ limit: 'deadline' });
    await Promise.all([once, twice, child, off].map((one) => one.close()));
  });

  const quick = { retry: { baseDelay: 1, jitter: 'none' } } as const;

  it.each<[name: string, make: () => Client, retries: number, config?: object]>([
    ['of the inner client', () => protect(createClient({ ...quick, timeout: 100, proxy: false }), { retry: false }), 2],
    ['of the outer client', () => protect(createClient({ retry: false, proxy: false }), { ...quick, timeout: 100 }), 2],
    ['of the instance', () => protect(protect(axios.create({ timeout: 100, proxy: false }), { retry: false }), quick), 2],
    ['of the request', () => protect(createClient({ retry: false, proxy: false }), quick), 2, { timeout: 100 }],
    ['by an interceptor', () => withTotal(protect(createClient({ retry: false, proxy: false }), quick)), 2],
  ])('a total %s is that of one attempt, and a timeout, though two clients protect the call', async (_, make, retries, config) => {
    const own = make();
    const told: string[] = [];
    own.on('timeout', ({ limit }) => void told.push(`${limit}`));
    const { error } = await failureOf(() => own.get(lab.url('stall'), config));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', limit: 'total', limitMs: 100 });
    expect(told).toEqual(Array(retries + 1).fill('total'));
    expect((await own.get(lab.url('stall'), { ...config, fallback: { value: 'instead' } })).data).toBe('instead');
    // Repeated by a handler, it is the same request.
    const repeated = await failureOf(() => own.request({ ...(error as { config: object }).config, retry: false }));
    expect(repeated.error).toMatchObject({ limit: 'total', limitMs: 100 });
    await own.close();
  });

  function withTotal(own: Client): Client {
    own.interceptors.request.use((config) => Object.assign(config, { timeout: 100 }));
    return own;
  }

  it('a request that a handler repeats is a new call, though two clients protect it', async () => {
    const own = protect(createClient({ retry: false, proxy: false }), { retry: false });
    const attempts: string[] = [];
    own.on('attempt', ({ outcome }) => void attempts.push(outcome));
    const { error } = await failureOf(() => own.get(lab.url('stall'), { deadline: 100 }));
    expect(error).toMatchObject({ limit: 'deadline' });
    const { config } = error as { config: object };
    expect((await own.request({ ...config, url: lab.url('healthy'), deadline: 5_000 })).status).toBe(200);
    expect(attempts.slice(1)).toEqual(['success']);
    await own.close();
  });

  it.each([
    ['the outer client', 'read', { timeout: { read: 100 } }, {}],
    ['the outer client', 'deadline', {}, { deadline: 100 }],
    ['the inner client', 'total', { timeout: { total: 100 } }, {}],
    ['the inner client', 'deadline', { deadline: 100 }, {}],
  ] as const)('a timeout of %s is one in the records and events of both: %s', async (_, limit, ofInner, ofOuter) => {
    const inner = createClient({ ...ofInner, retry: false, proxy: false });
    const outer = protect(inner, { retry: false, ...ofOuter });
    const told = [inner, outer].map((client) => {
      const events: object[] = [];
      for (const type of ['attempt', 'call', 'timeout'] as const)
        client.on(type, ({ outcome, timedOut, limit }: AttemptRecord | CallRecord) => void events.push({ type, outcome, timedOut, limit }));
      return events;
    });
    await failureOf(() => outer.get(lab.url('stall')));
    await vi.waitFor(() => expect(told.map(({ length }) => length)).toEqual([3, 3]));
    for (const events of told)
      for (const type of ['attempt', 'timeout', 'call']) expect(events).toContainEqual({ type, outcome: 'timeout', timedOut: true, limit });
    for (const client of [inner, outer]) expect(client.stats.list()).toMatchObject([{ attempts: 1, timeoutRate: 1 }]);
    await Promise.all([inner.close(), outer.close()]);
  });
});

describe('interceptors and transforms', () => {
  it('run once a call, in the order of axios, redirects or not', async () => {
    const steps: string[] = [];
    client.interceptors.request.use((config) => {
      steps.push('request 1');
      return config;
    });
    client.interceptors.request.use(async (config) => {
      steps.push('request 2');
      return config;
    });
    client.interceptors.response.use((response) => {
      steps.push('response');
      return response;
    });
    const config = {
      transformRequest: [
        (data: unknown) => {
          steps.push('transform request');
          return data;
        },
      ],
      transformResponse: [
        (data: unknown) => {
          steps.push('transform response');
          return data;
        },
      ],
    };
    await client.get('/redirect?to=/a', config);
    expect(steps).toEqual(['request 2', 'request 1', 'transform request', 'transform response', 'response']);
  });

  it('that are synchronous, or run only when asked to, do', async () => {
    const asked = vi.fn((config: InternalAxiosRequestConfig) => config);
    client.interceptors.request.use(asked, undefined, { synchronous: true, runWhen: (config) => config.url === '/yes' });
    await client.get('/no');
    expect(asked).not.toHaveBeenCalled();
    await client.get('/yes');
    expect(asked).toHaveBeenCalledOnce();
  });

  it('can be taken off again', async () => {
    const id = client.interceptors.request.use(() => Promise.reject(new Error('no')));
    await failureOf(() => client.get('/'));
    client.interceptors.request.eject(id);
    expect((await client.get('/')).status).toBe(200);
  });

  it('get the timeout as axios users know it, and may set it', async () => {
    const seen: unknown[] = [];
    client.interceptors.request.use((config) => {
      seen.push(config.timeout);
      config.timeout = 120;
      return config;
    });
    const { error } = await failureOf(() => client.get(lab.url('stall'), { timeout: 5_000 }));
    expect(seen).toEqual([5_000]);
    expect(error).toMatchObject({ limit: 'total', limitMs: 120 });
  });

  it('get the error of a timeout, with its config', async () => {
    const seen = vi.fn();
    client.interceptors.response.use(undefined, (error) => {
      seen(isTimeout(error), error.config.url, error.config.method, error.isAxiosError);
      return Promise.reject(error);
    });
    await failureOf(() => client.get(lab.url('stall'), { timeout: 100 }));
    expect(seen).toHaveBeenCalledExactlyOnceWith(true, lab.url('stall'), 'get', true);
  });

  it('may make an answer of an error', async () => {
    client.interceptors.response.use(undefined, (error) => ({ data: 'spare', config: error.config }));
    expect((await client.get(lab.url('stall'), { timeout: 100 })).data).toBe('spare');
  });
});

describe('what the caller gets back', () => {
  it('is the config that was given, its timeout included', async () => {
    for (const timeout of [5_000, [1_000, 2_000], { read: 3_000 }] as const) {
      const { config } = await client.get('/', { timeout });
      expect(config.timeout).toEqual(timeout);
      const { error } = await failureOf(() => client.get('/status/500', { timeout }));
      expect((error as { config: { timeout: unknown } }).config.timeout).toEqual(timeout);
    }
    const { config, request } = await client.get('/a', { headers: { 'x-h': '1' } });
    expect(config).toMatchObject({ url: '/a', method: 'get', baseURL: lab.url('healthy') });
    expect(config.headers.get('x-h')).toBe('1');
    expect(config.adapter).toEqual(client.defaults.adapter);
    expect(config).not.toHaveProperty('signal');
    expect(request).toBeDefined();
  });

  it('has no trace of the agents and signals that are ours', async () => {
    const signal = new AbortController().signal;
    const { config } = await client.get('/', { signal });
    expect(config.signal).toBe(signal);
    expect(config.httpAgent).toBeUndefined();
    expect(config.proxy).toBe(false);
    const { error } = await failureOf(() => client.get('/status/404', { signal }));
    const failed = error as { config: InternalAxiosRequestConfig; response: { config: InternalAxiosRequestConfig } };
    expect(failed.config.signal).toBe(signal);
    expect(failed.config.httpAgent).toBeUndefined();
    expect(failed.response.config).toBe(failed.config);
  });
});

describe('a handler that repeats error.config, as after a refresh of a token', () => {
  it('repeats the same request under the same policies', async () => {
    const endpoints: string[] = [];
    client.on('call', ({ endpoint, outcome }) => endpoints.push(`${endpoint} ${outcome}`));
    client.interceptors.response.use(undefined, (error) => {
      if (error.response?.status !== 503) throw error;
      error.config.headers.set('authorization', 'Bearer new');
      return client.request(error.config);
    });
    const { data, config } = await client.post(
      lab.url('flaky'),
      { a: 1 },
      { endpoint: 'flaky', timeout: { read: 4_000 }, deadline: 9_000 },
    );
    expect(data).toEqual({ ok: true, calls: 3 });
    expect(config.timeout).toEqual({ read: 4_000 });
    expect(config.headers.get('authorization')).toBe('Bearer new');
    // Inner calls end before the outer: each is a call of its own.
    expect(endpoints).toEqual(['flaky success', 'flaky success', 'flaky success']);
  });

  it('is protected again: its limits hold', async () => {
    let repeated = 0;
    client.interceptors.response.use(undefined, (error) => {
      if (repeated++) throw error;
      return client.request({ ...error.config, url: lab.url('stall') });
    });
    const { error } = await failureOf(() => client.get('/status/401', { timeout: { read: 120 } }));
    expect(error).toMatchObject({ limit: 'read', limitMs: 120, phase: 'response' });
  });

  it('works through the plain instance too, which then has the total as its timeout', async () => {
    const instance = axios.create({ proxy: false });
    const own = protect(instance);
    const { error } = await failureOf(() => own.get(lab.url('healthy', '/status/401'), { timeout: 700 }));
    const { config } = error as { config: InternalAxiosRequestConfig };
    const repeated = await instance.request({ ...config, url: lab.url('healthy') });
    expect(repeated.status).toBe(200);
    expect(repeated.config.timeout).toBe(700);
    await own.close();
  });
});
