// Redirects are followed as axios follows them: requests, chains of answers and options at random.
import type { AxiosRequestConfig } from 'axios';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchUnhandled } from './failures';
import { type Answer, Site } from './redirect-parity-site';
import { same } from './redirect-parity-support';

let site: Site;
const unhandled = watchUnhandled();

beforeAll(async () => {
  site = await Site.start();
});
afterAll(async () => {
  site.close();
  await unhandled.none();
});

const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary, weight: 1 }, { arbitrary: fc.constant(undefined), weight });

const origin = fc.constantFrom('a', 'b', 's', 't');
const text = fc.string({ maxLength: 8 });
const path = fc.oneof(
  fc.webPath(),
  text.map((part) => `/${part}`),
  text.map((part) => `/dir/x?${part}#${part}`),
);
const userinfo = fc.constantFrom('', '', '', 'user:pass@', 'us%3Aer@', ':p%zz@');

/** A URL of one of the site's servers, once they run. */
const place = fc.record({ origin, userinfo, path }).map(
  ({ origin, userinfo, path }) =>
    (): string =>
      site.origins[origin].replace('//', `//${userinfo}`) + path,
);

/** As bytes, those that a header may hold. */
const printable = (to: string): string => [...Buffer.from(to).toString('latin1')].filter((byte) => byte >= ' ' && byte !== '\x7f').join('');
const location = fc.option(
  fc.oneof(
    place,
    fc.oneof(path, text, fc.webUrl({ validSchemes: ['ftp', 'data', 'mailto'] })).map((to) => () => to),
    fc.constantFrom('', ' ', '?', '#', '//', 'http:', 'http://:0', '../..', 'HTTP://127.0.0.1:1').map((to) => () => to),
    fc.string({ unit: 'grapheme', maxLength: 6 }).map((to) => () => `/${to}`),
  ),
  { nil: undefined, freq: 12 },
);

const status = fc.constantFrom(301, 302, 303, 307, 308, 302, 307, 300, 304, 399, 200, 404, 503);
const answer = fc.record({
  status,
  to: location,
  body: fc.constantFrom('moved', '', 'x'.repeat(1_500)),
  gzip: fc.boolean(),
  cut: maybe(fc.constantFrom('at once' as const, 'in body' as const), 9),
});

const headers = fc.subarray([
  ['Authorization', 'Bearer x'],
  ['authorization', 'Bearer y'],
  ['Cookie', 'a=b'],
  ['Host', 'virtual.test'],
  ['X-Key', 'k'],
  ['Content-Type', 'text/x-own'],
  ['Content-Encoding', 'none'],
  ['Accept-Encoding', 'identity'],
  ['User-Agent', 'own'],
  ['Referer', 'http://r.test/'],
]);

const request = fc.record({
  method: fc.constantFrom('get', 'head', 'delete', 'put', 'post', 'patch', 'options'),
  data: fc.constantFrom<unknown>(
    undefined,
    undefined,
    null,
    '',
    'text',
    { a: 'ü' },
    Buffer.from([0, 1]),
    new URLSearchParams('a=b'),
    5,
    false,
  ),
  params: maybe(fc.dictionary(text, text, { maxKeys: 2 }), 1),
  headers: headers.map((entries) => Object.fromEntries(entries)),
  auth: maybe(fc.record({ username: text, password: text }), 1),
  maxRedirects: maybe(fc.constantFrom(0, 1, 3), 4),
  sensitiveHeaders: maybe(fc.constantFrom([], ['x-KEY', 'Referer'], 'x-key'), 4),
  responseType: fc.constantFrom(undefined, 'stream', 'arraybuffer', 'text'),
  decompress: fc.constantFrom(undefined, false),
  maxContentLength: maybe(fc.constant(1_000), 6),
  maxBodyLength: maybe(fc.constant(3), 9),
});

it('is the same', { timeout: 600_000 }, async () => {
  let redirected = 0;
  await fc.assert(
    fc.asyncProperty(place, request, fc.array(answer, { minLength: 1, maxLength: 5 }), async (from, config, answers) => {
      const laidOut = answers.map(
        ({ to, ...rest }): Answer => ({ ...rest, gzip: rest.gzip && !rest.cut, to: to && printable(to()) }) as Answer,
      );
      const { seen } = await same(site, laidOut, (log) => {
        const defined = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
        return { url: from(), beforeRedirect: (...[, ...told]) => log(told), ...(defined as AxiosRequestConfig) };
      });
      if (seen.length > 1) redirected++;
    }),
    { numRuns: Number(process.env.PARITY_RUNS ?? 150) },
  );
  expect(redirected).toBeGreaterThan(10);
});
