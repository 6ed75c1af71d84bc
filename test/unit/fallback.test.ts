// An answer instead of an error: a value, a function's, or the last good one; never for a 4xx, nor for the user's own abort.
import { Readable } from 'node:stream';
import axios, {
  AxiosError,
  type AxiosHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type FallbackResponse, isBreakerOpen, isLimited, isTimeout } from '../../src/index';
import { clientOver, failed, type Outcome, scripted, settled } from './retry-support';

const unhandled = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  process.on('unhandledRejection', unhandled);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

/** A client without retries. */
const once = (script: Outcome[], config: Parameters<typeof clientOver>[1] = {}) => clientOver(script, { retry: false, ...config });

const answered = async (call: Promise<AxiosResponse>): Promise<FallbackResponse> => {
  const { value, error } = await settled(call);
  if (!value) throw error;
  return value as FallbackResponse;
};

describe('a value', () => {
  it('is the data of an answer that says what it is', async () => {
    const { client, fallbacks, sent } = once([503], { fallback: { value: { prices: [] } } });
    const response = await answered(client.get('/prices'));
    expect(response).toMatchObject({ data: { prices: [] }, status: 200, statusText: 'Fallback', fallback: 'value' });
    expect(response.age).toBeUndefined();
    expect(response.config.url).toBe('/prices');
    expect(sent).toHaveLength(1);
    expect(fallbacks).toEqual([
      { id: expect.any(String), endpoint: 'GET http://api.test/prices', kind: 'value', code: 'ERR_BAD_RESPONSE' },
    ]);
  });

  it.each([null, 0, '', false])('may be %j', async (value) => {
    const { client } = once([503], { fallback: { value } });
    expect(await answered(client.get('/'))).toMatchObject({ data: value, fallback: 'value' });
  });

  it('is not changed for the next by what a caller does to it', async () => {
    const { client } = once([503], { fallback: { value: { prices: [1] } } });
    (await answered(client.get('/'))).data.prices.push(2);
    expect((await answered(client.get('/'))).data).toEqual({ prices: [1] });
  });

  it('comes after the retries, for any method', async () => {
    const { client, sent } = clientOver([503], { fallback: { value: 1 } });
    const { value, took } = await settled(client.put('/', 'x'));
    expect((value as FallbackResponse).fallback).toBe('value');
    expect(took).toBe(1_500);
    expect(sent).toHaveLength(3);
  });

  it('does not come where all is well', async () => {
    const { client, fallbacks } = once([200], { fallback: { value: 1 } });
    const response = await answered(client.get('/'));
    expect(response.data).toEqual({ ok: true });
    expect('fallback' in response).toBe(false);
    expect(fallbacks).toEqual([]);
  });
});

