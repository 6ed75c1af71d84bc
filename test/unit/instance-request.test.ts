// What an instance of ours has axios send is what axios would have made of the same defaults and the same request, whatever they are.
import axios, {
  type Axios,
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientConfig, createClient } from '../../src/index';
import { runs } from '../setup/sample';
import { bothWays, type Change, madeAnew, ours, send, stock } from './instance-support';

const TIMEOUT = 60_000;

const symbol = Symbol('s');
const later = (data: unknown) => data;

class Own {
  x = 1;
}
const agent = new Own();
const { signal } = new AbortController();
const transform = (data: unknown) => data;

const tameName = fc.constantFrom('X-A', 'x-a', 'Accept', 'accept', 'Content-Type', 'content-type', 'Authorization', ' X-B ');
const tameHeaders = fc.dictionary(tameName, fc.constantFrom('a', ' b ', 'c\nd', '', 'application/json'), { maxKeys: 3 });
const nested = fc.constantFrom<unknown>(
  { a: { b: [1, { c: 2 }] }, d: agent },
  { a: 1 },
  [1, { a: 2 }],
  agent,
  null,
  undefined,
  'x',
  5,
  false,
  {},
);
const tameValues = {
  url: fc.constantFrom('/a', 'http://h/a?b=c', ''),
  method: fc.constantFrom<unknown>('get', 'GET', 'post', 'Put', 'x-own', '', undefined),
  baseURL: fc.constantFrom<unknown>('http://b', undefined, null),
  data: nested,
  params: nested,
  auth: fc.constantFrom<unknown>({ username: 'u', password: 'p' }, { username: 'u', password: { a: 1 } }, undefined, null),
  proxy: fc.constantFrom<unknown>(false, { host: 'h', port: 1, auth: { username: 'u' } }, undefined),
  httpAgent: fc.constantFrom<unknown>(agent, undefined),
  signal: fc.constantFrom<unknown>(signal, undefined),
  responseType: fc.constantFrom<unknown>('json', 'text', undefined, null),
  transformRequest: fc.constantFrom<unknown>(undefined, transform, [transform], [], null),
  transformResponse: fc.constantFrom<unknown>(undefined, transform, [transform, transform], [], null),
  validateStatus: fc.constantFrom<unknown>(null, () => true),
  env: fc.constantFrom<unknown>(undefined, { FormData: Own }, { FormData: { a: 1 } }),
  allowAbsoluteUrls: fc.constantFrom<unknown>(undefined, false, true, null),
  sensitiveHeaders: fc.constantFrom<unknown>(undefined, ['x-a'], null),
  metadata: nested,
};
const tameDefaults = {
  ...tameValues,
  transitional: fc.constantFrom<unknown>(undefined, { silentJSONParsing: false }, { validateStatusUndefinedResolves: false }),
  paramsSerializer: fc.constantFrom<unknown>(undefined, () => 'p', { serialize: () => 'q' }),
  headers: fc.record({ common: tameHeaders, get: tameHeaders, post: tameHeaders, 'X-A': fc.constant('1') }, { requiredKeys: [] }),
};

const name = fc.oneof(tameName, fc.constantFrom('common', 'Get', 'post', 'constructor', '__proto__'), fc.string({ maxLength: 4 }));
const headerValue = fc.oneof(fc.constantFrom<unknown>(1, true, false, null, undefined, ['e', 'f'], {}), fc.string({ maxLength: 5 }));
const wildHeaders = fc.oneof(
  fc.dictionary(name, headerValue, { maxKeys: 3 }),
  tameHeaders.map((values) => new axios.AxiosHeaders(values)),
  fc.constantFrom<unknown>(undefined, null, new Headers({ a: 'b' }), 'X-A: b').map((value) => value),
);
const wild = {
  data: fc.anything({ withNullPrototype: true, maxDepth: 2 }),
  params: fc.anything({ withNullPrototype: true, maxDepth: 2 }),
  metadata: fc.anything({ withNullPrototype: true, maxDepth: 2 }),
  paramsSerializer: fc.constantFrom<unknown>({ encode: 5 }, null, () => 'r'),
  transitional: fc.constantFrom<unknown>({ clarifyTimeoutError: 5 }, null, { legacyInterceptorReqResOrdering: false }),
  validateStatus: fc.constant(undefined),
  baseUrl: fc.constantFrom('x', undefined),
  hasOwnProperty: fc.constantFrom(5),
  constructor: fc.constantFrom(5),
};
const { url: _, data: __, method: ___, ...ofDefaults } = tameDefaults;
const { data: ____, hasOwnProperty: _____, constructor: ______, ...wildOfDefaults } = wild;

/** Mostly what is usual, with something strange now and then. */
const mixed = (tame: object, wild: object, headers: fc.Arbitrary<unknown>) =>
  fc
    .tuple(
      fc.record(tame as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] }),
      fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, fc.record({ ...wild, headers }, { requiredKeys: [] })),
    )
    .map(([usual, strange]) => ({ ...usual, ...strange }) as AxiosRequestConfig);
