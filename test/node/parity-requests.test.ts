// A request of a client is the one that stock axios makes: methods, addresses, params.
import { describe, it } from 'vitest';
import { some } from '../setup/sample';
import { type Config, parity } from './parity-support';

const { same, sameScenario, url } = parity();

/** With and without follow-redirects, and with a body. */
async function ways(config: () => Config, defaults: Config = {}): Promise<void> {
  await same([], config, { defaults });
  await same([], () => ({ maxRedirects: 0, ...config() }), { defaults });
  await same([], () => ({ method: 'post', data: { a: 1 }, ...config() }), { defaults });
}

describe('methods', () => {
  it.each([
    'get',
    'GET',
    'gEt',
    'head',
    'post',
    'put',
    'patch',
    'delete',
    'options',
    'query',
    'purge',
    'PROPFIND',
    'trace',
    'm-search',
    'LINK',
    '',
  ])('"%s"', async (method) => {
    await same([], () => ({ url: url(), method }));
    await same([], () => ({ url: url(), method, data: 'x' }));
    await same([], () => ({ url: url() }), { defaults: { method } });
  });

  it('by their names', async () => {
    for (const method of ['get', 'delete', 'head', 'options'] as const) {
      await sameScenario([], (api) => api[method](url(), { params: { a: 1 } }));
      await sameScenario([], (api) => api[method](url(), { data: { a: 1 } }));
    }
    for (const method of ['post', 'put', 'patch', 'query'] as const) {
      await sameScenario(
        [],
        (api) =>
          (api as never as Record<string, typeof api.post>)[method]?.(url(), { a: 1 }, { headers: { 'X-A': 'b' } }) as Promise<unknown>,
      );
    }
    await sameScenario([], (api) => api(url()));
    await sameScenario([], (api) => api(url(), { method: 'put', data: 1 }));
    await sameScenario([], (api) => api({ url: url() }));
    await sameScenario([], (api) => api.request(url() as never));
    await sameScenario([], async (api) => api.getUri({ url: url(), params: { a: [1], b: 'ü' } }));
  });
});

describe('addresses', () => {
  it.each(
    some([
      '',
      '/',
      '//',
      '/a b',
      '/ü/日本',
      '/%2F%zz',
      '/a?b',
      '/a?b=c&d',
      '/?',
      '/??',
      '/a#b',
      '/a?b#c?d',
      '/a/../b/./c',
      '/a;b=c',
      '/\\a\\b',
      '/\'"<>`{}|^',
      '/a?x=\'"<>`{}|^ ',
      '?q',
      '#f',
      '/%00',
      '/a:b@c',
      '/+%20+',
    ]),
  )('"%s"', async (path) => {
    await ways(() => ({ url: url(path) }));
    await ways(() => ({ url: url(path), params: { p: '1 2' } }));
    await same([], () => ({ url: url(path, 'https') }));
  });

  it.each(some(['user:pass@', 'user@', ':pass@', '@', ':@', 'us%20er:p%40ss%3A@', 'ü:é@', 'a%zz:b@', 'us:er:pa:ss@']))(
    'of "%s"',
    async (userinfo) => {
      const withUser = (): string => url().replace('//', `//${userinfo}`);
      await ways(() => ({ url: withUser() }));
      await ways(() => ({ url: withUser(), headers: { authorization: 'Bearer x' } }));
      await ways(() => ({ url: withUser(), auth: { username: 'a', password: 'b' } }));
      await ways(() => ({ url: '/x', baseURL: withUser() }));
    },
  );

  it('an IPv6 host, names, and other forms', async () => {
    await ways(() => ({ url: url('/v6', 'v6') || url() }));
    await ways(() => ({ url: url().replace('127.0.0.1', 'localhost'), family: 4 }));
    await ways(() => ({ url: url().replace('127.0.0.1', 'LOCALHOST'), family: 4 }));
    await ways(() => ({ url: url().replace('127.0.0.1', '2130706433') }));
    await ways(() => ({ url: url().replace('http', 'HTTP') }));
    await ways(() => ({ url: `  ${url()}  ` }));
    await ways(() => ({ url: url().replace('//', '/') }));
    await ways(() => ({ url: new URL(url()) as never }));
  });

  it.each<[string, string | undefined, boolean?]>(
    some([
      ['/v1', '/users'],
      ['/v1/', 'users'],
      ['/v1//', '//users'],
      ['/v1?k=v', '/users?x=y'],
      ['/v1#h', 'users'],
      ['', ''],
      ['/v1', undefined],
      ['/v1', 'http://127.0.0.1:1/absolute'],
      ['/v1', 'http://127.0.0.1:1/absolute', false],
      ['/v1', '//127.0.0.1:1/relative'],
      ['/v1', '//127.0.0.1:1/relative', false],
      ['/v1', '?only=query'],
      ['/v1', '../up'],
    ]),
  )('base %s with %s (%s)', async (base, path, allowAbsoluteUrls) => {
    const absolute = allowAbsoluteUrls === undefined ? {} : { allowAbsoluteUrls };
    await ways(() => ({ baseURL: url(base), ...(path !== undefined && { url: path }), ...absolute }));
    await same([], () => ({ ...(path !== undefined && { url: path }) }), { defaults: { baseURL: url(base), ...absolute } });
    await sameScenario([], async (api) => api.getUri({ baseURL: url(base), ...(path !== undefined && { url: path }), ...absolute }));
  });
});

