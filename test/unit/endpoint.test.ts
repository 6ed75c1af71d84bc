// How requests are named: few endpoints for many resources, and no secret in a URL.
import type { AxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
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
    [{ url: 'https://api.test/t/dQw4w9WgXcQ_abcDEF123-xyz' }, 'GET https://api.test/t/:id'],
    [{ url: 'https://api.test/mail/a.b@example.test' }, 'GET https://api.test/mail/:id'],
    [{ url: 'https://api.test/mail/a.b%40example.test' }, 'GET https://api.test/mail/:id'],
    [{ url: 'https://api.test/internationalization-settings' }, 'GET https://api.test/internationalization-settings'],
    [{ url: 'https://user:pass@api.test/a?token=s3cret#frag' }, 'GET https://api.test/a'],
    [{ baseURL: 'https://api.test/v1/', url: '/users/1' }, 'GET https://api.test/v1/users/:id'],
    [{ baseURL: 'https://api.test/v1', url: 'users/1' }, 'GET https://api.test/v1/users/:id'],
    [{ baseURL: 'https://api.test/v1' }, 'GET https://api.test/v1/'],
    [{ baseURL: 'https://api.test/v1', url: 'https://other.test/a' }, 'GET https://other.test/a'],
    [{ baseURL: 'https://api.test', url: 'https://other.test/a', allowAbsoluteUrls: false }, 'GET https://api.test/https://other.test/a'],
    [{ url: '/users/42?token=s3cret' }, 'GET /users/:id'], // in Node a relative URL has no origin
    [{}, 'GET '],
  ])('%j is %s', (config, name) => {
    expect(endpointOf(config)).toBe(name);
  });
});

describe('redactedUrl', () => {
  it.each<[AxiosRequestConfig, string]>([
    [{ url: 'https://api.test/a' }, 'https://api.test/a'],
    [{ url: 'https://api.test/a?token=s3cret' }, 'https://api.test/a?token=REDACTED'],
    [{ url: 'https://api.test/a?x=s3cret&x=s3cret2&y' }, 'https://api.test/a?x=REDACTED&x=REDACTED&y=REDACTED'],
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

  it.each<AxiosRequestConfig>([
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
  ])('%j shows no secret, though it is no proper URL', (config) => {
    for (const text of [redactedUrl(config), endpointOf(config), describeRequest(config)]) expect(text).not.toMatch(/s3c|cret/);
  });
});

describe('describeRequest', () => {
  it('is method and URL, for messages', () => {
    expect(describeRequest({ method: 'put', url: 'https://u:p@api.test/a?b=c' })).toBe('PUT https://api.test/a?b=REDACTED');
  });
});