const request = mixed({ ...tameValues, headers: tameHeaders }, wild, wildHeaders);
const groups = fc.record(
  { common: wildHeaders, get: wildHeaders, post: wildHeaders, 'X-A': headerValue, 'x-b': headerValue },
  { requiredKeys: [] },
);
const defaults = mixed(ofDefaults, wildOfDefaults, groups);

/** What programs do to the defaults of an instance while it is in use. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>(() => {}),
  fc.tuple(fc.constantFrom('common', 'get', 'post'), name, headerValue).map(
    ([group, name, value]): Change =>
      ({ defaults }) => {
        const { headers } = defaults as unknown as { headers: Record<string, Record<string, unknown> | undefined> | undefined };
        const values = headers?.[group];
        if (typeof values === 'object' && values && !Array.isArray(values) && name !== '__proto__') values[name] = value;
      },
  ),
  fc.record({ ...ofDefaults, headers: groups }, { requiredKeys: [] }).map(
    (values): Change =>
      ({ defaults }) =>
        void Object.assign(defaults, values),
  ),
  fc.constantFrom<Change>(
    ({ defaults: { transformRequest: list } }) => void (Array.isArray(list) && !list.includes(later) && list.push(later)), // the two may share it
    ({ defaults }) => void Object.assign(defaults.transitional ?? {}, { forcedJSONParsing: false }),
    ({ defaults }) => void Object.assign((defaults.params as object) ?? {}, { later: 1 }),
    ({ defaults }) => void Reflect.deleteProperty(defaults, 'headers'),
    ({ defaults }) => void Object.assign(defaults, { [symbol]: 1 }),
  ),
);

describe('a request of an instance of ours', () => {
  it('is what axios makes of it, whatever the defaults and the request', { timeout: TIMEOUT }, async () => {
    const step = fc.record({ change, request });
    let steps = 0;
    const before = madeAnew();
    await fc.assert(
      fc.asyncProperty(defaults, fc.array(step, { minLength: 1, maxLength: 4 }), (defaults, list) => {
        steps += list.length;
        return bothWays(defaults, list);
      }),
      { numRuns: runs(400) },
    );
    expect((madeAnew() - before) / steps).toBeLessThan(0.6); // else it would be axios that is compared with itself
  });

  it('goes through the interceptors as with axios, in their order, whatever they do', { timeout: TIMEOUT }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(interceptor, { maxLength: 4 }), fc.array(interceptor, { maxLength: 3 }), transitional, sameStory),
      { numRuns: runs(400) },
    );
  });

  it.each([
    ['a header', (token: PropertyDescriptor) => ({ headers: { common: Object.defineProperty({}, 'X-Token', token) } })],
    ['a parameter', (token: PropertyDescriptor) => ({ params: Object.defineProperty({}, 'token', token) })],
    [
      'the headers',
      ({ get, ...token }: PropertyDescriptor) =>
        Object.defineProperty({}, 'headers', { ...token, get: () => ({ common: { 'X-Token': get?.() } }) }),
    ],
  ])('asks a getter of %s among the defaults anew, and as often as axios', async (_, defaultsOf) => {
    const [axiosSent, own] = await Promise.all(
      [stock, ours].map(async (make) => {
        const instance = axios.create();
        let asked = 0;
        const get = () => String(++asked);
        const token = { get, enumerable: true, configurable: true };
        const defaults = defaultsOf(token);
        Object.defineProperties(instance.defaults, Object.getOwnPropertyDescriptors(defaults));
        const request = make(instance);
        const sent: unknown[] = [];
        for (let n = 0; n < 4; n++) {
          const { config } = await request({ url: '/a' });
          sent.push(config.headers.get('X-Token') ?? config.params?.token);
        }
        return sent;
      }),
    );
    expect(own).toEqual(axiosSent);
    expect(new Set(own).size).toBe(4);
  });

  it('has the stack of its caller in an error, as with axios', async () => {
    const [axiosStack, own] = await Promise.all(
      [stock, ours].map(async (make) => {
        const request = make(axios.create({ transformResponse: failing }));
        const caller = async () => await request({ url: '/a' });
        const { stack = '' } = await caller().then(
          () => new Error('it did not fail'),
          (error: Error) => error,
        );
        return [...stack.matchAll(/at (?:async )?(\S+)/g)].map(([, place]) => place).filter((place) => /failing|caller/.test(`${place}`));
      }),
    );
    expect(own?.slice(0, 2)).toEqual(['Object.failing', 'caller']);
    expect(axiosStack?.slice(0, 2)).toEqual(['Object.failing', 'caller']);
  });
});

function failing(): never {
  throw new Error('of a transform');
}

/** Something that a program puts in the way of a request, or of its answer. */
const interceptor = fc.record(
  {
    does: fc.constantFrom('passes', 'answers later', 'throws', 'replaces', 'has none'),
    onRejected: fc.constantFrom('recovers', 'throws', 'recovers later', undefined),
    synchronous: fc.boolean(),
    runWhen: fc.constantFrom(true, false, undefined, null),
    ejected: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  },
  { requiredKeys: ['does'] },
);