describe('a function', () => {
  it.each([
    ['that answers', (error: unknown, config: AxiosRequestConfig) => [(error as AxiosError).code, config.url]],
    ['that answers later', async (error: unknown, config: AxiosRequestConfig) => [(error as AxiosError).code, config.url]],
  ])('%s is given the error and the config', async (_, use) => {
    for (const fallback of [use, { use }]) {
      const { client, fallbacks } = once(['ECONNREFUSED'], { fallback });
      const response = await answered(client.get('/prices'));
      expect(response).toMatchObject({ data: ['ECONNREFUSED', '/prices'], status: 200, fallback: 'use' });
      expect(fallbacks).toMatchObject([{ kind: 'use', code: 'ECONNREFUSED' }]);
    }
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no stand-in');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no stand-in'))],
  ])('that %s is the failure of the call, with the original as its cause', async (_, use) => {
    const original = new AxiosError('original', 'ECONNRESET');
    const { client, fallbacks } = once([original], { fallback: { use, value: 'not this one' } });
    const error = await failed(client.get('/'));
    expect(error.message).toBe('no stand-in');
    expect(error.cause).toBe(original);
    expect(Object.keys(error)).not.toContain('cause');
    expect(fallbacks).toEqual([]);
  });

  it('may throw the original again, and keeps a cause of its own', async () => {
    const original = new AxiosError('original', 'ECONNRESET');
    const again = once([original], { fallback: (error) => Promise.reject(error) });
    expect(await failed(again.client.get('/'))).toBe(original);
    expect(original.cause).toBeUndefined();
    const cause = new Error('its own');
    const own = once([original], { fallback: () => Promise.reject(new Error('no stand-in', { cause })) });
    expect((await failed(own.client.get('/'))).cause).toBe(cause);
  });

  it('that hangs does not make the call hang: the original error comes with the deadline', async () => {
    const never = () => new Promise(() => {});
    const { client } = once([503], { fallback: never, deadline: 5_000 });
    const error = await failed(client.get('/'));
    expect(error.response?.status).toBe(503);
    expect(error.took).toBeGreaterThanOrEqual(5_000);
    expect(error.took).toBeLessThan(5_100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has a second even where the deadline is spent', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(() => resolve('late'), ms));
    const quick = once(['hang'], { fallback: () => sleep(900), deadline: 500 });
    expect(await answered(quick.client.get('/'))).toMatchObject({ data: 'late', fallback: 'use' });
    const slow = once(['hang'], { fallback: () => sleep(1_100), deadline: 500 });
    expect(isTimeout(await failed(slow.client.get('/')))).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
  });

  it('is cut short by the user', async () => {
    const controller = new AbortController();
    const source = axios.CancelToken.source();
    for (const given of [{ signal: controller.signal }, { cancelToken: source.token }]) {
      const { client } = once([503], { fallback: () => new Promise(() => {}) });
      setTimeout(() => (given.signal ? controller.abort() : source.cancel()), 200);
      expect(await failed(client.get('/', given))).toMatchObject({ code: 'ERR_CANCELED', took: 200 });
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

it('a function is not asked where the user has aborted by the time that the call has failed', async () => {
  const controller = new AbortController();
  const source = axios.CancelToken.source();
  for (const given of [{ signal: controller.signal }, { cancelToken: source.token }]) {
    const use = vi.fn(() => 'an answer');
    const { client } = once([503], { fallback: use });
    client.on('call', () => (given.signal ? controller.abort() : source.cancel()));
    expect(await failed(client.get('/', given))).toMatchObject({ code: 'ERR_CANCELED' });
    expect(use).not.toHaveBeenCalled();
  }
});

describe('what the user waits by in a function that stands in', () => {
  it('is not listened to once the function has answered, or failed', async () => {
    const controller = new AbortController();
    const { token } = axios.CancelToken.source();
    const [added, removed] = [vi.spyOn(controller.signal, 'addEventListener'), vi.spyOn(controller.signal, 'removeEventListener')];
    const listeners = (): unknown[] => (token as unknown as { _listeners?: unknown[] })._listeners ?? [];
    for (const use of [() => 'an answer', () => Promise.reject(new Error('none'))]) {
      const { client } = once([503], { fallback: use });
      await settled(client.get('/', { signal: controller.signal, cancelToken: token }));
      expect(added.mock.calls.length).toBeGreaterThan(0);
      const left = new Set(added.mock.calls.map(([, listener]) => listener));
      for (const [type, listener] of removed.mock.calls) if (type === 'abort') left.delete(listener);
      expect(left.size).toBe(0);
      expect(listeners()).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('is no deadline where there is none', async () => {
    const { client } = once([503], { fallback: () => new Promise(() => {}), deadline: false });
    const over = vi.fn();
    client.get('/').then(over, over);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(over).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be a signal that can only be looked at', async () => {
    const { client } = once([503], { fallback: () => 'an answer' });
    expect((await answered(client.get('/', { signal: { aborted: false } }))).data).toBe('an answer');
  });

  it("ends it with axios' CanceledError, which knows the request", async () => {
    const controller = new AbortController();
    const { client } = once([503], { fallback: () => new Promise(() => {}) });
    setTimeout(() => controller.abort(), 10);
    expect(await failed(client.get('/it', { signal: controller.signal }))).toMatchObject({ config: { url: '/it' } });
  });
});

describe('the cause of what a function throws', () => {
  it('is not put on what is no error, and may be set anew', async () => {
    for (const thrown of ['a string', undefined, null, { plain: true }]) {
      const { client } = once([503], { fallback: () => Promise.reject(thrown) });
      await expect(client.get('/').catch((error: unknown) => ({ error }))).resolves.toEqual({ error: thrown });
    }
    const error = await failed(once([503], { fallback: () => Promise.reject(new Error('none')) }).client.get('/'));
    expect(Reflect.defineProperty(error, 'cause', { value: 'mine' })).toBe(true);
  });

  it('is not put on an abort', async () => {
    const { client } = once([503], { fallback: () => Promise.reject(new CanceledError()) });
    expect((await failed(client.get('/'))).cause).toBeUndefined();
  });
});

describe('the body of the answer that is not handed out', () => {
  const body = () => {
    const stream = new Readable({ read() {} });
    stream.push('some');
    return stream;
  };

  it('is let go of, so that its connection is', async () => {
    const data = body();
    const { client } = once([{ status: 503, data }], { fallback: { value: 1 } });
    await answered(client.get('/', { responseType: 'stream' }));
    expect(data.destroyed).toBe(true);
  });

  it('is left to a function that reads it, or hands it out', async () => {
    const read = body();
    const reading = once([{ status: 503, data: read }], {
      fallback: (error) => {
        (error as AxiosError<Readable>).response?.data.read();
        return 1;
      },
    });
    await answered(reading.client.get('/', { responseType: 'stream' }));
    expect(read.destroyed).toBe(false);
    const given = body();
    const giving = once([{ status: 503, data: given }], { fallback: (error) => (error as AxiosError).response?.data });
    expect((await answered(giving.client.get('/', { responseType: 'stream' }))).data).toBe(given);
    expect(given.destroyed).toBe(false);
  });

  it.each([undefined, null, 'a string'])('may not be there: an adapter rejects with %o', async (reason) => {
    const { client } = once([200], { fallback: { value: 1 } });
    expect(await answered(client.get('/', { adapter: () => Promise.reject(reason) }))).toMatchObject({ data: 1, fallback: 'value' });
  });
});

describe('which errors', () => {
  it.each([302, 304, 399, 400, 401, 403, 404, 409, 410, 422, 451, 499])('%i is an answer, and stays the error it is', async (status) => {
    const { client, fallbacks } = once([status], { fallback: { value: 1, use: () => 2, staleFor: 1_000 } });
    expect((await failed(client.get('/'))).response?.status).toBe(status);
    expect(fallbacks).toEqual([]);
  });

  it.each([408, 429, 500, 501, 503, 'ECONNREFUSED', 'ERR_NETWORK', 'DEPTH_ZERO_SELF_SIGNED_CERT'])('%s is none', async (outcome) => {
    const { client } = once([outcome], { fallback: { value: 1 } });
    expect((await answered(client.get('/'))).fallback).toBe('value');
  });

  it.each([
    [404, undefined],
    [503, 'value'],
    ['ECONNREFUSED', 'value'],
  ])('an error that an interceptor makes of %s is what that was', async (outcome, kind) => {
    const { client } = once([outcome], { fallback: { value: 1 } });
    client.interceptors.response.use(undefined, (cause) => Promise.reject(new Error('mapped', { cause })));
    const { value, error } = await settled(client.get('/'));
    expect((value as FallbackResponse | undefined)?.fallback).toBe(kind);
    if (!kind) expect(error).toHaveProperty('message', 'mapped');
  });

  it('an error of another request, which an interceptor made after a 401, is none', async () => {
    const { client } = once([401], { fallback: { value: 1 } });
    const other = new AxiosError('no auth server', 'ECONNREFUSED');
    client.interceptors.response.use(undefined, () => Promise.reject(other));
    expect((await answered(client.get('/'))).fallback).toBe('value');
  });

  it('one of a limit or a breaker, after an attempt that got a 404, is none', async () => {
    const { client } = once([404], { fallback: { value: 1 }, retry: { retries: 1, baseDelay: 1, when: () => true }, limit: { rate: 1 } });
    expect((await answered(client.get('/'))).fallback).toBe('value');
  });

  it("the user's own abort stays an abort", async () => {
    const controller = new AbortController();
    const use = vi.fn();
    const { client } = once(['hang'], { fallback: use });
    setTimeout(() => controller.abort(), 100);
    expect((await failed(client.get('/', { signal: controller.signal }))).code).toBe('ERR_CANCELED');
    expect(use).not.toHaveBeenCalled();
  });

  it('an open breaker, a limit and a timeout are served', async () => {
    const seen: unknown[] = [];
    const fallback = (error: unknown) => seen.push(error);
    const cut = once([200], { fallback, breaker: {} });
    cut.client.breakers.open('GET http://api.test/');
    await answered(cut.client.get('/'));
    const limited = once([200], { fallback, limit: { rate: 1, interval: 60_000 } });
    await answered(limited.client.get('/'));
    await answered(limited.client.get('/'));
    await answered(once(['hang'], { fallback, timeout: 100 }).client.get('/'));
    expect(seen).toHaveLength(3);
    expect([isBreakerOpen(seen[0]), isLimited(seen[1]), isTimeout(seen[2])]).toEqual([true, true, true]);
  });

  it('a bad option is told, not covered', async () => {
    const { client } = once([200], { fallback: { value: 1 } });
    expect((await failed(client.get('/', { timeout: -1 }))).code).toBe('ERR_BAD_OPTION_VALUE');
  });
});

describe('the options', () => {
  it('of a request go over those of the client', async () => {
    const { client } = once([503], { fallback: () => 'of the client' });
    expect((await answered(client.get('/'))).data).toBe('of the client');
    expect((await answered(client.get('/', { fallback: () => 'of the request' }))).data).toBe('of the request');
    expect((await answered(client.get('/', { fallback: { value: 'a value' } }))).data).toBe('a value');
    expect((await failed(client.get('/', { fallback: false }))).response?.status).toBe(503);
    expect((await answered(client.get('/', { fallback: undefined }))).data).toBe('of the client');
    expect((await answered(client.get('/', { fallback: { staleFor: 10 } }))).data).toBe('of the client');
  });

  it('that name nothing change nothing', async () => {
    const { client } = once([503], { fallback: {} });
    expect((await failed(client.get('/'))).response?.status).toBe(503);
  });

  it.each([
    ['fallback', 1],
    ['fallback', null],
    ['fallback.use', { use: 'x' }],
    ['fallback.staleFor', { staleFor: 0 }],
    ['fallback.staleFor', { staleFor: '1m' }],
    ['fallback.stale', { stale: 1 }],
  ])('that cannot be meant are named: %s, %j', (name, fallback) => {
    expect(() => createClient({ fallback } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining(name) }),
    );
  });
});

/** An adapter that answers with what the test says, and a client that serves stale answers. */
function staleClient(script: Outcome[], config: Parameters<typeof clientOver>[1] = {}) {
  return once(script, { fallback: { staleFor: 60_000 }, ...config });
}

describe('the last good answer', () => {
  it('is as old as what was received, however long interceptors took, and no older than the latest', async () => {
    const { client } = staleClient([{ status: 200, data: 'old' }, { status: 200, data: 'new' }, 503], { fallback: { staleFor: 1_000 } });
    let takes = 600;
    client.interceptors.response.use((response) => new Promise((resolve) => setTimeout(() => resolve(response), takes)));
    const old = client.get('/');
    await vi.advanceTimersByTimeAsync(100);
    takes = 0;
    await settled(client.get('/'));
    await settled(old);
    expect(await answered(client.get('/'))).toMatchObject({ data: 'new', fallback: 'stale', age: 500 });
    await vi.advanceTimersByTimeAsync(501);
    await failed(client.get('/'));
  });

  it('is served with its age, and says so', async () => {
    const { client, fallbacks } = staleClient([{ status: 200, data: { n: 1 }, headers: { etag: 'x' } }, 503]);
    expect('fallback' in (await answered(client.get('/a')))).toBe(false);
    await vi.advanceTimersByTimeAsync(30_000);
    const response = await answered(client.get('/a'));
    expect(response).toMatchObject({ data: { n: 1 }, status: 200, fallback: 'stale', age: 30_000 });
    expect((response.headers as AxiosHeaders).get('etag')).toBe('x');
    expect(fallbacks).toMatchObject([{ kind: 'stale', age: 30_000, code: 'ERR_BAD_RESPONSE' }]);
  });

  it('is served up to its age and not beyond, where the next stand-in has its turn', async () => {
    const { client } = staleClient([200, 503], { fallback: { staleFor: 1_000, value: 'a value' } });
    await answered(client.get('/a'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await answered(client.get('/a'))).fallback).toBe('stale');
    await vi.advanceTimersByTimeAsync(1);
    expect(await answered(client.get('/a'))).toMatchObject({ fallback: 'value', data: 'a value' });
    expect((await failed(staleClient([503]).client.get('/a'))).response?.status).toBe(503);
  });

  it('is the latest, and being served does not make it fresh', async () => {
    const { client } = staleClient([{ status: 200, data: 1 }, { status: 200, data: 2 }, 503]);
    await answered(client.get('/a'));
    await vi.advanceTimersByTimeAsync(100);
    await answered(client.get('/a'));
    await vi.advanceTimersByTimeAsync(100);
    expect(await answered(client.get('/a'))).toMatchObject({ data: 2, age: 100 });
    await vi.advanceTimersByTimeAsync(100);
    expect(await answered(client.get('/a'))).toMatchObject({ data: 2, age: 200 });
  });

  it('does not go by the wall clock', async () => {
    const { client } = staleClient([200, 503]);
    await answered(client.get('/a'));
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await answered(client.get('/a'))).toMatchObject({ fallback: 'stale', age: 0 });
  });

  it('is not changed by what callers do to what they were given', async () => {
    const { client } = staleClient([{ status: 200, data: { list: [1] }, headers: { etag: 'x' } }, 503]);
    const fresh = await answered(client.get('/a'));
    fresh.data.list.push(2);
    fresh.headers.etag = 'changed';
    const first = await answered(client.get('/a'));
    expect(first.data).toEqual({ list: [1] });
    expect(first.headers.etag).toBe('x');
    first.data.list.push(3);
    first.headers.etag = 'changed';
    const second = await answered(client.get('/a'));
    expect(second.data).toEqual({ list: [1] });
    expect(second.headers.etag).toBe('x');
  });

  it('is not changed by what callers do to its lists of headers, or to what an interceptor added', async () => {
    const adapter = vi.fn(async (config: InternalAxiosRequestConfig) => {
      if (adapter.mock.calls.length > 1) throw new AxiosError('down', 'ECONNRESET', config);
      return { data: 1, status: 200, statusText: '', headers: new axios.AxiosHeaders({ 'Set-Cookie': ['a=1'] }), config };
    });
    const { client } = staleClient([]);
    client.interceptors.response.use((response) => Object.assign(response, { seen: ['a'] }));
    for (let i = 0; i < 3; i++) {
      const { headers, seen } = (await answered(client.get('/a', { adapter }))) as FallbackResponse & { seen: string[] };
      expect(headers).toBeInstanceOf(axios.AxiosHeaders);
      expect([headers['set-cookie'] ?? headers['Set-Cookie'], seen]).toEqual([['a=1'], ['a']]);
      (headers['set-cookie'] ?? headers['Set-Cookie']).push('b=2');
      seen.push('b');
    }
  });

  it('keeps the kind of its data', async () => {
    const bytes = Buffer.from('bytes');
    const { client } = staleClient([{ status: 200, data: bytes }, 503]);
    await answered(client.get('/a', { responseType: 'arraybuffer' }));
    const { data } = await answered(client.get('/a', { responseType: 'arraybuffer' }));
    expect(Buffer.isBuffer(data)).toBe(true);
    expect(data.toString()).toBe('bytes');
    expect(data.buffer).not.toBe(bytes.buffer);
  });

  it('is not kept where it cannot be copied, and that is told of once: callers would share it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const data = { render: () => 'html' };
    const { client } = staleClient([{ status: 200, data }, { status: 200, data }, 503]);
    for (let i = 0; i < 2; i++) expect((await answered(client.get('/a'))).data).toBe(data);
    expect((await failed(client.get('/a'))).response?.status).toBe(503);
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toContain('staleFor');
  });

  it('is copied with all that is in it, so that what a caller does to his is his alone', async () => {
    const data = {
      list: [{ n: 1 }, null],
      day: new Date(0),
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      bytes: new Float64Array([1]),
      buffer: new ArrayBuffer(2),
      blob: new Blob(['b']),
      bare: Object.assign(Object.create(null), { n: 1 }),
    };
    const whole = structuredClone({ ...data, bare: { n: 1 } });
    const { client } = staleClient([{ status: 200, data }, 503]);
    const spoil = (got: typeof data) => {
      got.list.push(null);
      (got.list[0] as { n: number }).n = 2;
      got.day.setTime(1);
      Object.assign(got.map.get('a') as object, { n: 2 });
      got.set.add(2);
      got.bytes[0] = 2;
      new Uint8Array(got.buffer)[0] = 1;
      got.bare.n = 2;
    };
    for (let i = 0; i < 3; i++) {
      const response = await answered(client.get('/a'));
      expect(response.data).toEqual(i ? whole : data);
      expect(response.data.blob).toBe(data.blob);
      spoil(response.data);
    }
  });

  it.each([
    ['an object of a class', () => new (class Order {})()],
    ['one deep in it', () => ({ orders: [new Map([[1, new (class Order {})()]])] })],
    ['one of a class of arrays', () => Object.assign(new (class Page extends Array {})(), { total: 7 })],
    ['one of a class of days', () => new (class Day extends Date {})()],
    ['a view of bytes', () => new DataView(new ArrayBuffer(1))],
  ])('is none where the answer is %s, which a copy would not be', async (_, make) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const data = make();
    const { client } = staleClient([{ status: 200, data }, 503]);
    expect((await answered(client.get('/a'))).data).toBe(data);
    expect((await failed(client.get('/a'))).response?.status).toBe(503);
  });

  it('may have no headers, as those of mock adapters, and carries no request', async () => {
    const { client } = staleClient([]);
    let isUp = true;
    const adapter = async (config: InternalAxiosRequestConfig) => {
      if (!isUp) throw new AxiosError('down', 'ECONNRESET', config);
      return { data: 1, status: 200, config, request: { big: true } } as never;
    };
    expect((await answered(client.get('/a', { adapter }))).request).toEqual({ big: true });
    isUp = false;
    const response = await answered(client.get('/a', { adapter }));
    expect(response).toMatchObject({ data: 1, fallback: 'stale', headers: {} });
    expect(response.request).toBeUndefined();
  });

  it('is only what has a status and data', async () => {
    const { client } = staleClient([200, 503]);
    client.interceptors.response.use((response) => {
      const { data, status } = response;
      return (response.config.params.only === 'data' ? { data } : { status }) as unknown as AxiosResponse;
    });
    for (const only of ['data', 'status']) {
      await settled(client.get(`/${only}`, { params: { only } }));
      expect((await failed(client.get(`/${only}`, { params: { only } }))).response?.status).toBe(503);
    }
  });

  it('carries the config of the call it answers', async () => {
    const { client } = staleClient([200, 503]);
    await answered(client.get('/a', { headers: { 'x-request-id': '1' } }));
    const response = await answered(client.get('/a', { headers: { 'x-request-id': '2' } }));
    expect(response.fallback).toBe('stale');
    expect(response.config.headers.get('x-request-id')).toBe('2');
  });

  it.each(['post', 'put', 'patch', 'delete', 'head', 'options'] as const)('is none of a %s', async (method) => {
    const { client } = staleClient([200, 503]);
    await answered(client.request({ method, url: '/a' }));
    expect((await failed(client.request({ method, url: '/a' }))).response?.status).toBe(503);
  });

  it('is none of a stream', async () => {
    const { client } = staleClient([200, 503]);
    await answered(client.get('/a', { responseType: 'stream' }));
    await failed(client.get('/a', { responseType: 'stream' }));
  });

  const two = (a: AxiosRequestConfig, b: AxiosRequestConfig) => [a, b] as const;
  it.each([
    ['another path', two({ url: '/a' }, { url: '/b' })],
    ['other params', two({ params: { page: 1 } }, { params: { page: 2 } })],
    ['other params, as URLSearchParams', two({ params: new URLSearchParams('page=1') }, { params: new URLSearchParams('page=2') })],
    ['params that cannot be told apart', two({ params: { of: new Map([[1, 1]]) } }, { params: { of: new Map([[1, 2]]) } })],
    ['another body', two({ data: { query: 'a' } }, { data: { query: 'b' } })],
    ['another Authorization', two({ headers: { Authorization: 'Bearer a' } }, { headers: { Authorization: 'Bearer b' } })],
    ['no Authorization', two({ headers: { Authorization: 'Bearer a' } }, {})],
    ['another user', two({ auth: { username: 'a', password: 'p' } }, { auth: { username: 'b', password: 'p' } })],
    ['another password', two({ auth: { username: 'a', password: 'p' } }, { auth: { username: 'a', password: 'q' } })],
    ['another cookie', two({ headers: { Cookie: 'a=1' } }, { headers: { Cookie: 'a=2' } })],
    ['another API key', two({ headers: { 'X-Api-Key': 'a' } }, { headers: { 'X-Api-Key': 'b' } })],
    ['another tenant', two({ headers: { 'X-Tenant': 'a' } }, { headers: { 'X-Tenant': 'b' } })],
    ['another language', two({ headers: { 'Accept-Language': 'de' } }, { headers: { 'Accept-Language': 'en' } })],
    ['another type', two({ headers: { Accept: 'text/csv' } }, { headers: { Accept: 'application/json' } })],
    ['another response type', two({ responseType: 'json' }, { responseType: 'arraybuffer' })],
    ['another host', two({ baseURL: 'http://one.test' }, { baseURL: 'http://two.test' })],
  ])('is none for %s', async (_, [first, second]) => {
    const { client } = staleClient([200, 503]);
    await answered(client.request({ url: '/a', ...first }));
    const error = await failed(client.request({ url: '/a', ...second }));
    expect(error.response?.status).toBe(503);
  });

  it.each([
    ['the same params', two({ params: { page: 1 } }, { params: { page: 1 } })],
    ['the same URLSearchParams', two({ params: new URLSearchParams('page=1') }, { params: new URLSearchParams('page=1') })],
    ['the same Authorization, spelt otherwise', two({ headers: { Authorization: 'a' } }, { headers: { authorization: 'a' } })],
    ['another trace', two({ headers: { traceparent: '00-a-b-01' } }, { headers: { traceparent: '00-c-d-01' } })],
    ['another request id', two({ headers: { 'X-Request-Id': '1' } }, { headers: { 'X-Request-Id': '2' } })],
  ])('is the same for %s', async (_, [first, second]) => {
    const { client } = staleClient([200, 503]);
    await answered(client.request({ url: '/a', ...first }));
    expect((await answered(client.request({ url: '/a', ...second }))).fallback).toBe('stale');
  });

  it('is kept for a hundred requests, the eldest goes first', async () => {
    const { client } = staleClient([...Array(101).fill(200), 503]);
    for (let n = 0; n <= 100; n++) await answered(client.get(`/${n}`));
    expect((await failed(client.get('/0'))).response?.status).toBe(503);
    for (const n of [1, 50, 100]) expect((await answered(client.get(`/${n}`))).fallback).toBe('stale');
  });

  it('is kept only where it is asked for', async () => {
    const { client } = once([200, 503]);
    await answered(client.get('/a'));
    await failed(client.get('/a', { fallback: { staleFor: 60_000 } }));
    const asked = once([200, 503]);
    await answered(asked.client.get('/a', { fallback: { staleFor: 60_000 } }));
    expect((await answered(asked.client.get('/a', { fallback: { staleFor: 60_000 } }))).fallback).toBe('stale');
    await failed(asked.client.get('/a'));
    const other = once([200, 503], { fallback: { value: 1 } });
    await answered(other.client.get('/a'));
    expect((await answered(other.client.get('/a', { fallback: { staleFor: 60_000, value: 1 } }))).fallback).toBe('value');
  });

  it('serves while the breaker is open', async () => {
    const { client, sent } = staleClient([200, 503], { breaker: {} });
    await answered(client.get('/a'));
    client.breakers.open('GET http://api.test/a');
    expect(await answered(client.get('/a'))).toMatchObject({ fallback: 'stale', data: { ok: true } });
    expect(sent).toHaveLength(1);
  });

  it('serves when the deadline is spent', async () => {
    const { client } = staleClient([200, 'hang'], { deadline: 2_000, timeout: false });
    await answered(client.get('/a'));
    expect((await answered(client.get('/a'))).fallback).toBe('stale');
  });

  it('is no error where an interceptor made something else of the response', async () => {
    const { client } = staleClient([200]);
    const results = ['the data alone', undefined, null, 42];
    let result: unknown;
    client.interceptors.response.use(() => result as AxiosResponse);
    for (result of results) {
      const outcome = await settled(client.get('/a'));
      expect(outcome.error).toBeUndefined();
      expect(outcome.value).toBe(result);
    }
  });

  it("is this client's, not another's", async () => {
    const { adapter } = scripted(200, 503);
    const config = { adapter, retry: false, fallback: { staleFor: 60_000 } } as const;
    const [one, other] = [createClient(config), createClient(config)];
    await answered(one.get('http://api.test/a'));
    expect((await failed(other.get('http://api.test/a'))).response?.status).toBe(503);
  });
});

describe('a handler that throws', () => {
  it('does not keep the stand-in from the caller', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { client } = once([503], { fallback: { value: 1 } });
    client.on('fallback', () => {
      throw new Error('broken handler');
    });
    expect((await answered(client.get('/'))).data).toBe(1);
  });
});