describe('credentials', () => {
  class Account {
    readonly username = 'user';
    get password(): string {
      return 'of the class';
    }
  }
  it.each<[string, () => unknown]>([
    ['of a class', () => new Account()],
    ['half hidden', () => Object.defineProperty({ username: 'user' }, 'password', { value: 'hidden' })],
    ['of no prototype', () => Object.assign(Object.create(null), { username: 'user', password: 'pass' })],
    [
      'read when they are asked for',
      () => ({
        username: 'user',
        get password() {
          return 'now';
        },
      }),
    ],
    ['of another object', () => Object.create({ username: 'user', password: 'inherited' })],
  ])('%s', async (_, auth) => {
    await ways(() => ({ url: url(), auth: auth() as never }));
    // The merging of configs copies what is plain.
    await sameScenario([], (api) => {
      api.interceptors.request.use((config) => Object.assign(config, { auth: auth() }));
      return api.get(url());
    });
  });
});

describe('params', () => {
  class Point {
    readonly x = 1;
  }
  it.each<[string, unknown]>(
    some([
      ['nothing', undefined],
      ['null', null],
      ['plain', { a: 1, b: 'two', c: true, d: null, e: undefined, f: '' }],
      ['escaped', { 'k e+y': 'v a&l=ü:$,[]@', "'": '!()*~' }],
      ['lists', { a: [1, null, 'x'], 'b[]': [2] }],
      ['nested', { a: { b: { c: 1 }, d: [{ e: 2 }] } }],
      ['a date', { at: new Date(0) }],
      ['a date that is none', { at: new Date(Number.NaN) }],
      ['URLSearchParams', new URLSearchParams('a=b&a=c&ü=é')],
      ['a class', { point: new Point() }],
      ['a Buffer', { bytes: Buffer.from('ab') }],
      ['a string', 'a=b'],
      ['entries', Object.entries({ a: 1 })],
      ['a bigint', { big: 12345678901234567890n }],
      ['a function', { fn: () => 1 }],
    ]),
  )('%s', async (_, params) => {
    await ways(() => ({ url: url('/x?y=z#h'), params }));
    for (const indexes of [null, true, false]) await same([], () => ({ url: url('/x'), params, paramsSerializer: { indexes } }));
    await same([], () => ({ url: url('/x'), params, paramsSerializer: { dots: true } as never }));
    await same([], () => ({ url: url('/x'), params, paramsSerializer: { encode: (value: string) => `<${value}>` } }));
    await same([], () => ({ url: url('/x'), params, paramsSerializer: { serialize: (all: unknown) => `s=${typeof all}` } }));
    await same([], () => ({ url: url('/x'), params, paramsSerializer: (() => 'own=1') as never }));
    await same([], () => ({ url: url('/x'), params }), { defaults: { params: { z: 1, a: { y: 2 } } } });
  });

  it.each([undefined, null, false, 0, '', 1, 'a=b'])('whose serializer gives %s', async (written) => {
    const paramsSerializer = { serialize: () => written as string };
    for (const path of ['/x', '/x?y=z']) await ways(() => ({ url: url(path), params: { a: 1 }, paramsSerializer }));
  });
});