/** What says the order of request interceptors, or does not. */
const transitional = fc.constantFrom(undefined, {}, { legacyInterceptorReqResOrdering: true }, { legacyInterceptorReqResOrdering: false });

/** What each interceptor was given, and what came of it all, is the same. */
async function sameStory(requests: Way[], responses: Way[], transitional: object | undefined): Promise<void> {
  const stories: unknown[][] = [];
  for (const make of [stock, ours]) {
    const story: unknown[] = [];
    const instance = axios.create();
    Object.assign(instance.defaults, { transitional });
    for (const [at, way] of requests.entries()) put(instance.interceptors.request, way, `request ${at}`, story);
    for (const [at, way] of responses.entries()) put(instance.interceptors.response, way, `response ${at}`, story);
    for (const url of ['/a', '/b']) {
      story.push(
        await send(() => make(instance)({ url })).then(({ config, error }) => ({ url: config?.url, answer: config?.answer, error })),
      );
    }
    stories.push(story);
  }
  expect(stories[1]).toStrictEqual(stories[0]);
}

type Way = typeof interceptor extends fc.Arbitrary<infer W> ? W : never;

function put(manager: { use: unknown; eject(id: number): void }, way: Way, name: string, story: unknown[]): void {
  const { does, onRejected, synchronous, runWhen, ejected } = way;
  const passes = (value: { url?: string }) => {
    story.push([name, value.url, Object.keys(value).sort()]);
    if (does === 'throws') throw new Error(name);
    if (does === 'answers later') return Promise.resolve(value);
    return does === 'replaces' ? { ...value, url: `${value.url}-${name}` } : value;
  };
  const rejected = (error: unknown) => {
    story.push([name, 'rejected', String(error)]);
    if (onRejected === 'throws') throw new Error(`${name} again`);
    return onRejected === 'recovers' ? { data: name } : Promise.resolve({ data: name });
  };
  const options = {
    ...(synchronous !== undefined && { synchronous }),
    ...(runWhen !== undefined && {
      runWhen:
        runWhen &&
        ((config: { url?: string }) => {
          story.push([name, 'runs?', config.url, Object.keys(config).sort()]);
          return config.url === '/a';
        }),
    }),
  };
  const use = manager.use as (...parameters: unknown[]) => number;
  const id = use.call(manager, does === 'has none' ? undefined : passes, onRejected && rejected, options);
  if (ejected) manager.eject(id);
}

describe('a tracer in the place of Axios.prototype.request', () => {
  const { prototype } = axios.Axios;
  const { request } = prototype;
  afterEach(() => {
    prototype.request = request;
  });

  it('sees each request as it is asked for, and may add to it', async () => {
    const trace = (): string[] => {
      const seen: string[] = [];
      prototype.request = function (this: Axios, ...args: [string | AxiosRequestConfig, AxiosRequestConfig?]) {
        const config = typeof args[0] === 'string' ? { ...args[1], url: args[0] } : args[0];
        seen.push(`${config.method} ${config.url}`);
        return Reflect.apply(request, this, [{ ...config, headers: { ...config.headers, 'x-trace': 'on' } }]);
      } as typeof request;
      return seen;
    };
    const sentBy = async (create: (config: AxiosRequestConfig) => Pick<AxiosInstance, 'get'>): Promise<unknown[]> => {
      const adapter = async (config: InternalAxiosRequestConfig) =>
        ({ data: config.headers.toJSON(), status: 200, statusText: '', headers: {}, config }) as AxiosResponse;
      const seen = trace();
      const client = create({ baseURL: 'http://a.test', adapter: adapter as AxiosAdapter });
      const answers = [await client.get('/a'), await client.get('/b')];
      prototype.request = request;
      return [...answers.map(({ data }) => data), seen];
    };
    await createClient({ adapter: async (config) => ({ config }) as AxiosResponse }).get('/before'); // what axios makes of defaults is remembered
    expect(await sentBy((config) => createClient(config as ClientConfig))).toEqual(await sentBy(axios.create));
  });

  it('sees those of a client that is older than it', async () => {
    const seen = async (create: (config: AxiosRequestConfig) => Pick<AxiosInstance, 'get' | 'post'>): Promise<unknown[]> => {
      const client = create({ adapter: async (config) => ({ data: config.url, status: 200, config }) as AxiosResponse });
      await client.get('/before');
      await new Promise((resolve) => setTimeout(resolve)); // axios has been asked about samples by then
      const asked: unknown[] = [];
      prototype.request = function (this: Axios, config: AxiosRequestConfig) {
        asked.push([config.method, config.url]);
        return Reflect.apply(request, this, [config]);
      } as typeof request;
      const answers = [await client.get('/a'), await client.post('/b')];
      prototype.request = request;
      return [...asked, ...answers.map(({ data }) => data), (await client.get('/after')).data];
    };
    expect(await seen((config) => createClient(config as ClientConfig))).toEqual(await seen(axios.create));
  });
});
