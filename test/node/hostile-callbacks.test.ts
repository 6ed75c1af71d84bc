// The user's own functions, adapters and configs at their worst: what is broken in them is told of, and the call goes on or ends as axios' own.
import axios, { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientConfig, createClient, isTimeout } from '../../src/index';
import { Events } from '../../src/telemetry/events';
import { watchUnhandled } from './failures';
import { GENEROUS, rejection } from './support';

const unhandled = watchUnhandled();
let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => unhandled.none());

const URL = 'http://up.test/users/1';
const AUTOMATIC = 'GET http://up.test/users/:id';
const answers =
  (status: number) =>
  async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const response = { data: 'good', status, statusText: '', headers: {}, config };
    if (status < 400) return response;
    throw new AxiosError(`status ${status}`, 'ERR_BAD_RESPONSE', config, {}, response);
  };
const broken = (): never => {
  throw new Error('broken');
};
const brokenLater = async (): Promise<never> => broken();
const hang = (): Promise<never> => new Promise(() => {});

function clientOf(status: number, config: ClientConfig = {}): Client {
  return createClient({ adapter: answers(status), retry: { retries: 1, baseDelay: 1, budget: false }, ...config });
}

describe.each<[string, () => unknown]>([
  ['throws', broken],
  ['rejects', brokenLater],
  ['never answers', hang],
])('that %s is told of once, and does not decide:', (_, fn) => {
  /** Another each time: each is told of once. */
  const made = <T>(): T => (() => fn()) as T;

  it('endpoint', async () => {
    const client = clientOf(200, { endpoint: made(), breaker: {}, limit: { rate: 100, concurrency: 10 } });
    for (let i = 0; i < 3; i++) expect((await client.get(URL)).data).toBe('good');
    expect(client.stats.list().map(({ endpoint, calls }) => [endpoint, calls])).toEqual([[AUTOMATIC, 3]]);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('breaker.isFailure', async () => {
    const client = clientOf(503, { breaker: { isFailure: made() }, retry: false });
    for (let i = 0; i < 3; i++) expect(await rejection(client.get(URL))).toMatchObject({ response: { status: 503 } });
    expect(client.breakers.get(AUTOMATIC)).toMatchObject({ calls: 3, failureRate: 1 });
    expect(warn).toHaveBeenCalledOnce();
  });

  it('retry.when', async () => {
    const client = clientOf(503, { retry: { when: made() } });
    for (let i = 0; i < 3; i++) expect(await rejection(client.get(URL))).toMatchObject({ response: { status: 503 }, retryStopped: 'when' });
    expect(warn).toHaveBeenCalledOnce();
  });
});

it.each([undefined, null, '', 5, {}, Symbol('s'), Object.create(null)])(
  'an endpoint function that answers %s gives no name',
  async (name) => {
    const client = clientOf(200, { endpoint: (() => name) as never });
    await client.get(URL);
    expect(client.stats.list().map(({ endpoint }) => endpoint)).toEqual([AUTOMATIC]);
  },
);

describe.each<[string, () => unknown]>([
  ['throws', broken],
  ['rejects', brokenLater],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['rejects with what cannot be read', () => Promise.reject(Object.create(null))],
  ['answers nothing', () => undefined],
])('a limiter that %s', (_, consume) => {
  const limiter = { consume: consume as () => Promise<unknown> };

  it('lets the call through', async () => {
    expect((await clientOf(200, { limit: { limiter } }).get(URL)).data).toBe('good');
  });

  it('leaves nothing behind when the call is aborted later', async () => {
    const controller = new AbortController();
    const call = createClient({ adapter: hang, limit: { limiter } }).get(URL, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect(await rejection(call)).toMatchObject({ code: 'ERR_CANCELED' });
  });
});

it.each([broken, brokenLater])('a fallback that fails is the error, with the cause', async (use) => {
  const error = await rejection(clientOf(503, { fallback: { use } }).get(URL));
  expect(error).toMatchObject({ message: 'broken', cause: { response: { status: 503 } } });
});

describe('an adapter that', () => {
  class Strict extends Error {
    get retryAfter(): number {
      return 1;
    }
    get history(): string {
      return 'mine';
    }
    readonly response = { status: 500, headers: { 'retry-after': '100' } };
  }
  const withHeaders = (headers: unknown) => (config: InternalAxiosRequestConfig) =>
    Promise.reject(new AxiosError('mine', 'ERR_BAD_RESPONSE', config, {}, { status: 503, headers, config } as never));

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'mine'],
    ['a frozen error', Object.freeze(new Error('mine'))],
    ['an error that cannot be written to', new Strict('mine')],
    ['an object without a prototype', Object.create(null)],
  ])('rejects with %s: that is the error', async (_, reason) => {
    const client = clientOf(0, {
      adapter: () => Promise.reject(reason),
      breaker: {},
      limit: { concurrency: 1 },
      fallback: { staleFor: 1_000 },
    });
    const told: unknown[] = [];
    client.on('call', (record) => void told.push(record));
    for (let i = 0; i < 2; i++) expect(await client.get(URL).then(broken, (error) => error)).toBe(reason);
    expect(told).toHaveLength(2);
  });

  it.each([null, undefined, 'odd', Object.create(null), { get: broken }])('has headers that are none: %s', async (headers) => {
    const error = await rejection(clientOf(0, { adapter: withHeaders(headers), breaker: {} }).get(URL));
    expect(error).toMatchObject({ message: 'mine', response: { status: 503 } });
  });
});

