// What is axios' to make of a request, one place after the other; and what is remembered, for how long.
import { inspect } from 'node:util';
import axios, { type AxiosRequestConfig } from 'axios';
import { describe, expect, it, vi } from 'vitest';
import { bothWays, type Change, madeAnew, ours } from './instance-support';

/** Defaults with something to merge with in every place. */
const DEFAULTS = {
  headers: { common: { 'X-A': 'common', 'X-Off': 'on' }, post: { 'X-B': 'post' } },
  params: { a: 1, deep: { b: [1] } },
  metadata: { a: 1, deep: { b: 2 } },
} as unknown as AxiosRequestConfig;

class Own {
  x = 1;
}

const round = Object.assign(new Own(), { back: {} });
round.back = round;

/** An object with a property under a name that a literal gives another meaning. */
const named = (name: string, value: unknown): object => Object.defineProperty({}, name, { value, enumerable: true });

const withHeaders = (headers: unknown): object => ({ headers });

const throwing = {
  get a(): never {
    throw new Error('of a getter');
  },
};

describe('a request that has', () => {
  it.each<[string, object]>([
    ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'baseUrl', 'withXsrfToken'].flatMap((name): [string, object][] => [
      [`the name ${name}`, named(name, 'x')],
      [`a header ${name}`, withHeaders(named(name, 'x'))],
      [`a parameter ${name}`, { params: named(name, 'x') }],
    ]),
    ...[undefined, null, true, false, 1, ['e', 'f'], [], {}, { a: 'b' }, new Own(), () => 'x'].flatMap((value): [string, object][] => [
      [`a header ${JSON.stringify(value)} of its own`, withHeaders({ 'X-New': value })],
      [`a header ${JSON.stringify(value)} over a default`, withHeaders({ 'X-A': value })],
      [`a header ${JSON.stringify(value)} over one of another case`, withHeaders({ 'x-off': value })],
      [`headers that are ${JSON.stringify(value)}`, withHeaders(value)],
      [`the parameters ${JSON.stringify(value)}`, { params: value }],
      [`a parameter ${JSON.stringify(value)}`, { params: { a: value } }],
      [`an own name for ${JSON.stringify(value)}`, { metadata: value }],
      [`transitional ${JSON.stringify(value)}`, { transitional: value }],
      [`a serializer ${JSON.stringify(value)}`, { paramsSerializer: value }],
      [`a status check ${JSON.stringify(value)}`, { validateStatus: value }],
    ]),
    ...['common', 'post', 'POST', 'get', 'GET', 'X-A'].map((name): [string, object] => [
      `a text as header ${name}`,
      withHeaders({ [name]: 'x' }),
    ]),
    ['a group of headers', withHeaders({ common: { 'X-A': 'x' } })],
    ['a header twice in two cases', withHeaders({ 'X-A': 'a', 'x-a': 'b' })],
    ['a header with a space about it', withHeaders({ ' X-A ': 'a' })],
    ['a header without a name', withHeaders({ '': 'a' })],
    ['a header that breaks the line', withHeaders({ 'X-A': 'a\r\nb: c' })],
    ['headers of fetch', withHeaders(new Headers({ 'X-A': 'x' }))],
    ["axios' own headers", withHeaders(new axios.AxiosHeaders({ 'X-A': 'x' }))],
    ['headers in a map', withHeaders(new Map([['X-A', 'x']]))],
    ['headers as a text', withHeaders('X-A: x\nX-B: y')],
    ['headers without a prototype', withHeaders(Object.assign(Object.create(null), { 'X-A': 'x' }))],
    ['headers with more above them', withHeaders(Object.create({ 'X-A': 'inherited' }))],
    ['a symbol', { [Symbol('s')]: 1 }],
    ['a symbol among its headers', withHeaders({ [Symbol('s')]: 'x', 'X-A': 'x' })],
    ['parameters for a query', { params: new URLSearchParams('a=2') }],
    ['parameters of a class', { params: new Own() }],
    ['parameters of a class that go round', { params: round }],
    ['parameters without a prototype', { params: Object.assign(Object.create(null), { a: 2 }) }],
    ['parameters that are deep', { params: { deep: { c: [{ d: 1 }] } } }],
    ['data of a class', { data: new Own() }],
    ['data that is plain', { data: { a: [1, { b: 2 }] } }],
    ['its own list', { transformRequest: [(data: unknown) => data] }],
    ['what throws when it is looked at', { metadata: throwing }],
    ['parameters that throw when they are looked at', { params: throwing }],
    ['a method that is no text', { method: 5 }],
    ['a method that is nothing', { method: null }],
    ['a method in capitals', { method: 'POST' }],
    ['a method of its own', { method: 'x-own' }],
    ['the name of a group as its method', { method: 'common' }],
  ])('%s is what axios makes of it', async (_, request) => {
    for (const method of ['get', 'post']) await bothWays(DEFAULTS, [{ request: { url: '/a', method, ...request } }]);
    await bothWays({}, [{ request: { url: '/a', ...request } }]);
  });
});

const symbol = Symbol('s');
const serialize = () => 'p';

