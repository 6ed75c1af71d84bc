// How requests are named: few endpoints for many resources, and no secret in a URL.
import type { AxiosRequestConfig } from 'axios';
import axios from 'axios';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeRequest, endpointOf, redactedUrl } from '../../src/endpoint';

describe('endpointOf', () => {
  it.each<[AxiosRequestConfig, string]>([
    [{ url: 'https://api.test/users/42' }, 'GET https://api.test/users/:id'],
    [{ url: 'https://api.test/users/42', method: 'post' }, 'POST https://api.test/users/:id'],
    [{ url: 'https://api.test/users/me' }, 'GET https://api.test/users/me'],
    [{ url: 'https://api.test:8443/v2/a' }, 'GET https://api.test:8443/v2/a'],
    [{ url: 'https://api.test:443/' }, 'GET https://api.test/'],
    [{ url: 'HTTPS://API.test/A' }, 'GET https://api.test/A'],
    [{ url: 'http://[::1]:8080/x/7' }, 'GET http://[::1]:8080/x/:id'],
    [{ url: 'https://api.test/a/550e8400-e29b-41d4-a716-446655440000/b' }, 'GET https://api.test/a/:id/b'],
    [{ url: 'https://api.test/commits/da39a3ee5e6b4b0d3255bfef95601890afd80709' }, 'GET https://api.test/commits/:id'],
    [{ url: 'https://api.test/o/507f1f77bcf86cd799439011' }, 'GET https://api.test/o/:id'],
    [{ url: 'https://api.test/u/01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'GET https://api.test/u/:id'],
    [{ url: 'https://api.test/days/2026-03-01' }, 'GET https://api.test/days/:id'],
    [{ url: 'https://api.test/days/2026-03' }, 'GET https://api.test/days/:id'],
    [{ url: 'https://api.test/at/2026-03-01T00:00:00+02:00' }, 'GET https://api.test/at/:id'],
    [{ url: 'https://api.test/at/2026-03-01T00%3a00-05%3A30' }, 'GET https://api.test/at/:id'],
    [{ url: 'https://api.test/at/2026-03-01Teatime' }, 'GET https://api.test/at/2026-03-01Teatime'],
    [{ url: 'https://api.test/a/{550E8400-E29B-41D4-A716-446655440000}/b' }, 'GET https://api.test/a/:id/b'],
    [{ url: '/a/{550e8400-e29b-41d4-a716-446655440000}/b' }, 'GET /a/:id/b'],
    [{ url: 'https://api.test/blobs/sha1%3ada39a3ee5e6b4b0d3255bfef95601890afd80709' }, 'GET https://api.test/blobs/:id'],
    [{ url: 'https://api.test/blobs/sha256:latest-2026' }, 'GET https://api.test/blobs/sha256:latest-2026'],
    [{ url: 'https://api.test/t/dQw4w9WgXcQ_abcDEF123-xyz' }, 'GET https://api.test/t/:id'],
    [{ url: 'https://api.test/mail/a.b@example.test' }, 'GET https://api.test/mail/:id'],
    [{ url: 'https://api.test/mail/a.b%40example.test' }, 'GET https://api.test/mail/:id'],
    [{ url: `https://api.test/mail/${encodeURIComponent('jürgen@müller.test')}` }, 'GET https://api.test/mail/:id'],
    [{ url: 'https://api.test/verify/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyIn0.' }, 'GET https://api.test/verify/:id'],
    [{ url: 'https://api.test/verify/eyJhbGciOiJI.eyJzdWIi.c2ln-_A/now' }, 'GET https://api.test/verify/:id/now'],
    [{ url: 'https://api.test/eyJs/eyJ.min' }, 'GET https://api.test/eyJs/eyJ.min'],
    [{ url: 'https://api.test/internationalization-settings' }, 'GET https://api.test/internationalization-settings'],
    [{ url: 'https://user:pass@api.test/a?token=s3cret#frag' }, 'GET https://api.test/a'],
    [{ baseURL: 'https://api.test/v1/', url: '/users/1' }, 'GET https://api.test/v1/users/:id'],
    [{ baseURL: 'https://api.test/v1', url: 'users/1' }, 'GET https://api.test/v1/users/:id'],
    [{ baseURL: 'https://api.test/v1' }, 'GET https://api.test/v1'],
    [{ baseURL: 'https://api.test/v1', url: '' }, 'GET https://api.test/v1'],
    [{ baseURL: 'https://api.test/v1', url: 'https://other.test/a' }, 'GET https://other.test/a'],
    [{ baseURL: 'https://api.test', url: 'https://other.test/a', allowAbsoluteUrls: false }, 'GET https://api.test/https://other.test/a'],
    [{ baseURL: 'https://api.test', url: 'https://other.test/a', allowAbsoluteUrls: null as never }, 'GET https://other.test/a'],
    [{ url: '/users/42?token=s3cret' }, 'GET /users/:id'], // in Node a relative URL has no origin
    [{ baseURL: '/v1', url: '/users/42' }, 'GET /v1/users/:id'],
    [{ baseURL: '/v2/', url: 'users/42?token=s3cret' }, 'GET /v2/users/:id'],
    [{ baseURL: '/v1', url: 'users/me@example.test' }, 'GET /v1/users/:id'],
    [{ baseURL: '/v1' }, 'GET /v1'],
    [{ baseURL: 'v1', url: 'users' }, 'GET v1/users'],
    [{ baseURL: '//api.test', url: '/users' }, 'GET //api.test/users'],
    [{ baseURL: '/v1', url: 'DATA:text/plain,abc' }, 'GET /v1/data:'],
    [{}, 'GET '],
  ])('%j is %s', (config, name) => {
    expect(endpointOf(config)).toBe(name);
  });
});

it.each(['', '/', '/v1', '/v1/', '/v1///', '/v1?a='])('a base that ends in %j is joined with a URL as axios does', (end) => {
  for (const url of [undefined, '', '/', 'a', '/a/', '//a', '?a', '#a']) {
    const config = { baseURL: `https://api.test${end}`, allowAbsoluteUrls: false, ...(url !== undefined && { url }) };
    const { origin, pathname } = new URL(axios.getUri(config));
    expect(redactedUrl(config).replace(/\?.*/, '')).toBe(origin + pathname);
  }
});

it('a relative base and its URL are named as the whole is, whoever is asked about first', () => {
  const [parts, whole] = [{ baseURL: '/first', url: 'things/7' }, { url: '/first/things/7' }];
  expect([parts, whole].map(endpointOf)).toEqual(Array(2).fill('GET /first/things/:id'));
  const [otherWhole, otherParts] = [{ url: '/second/things/7' }, { baseURL: '/second', url: 'things/7' }];
  expect([otherWhole, otherParts].map((config) => redactedUrl(config))).toEqual(Array(2).fill('/second/things/7'));
});

describe('a relative URL in a page', () => {
  const page = { href: 'https://page.test/at/it?x', origin: 'https://page.test' };
  afterEach(() => void vi.unstubAllGlobals());

  it.each<[string, object, object | undefined, string]>([
    ['its own', page, { baseURI: page.href }, 'GET https://page.test/at/call'],
    ['that of its <base>', page, { baseURI: 'https://other.test/sub/' }, 'GET https://other.test/sub/call'],
    ['its own, as a worker has no document', page, undefined, 'GET https://page.test/at/call'],
    [
      "the parent's, in a frame without a source",
      { href: 'about:blank', origin: 'null' },
      { baseURI: page.href },
      'GET https://page.test/at/call',
    ],
    ['none, in a file', { href: 'file:///a/b', origin: 'null' }, { baseURI: 'file:///a/b' }, 'GET call'],
  ])('has an origin: %s', (_, location, document, name) => {
    vi.stubGlobal('location', location);
    vi.stubGlobal('document', document);
    expect(endpointOf({ url: 'call' })).toBe(name);
  });
});

describe('a path without end', () => {
  const long = `/${'users/42/'.repeat(20_000)}`;

  it('is a short name, of whole segments, and the same when it is named again', () => {
    const name = endpointOf({ url: `http://api.test${long}` });
    expect(name).toMatch(/^GET http:\/\/api\.test(\/users\/:id)+(\/users)?\/?$/);
    expect(name.length).toBeLessThan(600);
    expect(endpointOf({ url: name.slice('GET '.length) })).toBe(name);
  });

  it('is so without segments, and without a host', () => {
    for (const url of [`http://api.test/${'a'.repeat(100_000)}`, 'a'.repeat(100_000), long])
      expect(endpointOf({ url }).length).toBeLessThan(600);
  });
});

it('a path that nearly is a mail address, over and over, is named at once', () => {
  const name = `/${'%40.'.repeat(115)}@`;
  const startedAt = performance.now();
  for (let i = 0; i < 1_000; i++) expect(endpointOf({ url: `http://api.test${name}` })).toBe(`GET http://api.test${name}`);
  expect(performance.now() - startedAt).toBeLessThan(3_000); // it took more than twice as long
});

describe('redactedUrl', () => {
  it.each<[AxiosRequestConfig, string]>([
    [{ url: 'https://api.test/a' }, 'https://api.test/a'],
    [{ url: 'https://api.test/a?token=s3cret' }, 'https://api.test/a?token=REDACTED'],
    [{ url: 'https://api.test/a?x=s3cret&x=s3cret2' }, 'https://api.test/a?x=REDACTED&x=REDACTED'],
    [{ url: 'https://api.test/a?s3cret&x=1' }, 'https://api.test/a?REDACTED&x=REDACTED'], // a token may be all there is
    [{ url: 'https://api.test/a?czNjcmV0=' }, 'https://api.test/a?REDACTED'],
    [{ url: 'https://api.test/a', params: { unset: undefined, none: null, page: 3 } }, 'https://api.test/a?page=REDACTED'],
    [{ url: 'https://api.test/a', params: { token: 's3cret', deep: { er: 's3cret' } } }, 'https://api.test/a?token=REDACTED&deep=REDACTED'],
    [{ url: 'https://api.test/a', params: new URLSearchParams({ token: 's3cret' }) }, 'https://api.test/a?token=REDACTED'],
    [{ url: 'https://api.test/a?b=s3cret', params: { c: 's3cret' } }, 'https://api.test/a?b=REDACTED&c=REDACTED'],
    [{ url: 'https://user:s3cret@api.test/a#s3cret' }, 'https://api.test/a'],
    [{ url: 'https://user@api.test/a' }, 'https://api.test/a'],
    [{ url: 'https://user:s3c@ret@api.test/a' }, 'https://api.test/a'],
    [{ url: 'https://user:s3cret@[::1]:8080/a' }, 'https://[::1]:8080/a'],
    [{ baseURL: 'https://user:s3cret@api.test/v1', url: '/a?t=s3cret' }, 'https://api.test/v1/a?t=REDACTED'],
    [{ url: '/relative?token=s3cret#s3cret' }, '/relative'],
    [{ url: '/relative', params: { token: 's3cret' } }, '/relative?token=REDACTED'],
    [{ url: 'https://api.test/a?a%26b=s3cret' }, 'https://api.test/a?a%26b=REDACTED'],
    [{ url: 'foo://user:s3cret@host/a?t=s3cret' }, 'foo://host/a?t=REDACTED'],
  ])('%j is %s', (config, url) => {
    expect(redactedUrl(config)).toBe(url);
  });

  it.each<[AxiosRequestConfig, string]>([
    [{ url: 'https://api.test/a?page=2&token=s3cret' }, 'https://api.test/a?page=2&token=REDACTED'],
    [{ url: 'https://api.test/a?page=2&page=3&q=' }, 'https://api.test/a?page=2&page=3&q='],
    [{ url: 'https://api.test/a?Page=s3cret' }, 'https://api.test/a?Page=REDACTED'],
    [
      { url: 'https://api.test/a', params: { page: 2, q: 'a b:c,d&e', token: 's3cret' } },
      'https://api.test/a?page=2&q=a+b:c,d%26e&token=REDACTED',
    ],
    [{ url: 'https://api.test/a', params: { page: true } }, 'https://api.test/a?page=true'],
    [{ url: 'https://api.test/a', params: { page: { deep: 's3cret' }, q: ['s3cret'] } }, 'https://api.test/a?page=REDACTED&q=REDACTED'],
    [{ url: 'https://api.test/a', params: new URLSearchParams('page=2&token=s3cret') }, 'https://api.test/a?page=2&token=REDACTED'],
    [{ url: 'https://user:s3cret@api.test/a?page=2#s3cret' }, 'https://api.test/a?page=2'],
    [{ url: 'https://api.test/a', params: { page: '\ud800' } }, 'https://api.test/a?page=REDACTED'], // half of a pair has no encoding
  ])('shows the values that are allowed: %j is %s', (config, url) => {
    expect(redactedUrl(config, ['page', 'q'])).toBe(url);
  });

  it('does without parameters that cannot be read', () => {
    const params = {
      get page(): never {
        throw new Error('s3cret');
      },
    };
    expect(redactedUrl({ url: 'https://api.test/a', params })).toBe('https://api.test/a');
  });

  it('shows an allowed value as axios sends it', () => {
    const params = { page: 'ä b:c,d$e&f=g/~(h)', n: -0.5, is: false };
    const config = { url: 'https://api.test/a', params };
    expect(redactedUrl(config, Object.keys(params))).toBe(axios.getUri(config));
  });

  it.each<[unknown, string]>([
    ['user:s3cret@api.test/a', 'api.test/a'], // parsed, it is of a scheme `user:`
    ['s3cret@api.test/a', 'api.test/a'],
    ['//user:s3cret@api.test/a', '//api.test/a'],
    ['http:/user:s3cret@api.test/a', 'http://api.test/a'],
    ['http:user:s3cret@api.test/a', 'http://api.test/a'],
    ['http:\\\\user:s3cret@api.test/a', 'http://api.test/a'],
    ['\\\\user:s3cret@api.test/a', 'api.test/a'],
    ['/\\s3cret@api.test/a', 'api.test/a'],
    ['/\t/s3cret@api.test/a', '//api.test/a'],
    [' ht\ntp://user:s3cret@api.test/a', 'http://api.test/a'],
    ['http://bad host/\n2026-01-01 ERROR forged', 'http://bad host/2026-01-01 ERROR forged'],
    ['http://bad host/\u009b31m\u2028red', 'http://bad host/31mred'],
    ['http://user:s3c?ret@api.test/a', 'http://REDACTED'],
    ['http://user:s3c#ret@api.test/a', 'http://REDACTED'],
    ['http://bad host/a?mail=me@s3cret', 'http://REDACTED'],
    ['/a?mail=me@s3cret', '/a'],
    ['http://user:s3cret\uff20api.test/a', 'http://api.test/a'],
    ['http://user:s3cret%40api.test/a', 'http://api.test/a'],
    ['foo:/user:s3cret@api.test/a', 'api.test/a'],
    ['view-source:https://user:s3cret@api.test/a', 'api.test/a'],
    ['blob:https://user:s3cret@api.test/a', 'blob:'],
    ['DATA:text/plain,user@s3cret?s3cret=1', 'data:'],
    ['localhost:3000/a', 'localhost:3000/a'],
    ['/users/me@example.test', '/users/me@example.test'],
    ['http://api.test/@scope/package', 'http://api.test/@scope/package'],
    ['http://api.test/rooms/!r:api.test/members/@me:api.test', 'http://api.test/rooms/!r:api.test/members/@me:api.test'],
    ['http://api.test/@scope/a//b', 'http://api.test/@scope/a//b'],
    ['http://api.test/to/https://user:s3/cret@other.test/a', 'http://api.test/to/REDACTED/a'],
    ['http://api.test/to/https%3A%2F%2Fuser%3As3cret%40other.test%2Fa/b', 'http://api.test/to/REDACTED/b'],
    ['http://api.test//s3cret@other.test/a', 'http://api.test/REDACTED/a'],
    ['http://api.test/user:s3cret@other.test/a', 'http://api.test/REDACTED/a'],
    [new URL('https://user:s3cret@api.test/a?b=s3cret'), 'https://api.test/a?b=REDACTED'],
    [null, ''],
  ])('of an odd URL shows what is no secret: %j is %s', (url, shown) => {
    expect(redactedUrl({ url } as AxiosRequestConfig)).toBe(shown);
    expect(endpointOf({ url } as AxiosRequestConfig)).not.toMatch(/s3c|cret/i);
  });

  it.each<AxiosRequestConfig>([
    { baseURL: 'https://api.test', url: 'https://user:s3cret@other.test/a', allowAbsoluteUrls: false },
    { baseURL: 'https://api.test', url: '\\\\user:s3cret@other.test/a' },
    { baseURL: 'https://api.test', url: ' https://user:s3cret@other.test/a' },
    { baseURL: 'https://api.test', url: '/\t/s3cret@other.test/a' },
    { baseURL: 'https://api.test', url: 'http:/s3cret@other.test/a' },
    { baseURL: 'https://api.test?key=s3cret', url: '/a' },
    { baseURL: new URL('https://user:s3cret@api.test/v1') as unknown as string, url: 'a' },
    { baseURL: 'relative', url: 'data:text/plain,me@s3cret' },
    { url: '//user:s3cret@api.test/a' },
    { url: '//user:s3c@s3cret@api.test/a' },
    { url: 'http://user:s3cret@' },
    { url: 'http://user:s3cret@bad host/a?t=s3cret' },
    { url: 'https://user:s3/cret@api.test:99999/a' },
    { url: 'http://user:s3cret@host:badport/' },
    { baseURL: 'http://user:s3cret@bad host', url: '/a' },
    { url: 'data:text/plain,s3cret' },
    { url: 'a?t=s3cret' },
    { url: '/a', baseURL: '/b?t=s3cret' },
    { baseURL: '/v1', url: 'user:s3cret@api.test/a' },
    { baseURL: '/v1', url: 'https:/user:s3cret@api.test/a' },
    { baseURL: '/v1', url: 'https:user:s3c?ret@api.test/a' },
    { baseURL: '/v1', url: 'foo:/user:s3c?ret@api.test/a' },
    { baseURL: '/v1', url: ' https://user:s3c#ret@api.test/a' },
    { baseURL: '/v1', url: '\\\\user:s3c?ret@api.test/a' },
    { baseURL: '/v1', url: '\\\\s3cret@api.test/a' },
    { baseURL: '/v1', url: '/\t/s3cret@api.test/a' },
    { baseURL: '/v1', url: '//user:s3cret@api.test/a', allowAbsoluteUrls: false },
    { baseURL: '/v1', url: 'data:text/plain,me@s3cret' },
    { baseURL: 'user:s3cret@api.test', url: 'blob:s3cret' },
    { baseURL: 'user:s3', url: 'data:cret@api.test' },
    { baseURL: 'http://user:s3c', url: 'ret@api.test' },
  ])('%j shows no secret, though it is no proper URL', (config) => {
    for (const text of [redactedUrl(config), endpointOf(config), describeRequest(config)]) expect(text).not.toMatch(/s3c|cret/i);
  });
});

describe('describeRequest', () => {
  it('is method and URL, for messages', () => {
    const config = { method: 'put', url: 'https://u:p@api.test/a?b=c' };
    expect(describeRequest(config)).toBe('PUT https://api.test/a?b=REDACTED');
    expect(describeRequest(config, ['b'])).toBe('PUT https://api.test/a?b=c');
  });
});
