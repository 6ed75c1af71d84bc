// A request through a client is what it is through stock axios: requests, options and answers at random. PARITY_RUNS tries more.
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { answer, laidOut, maybe } from './parity-fuzz-answers';
import { type Config, type Log, parity } from './parity-support';

const { same, url } = parity();

const text = fc.string({ maxLength: 8 });
const word = fc.string({ unit: fc.constantFrom(...'abzAZ09-_'), minLength: 1, maxLength: 6 });

const headers = fc.subarray<[string, unknown]>([
  ['Authorization', 'Bearer x'],
  ['authorization', 'Bearer y'],
  ['Cookie', 'a=b'],
  ['Host', 'localhost'],
  ['X-Key', 'k'],
  ['x-key', 'K'],
  ['X-Number', 5],
  ['X-True', true],
  ['X-Null', null],
  ['X-List', ['a', 'b']],
  ['X-Latin', 'ü'],
  ['X-Wide', '日'],
  ['Content-Type', 'application/json'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['Content-Type', false],
  ['Accept', 'text/html'],
  ['Accept-Encoding', 'identity'],
  ['User-Agent', null],
  ['User-Agent', 'own'],
  ['Transfer-Encoding', 'chunked'],
  ['Connection', 'close'],
  ['Expect', 'x'],
]);
const data = fc.constantFrom<() => unknown>(
  () => undefined,
  () => undefined,
  () => null,
  () => '',
  () => 'text ü',
  () => ({ a: 'ü', nested: { b: [1, 2] } }),
  () => [1, 'two'],
  () => 0,
  () => 5,
  () => false,
  () => true,
  () => Buffer.from([0, 1, 255]),
  () => Buffer.alloc(0),
  () => Buffer.alloc(100_000, 'b'),
  () => new Uint8Array([1, 2, 3]),
  () => new Uint16Array([1, 2]).buffer,
  () => new Float64Array([1.5]),
  () => new URLSearchParams('a=b&c=ü'),
  () => new Blob(['blob'], { type: 'text/x-blob' }),
  () => Readable.from([Buffer.from('one'), Buffer.from('two')]),
  () => Readable.from([]),
);

const request = fc.record({
  method: fc.constantFrom('get', 'GET', 'head', 'delete', 'put', 'post', 'patch', 'options', 'query', 'purge', undefined),
  data,
  params: maybe(
    fc.oneof(
      fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 2 })), { maxKeys: 3 }),
      fc.constant(null),
    ),
    2,
  ),
  headers: headers.map((entries) => Object.fromEntries(entries)),
  auth: maybe(fc.record({ username: text, password: text })),
  maxRedirects: maybe(fc.constantFrom(0, 0, 3), 2),
  responseType: fc.constantFrom(undefined, undefined, 'stream', 'arraybuffer', 'text', 'json', 'blob', 'document'),
  responseEncoding: maybe(fc.constantFrom('latin1', 'hex', 'base64', 'utf8', 'ascii', 'utf-8'), 6),
  decompress: maybe(fc.boolean(), 3),
  maxContentLength: maybe(fc.constantFrom(0, 5, 2_000), 7),
  maxBodyLength: maybe(fc.constantFrom(0, 3, 50_000), 7),
  validateStatus: maybe(
    fc.constantFrom<unknown>(
      null,
      () => true,
      () => false,
    ),
    6,
  ),
  transitional: maybe(fc.constantFrom({ silentJSONParsing: false }, { forcedJSONParsing: false }), 5),
  transformResponse: maybe(
    fc.constantFrom<unknown>([], [(data: unknown) => [typeof data]], () => {
      throw new Error('transform');
    }),
    9,
  ),
  insecureHTTPParser: maybe(fc.boolean(), 9),
  paramsSerializer: maybe(
    fc.constantFrom<unknown>({ indexes: null }, { indexes: true }, () => 'own=1', { encode: String }),
    6,
  ),
  beforeRedirect: maybe(
    fc.constant(() => {}),
    9,
  ),
  progress: fc.constantFrom<undefined | 'up' | 'down'>(undefined, undefined, undefined, undefined, 'up', 'down'),
  timeout: maybe(fc.constantFrom(0, 20_000), 6),
});
const place = fc.record({
  server: fc.constantFrom<'http' | 'https'>('http', 'http', 'https'),
  userinfo: fc.constantFrom('', '', '', '', 'user:pass@', 'us%3Aer@', ':p%zz@'),
  path: fc.oneof(
    fc.webPath(),
    text.map((part) => `/${part}`),
    text.map((part) => `/dir/x?${part}#${part}`),
  ),
  base: fc.boolean(),
});
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

const addressed = ({ server, userinfo, path, base }: Place): Config => {
  const origin = url('', server).replace('//', `//${userinfo}`);
  return base ? { baseURL: `${origin}/base/`, url: path } : { url: origin + path };
};

function configured({ progress, data, timeout, ...options }: typeof request extends fc.Arbitrary<infer T> ? T : never, log: Log): Config {
  // Of a body in pieces the events depend on how they came: the last says it all.
  const last =
    (way: string) =>
    ({ loaded, total }: { loaded: number; total?: number }): void =>
      void (loaded === total && log(way, loaded, total));
  // A stream that is transformed away is never read, and holds its connection.
  if (options.responseType === 'stream') options.transformResponse = undefined;
  const given = {
    ...options,
    data: data(),
    ...(timeout !== undefined && { timeout }),
    ...(progress === 'up' && { onUploadProgress: last('up') }),
    ...(progress === 'down' && { onDownloadProgress: last('down') }),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

it('is the same', { timeout: 24 * 3_600_000 }, async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(place, request, answer, fc.boolean(), async (place, options, answer, inDefaults) => {
      // Given to the instance, it is merged as its own.
      const { outcome } = await same(
        [laidOut(answer, options.method === 'head')],
        (log) => ({ ...addressed(place), ...configured(options, log) }),
        {
          defaults: inDefaults ? { headers: { 'X-Default': '1', common: { 'X-Common': '2' } } as never, params: { d: 1 } } : {},
        },
      );
      const kind = outcome.fulfilled ? 'fulfilled' : String(outcome.rejected.code ?? outcome.rejected.name);
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }),
    { numRuns: Number(process.env.PARITY_RUNS ?? 200), endOnFailure: process.env.PARITY_RUNS !== undefined },
  );
  if (process.env.PARITY_RUNS) console.info(outcomes);
  for (const kind of ['fulfilled', 'ERR_BAD_REQUEST', 'ERR_BAD_RESPONSE', 'ECONNRESET'])
    expect(outcomes.get(kind), kind).toBeGreaterThan(3);
});
