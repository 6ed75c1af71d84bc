// Redirects are followed as axios follows them: the first hop goes without follow-redirects, and nobody can tell.
import { Writable } from 'node:stream';
import type { AxiosRequestConfig } from 'axios';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../bare';
import { some } from '../setup/sample';
import { watchUnhandled } from './failures';
import { type Answer, Site } from './redirect-parity-site';
import { type Request, same } from './redirect-parity-support';

let site: Site;
const unhandled = watchUnhandled();

beforeAll(async () => {
  site = await Site.start();
});
afterAll(async () => {
  site.close();
  await unhandled.none();
});

const url = (path = '/first?q=1', origin: keyof Site['origins'] = 'a'): string => site.origins[origin] + path;

const REQUESTS: Record<string, () => ReturnType<Request>> = {
  GET: () => ({ params: { p: 'a b' } }),
  HEAD: () => ({ method: 'head' }),
  DELETE: () => ({ method: 'delete' }),
  'DELETE with a body': () => ({ method: 'delete', data: { why: 'no' } }),
  'PUT of JSON': () => ({ method: 'put', data: { a: 'ü' } }),
  'POST of a string': () => ({ method: 'post', data: 'text=ü', headers: { 'Content-Type': 'text/plain', 'Content-Language': 'de' } }),
  'POST of JSON': () => ({ method: 'post', data: { a: 1 } }),
  'POST of a Buffer': () => ({ method: 'post', data: Buffer.from([0, 255, 10]) }),
  'POST of an ArrayBuffer': () => ({ method: 'post', data: new Uint8Array([1, 2]).buffer }),
  'POST of a form': () => ({ method: 'post', data: new URLSearchParams({ a: 'b c' }) }),
  'POST of nothing': () => ({ method: 'post' }),
  'POST of an empty string': () => ({ method: 'post', data: '' }),
};

describe.each([301, 302, 303, 307, 308, 300, 304, 399])('%i', (status) => {
  it.each(some(Object.keys(REQUESTS), 3, status))('%s', async (name) => {
    const made = REQUESTS[name] as () => ReturnType<Request>;
    const { seen, response } = await same(site, [{ status, to: '/second?r=2#f', body: 'moved' }], () => ({ url: url(), ...made() }));
    expect(seen).toHaveLength(2);
    expect(response?.status).toBe(200);
  });
});

/** What servers send for a URL with letters beyond ASCII. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('Location', () => {
  it.each(
    some([
      ['absolute', () => url('/x', 'b')],
      ['another origin, https', () => url('/x', 's')],
      ['relative to the root', () => '/x/../y?z=%20'],
      ['relative to the path', () => 'x/y'],
      ['a parent', () => '../up'],
      ['without a scheme', () => `${site.origins.b.replace('http:', '')}/x`],
      ['a query only', () => '?only=query'],
      ['a fragment only', () => '#there'],
      ['with a fragment', () => '/x#there'],
      ['in UTF-8', () => utf8('/ü/日本?q=é')],
      ['in Latin-1', () => '/\u00fc?q=\u00e9'],
      ['with spaces', () => '/a b?c d'],
      ['with backslashes', () => '\\\\x\\y'],
      ['with a malformed escape', () => '/%zz%'],
      ['with credentials', () => url('/x').replace('//', '//user:pa%20ss@')],
      ['with an upper-case scheme', () => url('/x', 'b').replace('http', 'HTTP')],
      ['with a scheme and no slashes', () => 'http:x/y'],
      ['no URL', () => 'http://'],
      ['no host', () => 'http://:80/'],
      ['a bad port', () => 'http://127.0.0.1:99999/'],
      ['a bad IPv6', () => 'http://[::1/'],
      ['another scheme', () => 'ftp://127.0.0.1/x'],
      ['mailto', () => 'mailto:a@b'],
      ['data', () => 'data:text/plain,hello'],
      ['javascript', () => 'javascript:alert(1)'],
      ['a closed port', () => 'http://127.0.0.1:1/'],
      ['empty', () => ''],
      ['none', () => undefined],
      ['spaces only', () => '  '],
    ]),
  )('%s', async (_, to) => {
    await same(site, [{ status: 302, to: to(), body: 'moved' }], () => ({ url: url('/dir/first?q=1') }));
    await same(site, [{ status: 308, to: to() }], () => ({ url: url('/dir/first?q=1'), method: 'post', data: { a: 1 } }));
    await same(site, [{ status: 307, to: to() }], () => ({ url: url('/first', 's'), params: { a: ['#', '?'] } }));
  });

  it('sent twice', async () => {
    await same(site, [{ status: 302, headers: { location: ['/one', '/two'] } }], () => ({ url: url() }));
  });
});

describe('chains', () => {
  it.each([1, 2, 5, 20, 21, 22, 25])('%i redirects', async (length) => {
    const answers = Array.from({ length }, (_, i): Answer => ({ status: 302, to: i % 2 ? `/${i}` : url(`/${i}`, 'b') }));
    const { seen } = await same(site, answers, () => ({ url: url() }));
    expect(seen).toHaveLength(Math.min(length + 1, 22));
  });

  it.each([0, 1, 5, 30, -1, Number.NaN, undefined])('maxRedirects %s', async (maxRedirects) => {
    for (const length of [0, 1, 2, 6]) {
      const answers = Array.from({ length }, (): Answer => ({ status: 307, to: '/again' }));
      await same(site, answers, () => ({ url: url(), method: 'post', data: { a: 1 }, maxRedirects: maxRedirects as number }));
    }
  });

  it('http, https, http', async () => {
    const answers: Answer[] = [
      { status: 302, to: url('/2', 's') },
      { status: 302, to: url('/3', 't') },
      { status: 302, to: url('/4', 'b') },
    ];
    const { seen } = await same(site, answers, () => ({ url: url(), auth: { username: 'u', password: 'p' }, headers: { Cookie: 'c=1' } }));
    expect(seen.map(({ server }) => server)).toEqual(['a', 's', 't', 'b']);
  });

  it('a method that turns into GET stays one', async () => {
    const answers: Answer[] = [
      { status: 303, to: '/2' },
      { status: 308, to: '/3' },
    ];
    const { seen } = await same(site, answers, () => ({ url: url(), method: 'post', data: { a: 1 } }));
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });
});

describe('an answer that is no redirect', () => {
  it('comes without follow-redirects', async () => {
    const api = createClient({ proxy: false });
    for (const name of Object.keys(REQUESTS)) {
      site.begin([]);
      const { request } = await api.request({ url: url(), ...(REQUESTS[name] as () => AxiosRequestConfig)() });
      expect(request._redirectable).not.toBeInstanceOf(Writable);
    }
    await api.close();
  });

  it.each([200, 204, 304, 404, 500])('%i', async (status) => {
    for (const name of some(Object.keys(REQUESTS), 3, status)) {
      await same(site, [{ status }], () => ({ url: url(), ...(REQUESTS[name] as () => ReturnType<Request>)() }));
    }
    await same(site, [{ status, to: '/elsewhere' }], () => ({ url: url() }));
  });

  it.each(some(['/a b?c=d e#f', '/%23?#x', '/ü?é=#', '/?a?b', '/\'"<>`{}|\\^', '//x//', '/%', '/;a=b?c=%']))('from %s', async (path) => {
    await same(site, [], () => ({ url: url(path), params: { '#': '?#' } }));
    await same(site, [], () => ({ url: url(path).replace('//', '//us%20er:p%40ss@') }));
    await same(site, [], () => ({ url: url(path, 's'), auth: { username: 'ü:@', password: '#/?' } }));
  });
});