it.each([undefined, null, 5, 'odd', Object.freeze({ status: 200 })])(
  'an adapter that answers %s fails as it fails with axios',
  async (answer) => {
    const adapter = async (): Promise<AxiosResponse> => answer as never;
    const client = createClient({ adapter, breaker: {}, limit: { concurrency: 1 } });
    const told: unknown[] = [];
    client.on('call', (record) => void told.push(record));
    for (let i = 0; i < 2; i++) expect(await rejection(client.get(URL))).toBeInstanceOf(TypeError);
    expect(await rejection(axios.create({ adapter }).get(URL))).toBeInstanceOf(TypeError);
    expect(told).toHaveLength(2);
  },
);

it.each([() => 'made', async () => 'made'])('a body from a function is made by a client that is switched off, too', async (data) => {
  const client = clientOf(200);
  client.disable();
  expect((await client.post(URL, data)).config.data).toBe('made');
});

describe('a config that cannot be read', () => {
  /** Those that axios itself refuses before any interceptor last. */
  const CONFIGS: [string, () => object][] = [
    ['a serializer', () => ({ params: { x: 1 }, paramsSerializer: broken })],
    ['a URL without a text', () => ({ url: Object.create(null) })],
    ['a URL that is a symbol', () => ({ url: Symbol('s') })],
    ['a base that is none', () => ({ baseURL: Object.create(null) })],
    ['a transform', () => ({ data: {}, method: 'post', transformRequest: broken })],
    ['a validation', () => ({ validateStatus: broken })],
    ['a getter in params', () => ({ params: Object.defineProperty({}, 'x', { get: broken, enumerable: true }) })],
    ['a method that is none', () => ({ method: 5 })],
    ['a method without a text', () => ({ method: Object.create(null) })],
  ];

  it.each(CONFIGS)('(%s) ends as axios ends it', async (_, config) => {
    const end = async (instance: { request(config: object): Promise<AxiosResponse> }): Promise<string> =>
      instance.request({ url: URL, ...config() }).then(({ status }) => String(status), String);
    const client = clientOf(200);
    const calls: unknown[] = [];
    client.on('call', (record) => void calls.push(record));
    expect(await end(client)).toBe(await end(axios.create({ adapter: answers(200) })));
    expect(calls).toHaveLength(1);
  });

  it.each(CONFIGS.slice(0, -3))('(%s) has a deadline all the same', async (_, config) => {
    const client = clientOf(200, { deadline: 50 });
    client.interceptors.request.use(hang);
    const startedAt = performance.now();
    const error = await rejection(client.request({ url: URL, ...config() }));
    if (!isTimeout(error)) throw error;
    expect(error.limit).toBe('deadline');
    expect(performance.now() - startedAt).toBeLessThan(50 + GENEROUS);
  });
});

it('a record that cannot be made is told of once, and no reason to fail', () => {
  const events = new Events();
  const heard = vi.fn();
  events.on('call', heard);
  for (let i = 0; i < 3; i++) events.emit('call', broken);
  expect(heard).not.toHaveBeenCalled();
  expect(warn).toHaveBeenCalledOnce();
});
