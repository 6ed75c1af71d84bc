// The automatic name of an endpoint: a template is its own template, thousands of resources are few endpoints, and no name breaks a line.
import { randomBytes, randomUUID } from 'node:crypto';
import type { AxiosRequestConfig } from 'axios';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { endpointOf, originOfRequest, redactedUrl } from '../../src/endpoint';
import { runs } from '../setup/sample';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ulid = (): string => `01${Array.from(randomBytes(24), (byte) => CROCKFORD[byte % 32]).join('')}`;
/** One without any digit may as well be a word. */
const withDigit = (make: () => string): string => {
  for (;;) {
    const made = make();
    if (/\d/.test(made) && /[a-z]/i.test(made)) return made;
  }
};

const IDS: [string, (n: number) => string][] = [
  ['numbers', (n) => String(n * 7_919)],
  ['UUIDs', () => randomUUID()],
  ['upper-case UUIDs', () => randomUUID().toUpperCase()],
  ['UUIDs in braces', () => encodeURIComponent(`{${randomUUID()}}`)],
  ['object ids', () => withDigit(() => randomBytes(12).toString('hex'))],
  ['SHA-256 hashes', () => withDigit(() => randomBytes(32).toString('hex'))],
  ['digests', () => `sha256:${withDigit(() => randomBytes(32).toString('hex'))}`],
  ['encoded digests', () => `sha256%3A${withDigit(() => randomBytes(32).toString('hex'))}`],
  ['ULIDs', ulid],
  ['base64url tokens', () => withDigit(() => randomBytes(16).toString('base64url'))],
  ['dates', (n) => new Date(n * 86_400_000).toISOString().slice(0, 10)],
  ['times', (n) => new Date(n * 86_400_000).toISOString()],
  ['encoded times', (n) => encodeURIComponent(new Date(n * 86_400_000).toISOString())],
  ['times with an offset', (n) => new Date(n * 86_400_000).toISOString().replace('Z', '+02:00')],
  ['encoded times with an offset', (n) => encodeURIComponent(new Date(n * 86_400_000).toISOString().replace('Z', '+02:00'))],
  ['mail addresses', (n) => `user${n}@example.test`],
  ['encoded mail addresses', (n) => encodeURIComponent(`user${n}@example.test`)],
];

it.each(IDS)('10 000 %s are one endpoint', (_, id) => {
  const endpoints = new Set<string>();
  for (let n = 1; n <= 10_000; n++) endpoints.add(endpointOf({ url: `http://api.test/users/${id(n)}/orders` }));
  expect([...endpoints]).toEqual(['GET http://api.test/users/:id/orders']);
});

const segment = fc.oneof(
  fc.string({ maxLength: 12, unit: 'grapheme' }),
  fc.constantFrom(
    ':id',
    'REDACTED',
    'users',
    '',
    '.',
    '..',
    '%2F',
    '%40',
    'a@b.test',
    ':x@y',
    '42',
    ':',
    '@',
    'http:',
    '%',
    '%zz',
    '{id}',
    '\\',
  ),
);
const path = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('/'));
const request = fc.record({
  method: fc.constantFrom(undefined, 'get', 'POST', 'QUERY'),
  baseURL: fc.constantFrom(undefined, 'http://api.test', 'https://api.test:8443/v1/', 'http://[::1]:80', 'unix:///x', '/v1'),
  url: fc.oneof(
    path,
    path.map((text) => `/${text}`),
    path.map((text) => `https://api.test/${text}`),
  ),
});

it('has no space at its end, where a fragment was cut off', () => {
  expect(endpointOf({ url: '/ #' })).toBe('GET /');
});

it('is its own template', () => {
  fc.assert(
    fc.property(request as fc.Arbitrary<AxiosRequestConfig>, (config) => {
      // Of what is no URL something is shown, and that may be one.
      fc.pre(originOfRequest(config) !== '' || /^\/(?![/\\])/.test(config.url ?? ''));
      const endpoint = endpointOf(config);
      const [, method, url] = /^(\S+) (.*)$/.exec(endpoint) ?? [];
      fc.pre(url !== undefined && method !== undefined);
      expect(endpointOf({ method, url })).toBe(endpoint);
    }),
    { numRuns: runs(5_000) },
  );
});

it('is made of anything, without a line break, and without throwing', () => {
  const odd = fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withObjectString: true });
  fc.assert(
    fc.property(odd, odd, odd, odd, (url, baseURL, method, params) => {
      const config = { url, baseURL, method, params } as never;
      for (const name of [endpointOf(config), originOfRequest(config), redactedUrl(config)]) {
        expect(typeof name).toBe('string');
      }
    }),
    { numRuns: runs(3_000) },
  );
});

it('has no line break, though the URL has', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab/:?\r\n\u2028\u0085\0 ') }),
      fc.constantFrom('', 'http://api.test/', '/', 'x:'),
      (text, before) => {
        expect(endpointOf({ url: before + text })).not.toMatch(/[\r\n\u2028\0]/);
        expect(redactedUrl({ url: before + text })).not.toMatch(/[\r\n\u2028\0]/);
      },
    ),
    { numRuns: runs(2_000) },
  );
});