describe('defaults that have', () => {
  const getter = (name: string): object => Object.defineProperty({}, name, { get: () => 'x', enumerable: true, configurable: true });

  it.each<[string, (defaults: Record<string, unknown>) => void]>([
    ...['constructor', 'hasOwnProperty', 'baseUrl', 'withXsrfToken'].map((name): [string, (defaults: object) => void] => [
      `the name ${name}`,
      (defaults) => void Object.assign(defaults, named(name, 'x')),
    ]),
    ...[undefined, null, true, false, 1, ['e', 'f'], {}, new Own()].flatMap((value): [string, (defaults: object) => void][] => [
      [`a header ${JSON.stringify(value)}`, (defaults) => void Object.assign(defaults, withHeaders({ common: { 'X-A': value } }))],
      [`a group ${JSON.stringify(value)}`, (defaults) => void Object.assign(defaults, withHeaders({ common: value, post: { a: 'b' } }))],
      [`headers ${JSON.stringify(value)}`, (defaults) => void Object.assign(defaults, withHeaders(value))],
      [`transitional ${JSON.stringify(value)}`, (defaults) => void Object.assign(defaults, { transitional: value })],
      [`a serializer ${JSON.stringify(value)}`, (defaults) => void Object.assign(defaults, { paramsSerializer: value })],
      [`an own name for ${JSON.stringify(value)}`, (defaults) => void Object.assign(defaults, { metadata: value })],
    ]),
    ['transitional that is deep', (defaults) => void Object.assign(defaults, { transitional: { silentJSONParsing: {} } })],
    ['a serializer that is deep', (defaults) => void Object.assign(defaults, { paramsSerializer: { serialize, a: {} } })],
    ['an object of which some is deep', (defaults) => void Object.assign(defaults, { metadata: { a: 1, b: { c: 2 } } })],
    ['headers of a class', (defaults) => void Object.assign(defaults, withHeaders(Object.assign(new Own(), { common: { 'X-A': 'a' } })))],
    ['a group of a class', (defaults) => void Object.assign(defaults, withHeaders({ common: {}, post: new Own() }))],
    [
      'headers of their own beside the groups',
      (defaults) => void Object.assign(defaults, withHeaders({ 'X-A': 'a', common: { 'X-A': 'b' } })),
    ],
    ['a getter', (defaults) => void Object.defineProperty(defaults, 'baseURL', { get: () => 'http://b', enumerable: true })],
    ['a getter of a group', (defaults) => void Object.assign(defaults, withHeaders(getter('common')))],
    ['a getter in a group', (defaults) => void Object.assign(defaults, withHeaders({ common: {}, get: getter('X-A') }))],
    ['a symbol', (defaults) => void Object.assign(defaults, { [symbol]: 1 })],
  ])('%s are merged as axios merges them, the first time and later', async (_, set) => {
    const change: Change = ({ defaults }) => set(defaults as unknown as Record<string, unknown>);
    const request = { url: '/a', headers: { 'X-C': 'c' }, metadata: { a: 2 } };
    const over = { ...request, headers: { 'X-A': 'over' } };
    await bothWays({}, [{ change, request }, { request }, { request: over }, { request: { ...request, method: 'post' } }]);
  });
});

describe('what axios made of the defaults', () => {
  /** How often axios has merged, which it does for what goes its own way and for what is to be remembered. */
  const merging = (defaults: AxiosRequestConfig) => {
    const instance = axios.create(defaults);
    const request = ours(instance);
    const asked = vi.spyOn(axios.Axios.prototype as unknown as Record<'_request', () => unknown>, '_request'); // one of `request` would be a tracer
    return {
      instance,
      /** Requests that axios was asked for beyond those that were sent. */
      async times(...requests: AxiosRequestConfig[]): Promise<number> {
        const before = asked.mock.calls.length;
        const anew = madeAnew();
        for (const one of requests) await request({ url: '/a', ...one });
        expect(madeAnew()).toBe(anew);
        return asked.mock.calls.length - before - requests.length;
      },
    };
  };

  it('is remembered for each method, until they change', async () => {
    const { instance, times } = merging(DEFAULTS);
    expect(await times({}, {}, { headers: { 'X-A': 'b' } }, { params: { a: 2 } })).toBe(1);
    expect(await times({ method: 'post' }, { method: 'post' }, {})).toBe(1);
    instance.defaults.headers.common['X-A'] = 'c';
    expect(await times({}, { method: 'post' }, {}, { method: 'post' })).toBe(2);
    instance.defaults.baseURL = 'http://b';
    expect(await times({}, {})).toBe(1);
    delete instance.defaults.baseURL;
    expect(await times({}, {})).toBe(1);
    vi.restoreAllMocks();
  });

  it('is remembered for no more methods than anybody has', async () => {
    const { times } = merging({});
    const methods = Array.from({ length: 20 }, (_, n) => ({ method: `m${n}` }));
    expect(await times(...methods)).toBe(20);
    expect(await times(...methods)).toBe(0);
    expect(await times({ method: 'one more' })).toBe(1);
    expect(await times({ method: 'm0' })).toBe(1);
    vi.restoreAllMocks();
  });

  it("is nobody's to change by what he does to a config of his", async () => {
    const request = ours(axios.create({ ...DEFAULTS, env: { FormData: Own } } as AxiosRequestConfig));
    const spoil = ({ config }: { config: AxiosRequestConfig }) => {
      const before = structuredClone({ ...config.headers });
      const { metadata, params } = config as unknown as Record<'metadata' | 'params', Record<string, object>>;
      const theirs = [config, config.headers, config.transitional, config.transformRequest, metadata, metadata.deep, params, params.deep];
      for (const one of theirs) Object.assign(one as object, { spoilt: true });
      (config.transformRequest as unknown[]).push('spoilt');
      return before;
    };
    const first = spoil(await request({ url: '/a' }));
    const { config } = await request({ url: '/a' });
    expect(inspect(config, { depth: 9 })).not.toContain('spoilt');
    expect({ ...config.headers }).toEqual(first);
  });
});
