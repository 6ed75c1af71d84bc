// What fails through a client fails as through stock axios: with the same error, and all that is in it.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { some } from '../setup/sample';
import { type Answer, reply } from './parity-site';
import { type Config, parity } from './parity-support';

const { same, url } = parity();

const UNDEFINED = { validateStatus: undefined } as never as Config;
const GIVEN: Config[] = [
  {},
  { method: 'post', data: { a: 1 } },
  { maxRedirects: 0 },
  { responseType: 'stream' },
  { responseType: 'arraybuffer' },
];
/** The same failure, whatever is asked. */
async function ways(answer: Answer, config: Config = {}, given = GIVEN): Promise<void> {
  for (const ways of given) await same([answer], () => ({ url: url(), ...ways, ...config }));
  await same([answer], () => ({ url: url('/s', 'https'), ...config }));
}
const raw = (...send: NonNullable<Answer['send']>): Answer => ({ send });
const json = (status: number | string, body = '{"why":"x"}'): Answer =>
  raw(reply({ status, body, headers: [['Content-Type', 'application/json']] }));

describe('statuses', () => {
  it.each(some([300, 304, 400, 401, 404, 418, 429, 499, 500, 503, 599, 600]))('%i', async (status) => {
    await ways(status === 304 ? raw(reply({ status, framing: 'none' })) : json(status));
  });

  it.each<[string, Config['validateStatus'] | 'given']>([
    ['null', null],
    ['undefined', undefined],
    ['takes all', () => true],
    ['takes none', () => false],
    ['takes one', (status: number) => status === 404],
    ['gives a promise', (() => Promise.resolve(false)) as never],
  ])('validateStatus that is or does: %s', async (_, validateStatus) => {
    for (const status of [200, 404]) await same([json(status)], () => ({ url: url(), validateStatus: validateStatus as never }));
    await same([json(404)], () => ({ url: url(), validateStatus: validateStatus as never, responseType: 'stream' }));
    await same([json(404)], () => ({ url: url(), ...UNDEFINED }), { defaults: { validateStatus: validateStatus as never } });
    await same([json(404)], () => ({
      url: url(),
      ...UNDEFINED,
      transitional: { validateStatusUndefinedResolves: false } as never,
    }));
  });

  it('of an error that has JSON, and of one that has none', async () => {
    await ways(json(500, 'not json'), { responseType: 'json', transitional: { silentJSONParsing: false } });
    await ways(json(500, ''), { responseType: 'json' });
    await ways(raw(reply({ status: 400, headers: [['Content-Encoding', 'gzip']], body: gzipSync('{"a":1}') })));
  });
});

describe('connections', () => {
  it('that are refused', async () => {
    for (const given of GIVEN) await same([], () => ({ url: 'http://127.0.0.1:1/x?y#z', ...given }));
    await same([], () => ({ url: 'https://127.0.0.1:1/', auth: { username: 'u', password: 'p' } }));
  });

  it('of names that do not resolve', async () => {
    const lookup = (_: string, __: unknown, done: (error: Error) => void): unknown =>
      setImmediate(
        done,
        Object.assign(new Error('getaddrinfo ENOTFOUND none.test'), {
          code: 'ENOTFOUND',
          errno: -3008,
          syscall: 'getaddrinfo',
          hostname: 'none.test',
        }),
      );
    for (const given of GIVEN) await same([], () => ({ url: 'http://none.test/', lookup, ...given }));
    const refused = (_: string, __: unknown, done: (...answer: unknown[]) => void): void =>
      done(null, [{ address: '127.0.0.1' }, { address: '127.0.0.2' }]);
    await same([], () => ({ url: 'http://none.test:1/', lookup: refused }));
    await same([], () => ({
      url: 'http://none.test/',
      lookup: (_: string, __: unknown, done: (...answer: unknown[]) => void) => setImmediate(done, null, 5),
    }));
    await same([], () => ({ url: 'http://none.test/', lookup: async () => Promise.reject(new Error('async')) }));
  });

  it('to a certificate that is not trusted, or of another name', async () => {
    await same([], () => ({ url: url('/', 'https') }), { defaults: { httpsAgent: undefined } });
    await same([], () => ({ url: url('/', 'https'), headers: { Host: 'other.test' } }));
    await same([], () => ({ url: url('/', 'https').replace('https:', 'http:') }));
  });

  it.each(['end', 'reset'] as const)('that %s', async (ending) => {
    const whole = reply({ body: 'abcdefgh' });
    for (const at of some([0, 20, whole.length - 8, whole.length - 3], 2)) await ways({ ...raw(whole.subarray(0, at), 3), ending });
    for (const framing of ['chunked', 'close'] as const)
      await ways({ ...raw(reply({ body: 'abcdefgh', framing }).subarray(0, -2), 3), ending });
    await ways({
      ...raw(reply({ headers: [['Content-Encoding', 'gzip']], body: gzipSync('x'.repeat(9_000)) }).subarray(0, -9), 3),
      ending,
    });
    await ways({ ...raw(reply({ status: 500, body: 'abcdefgh' }).subarray(0, -2), 3), ending });
    await ways({ ...raw('HTTP/1.1 100 Continue\r\n\r\n', 3), ending });
  });
});

describe('answers that are none', () => {
  it.each<[string, string]>(
    some(
      [
        ['noise', 'hello\r\n\r\n'],
        ['a number too long', 'HTTP/1.1 20000 OK\r\n\r\n'],
        ['a header without a colon', 'HTTP/1.1 200 OK\r\nbroken\r\n\r\n'],
        ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
        ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'],
        ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'],
        ['a header too large', `HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`],
        ['a version of tomorrow', 'HTTP/9.9 200 OK\r\n\r\n'],
      ],
      2,
    ),
  )('%s', async (_, bytes) => {
    await ways({ ...raw(bytes, 3), ending: 'end' });
    await ways({ ...raw(bytes, 3), ending: 'end' }, { insecureHTTPParser: true }, [{}]);
  });

  it('a chunk that is malformed', async () => {
    const head = reply({ headers: [['Transfer-Encoding', 'chunked']], framing: 'none' });
    for (const chunk of ['zz\r\n', '3\r\nabcdef\r\n', '-1\r\n']) await ways(raw(head, 3, chunk));
  });
});

describe('limits', () => {
  const big = 'x'.repeat(5_000);
  it.each(some([-1, 0, 1, 4_999, 5_000, Number.POSITIVE_INFINITY, Number.NaN]))('maxContentLength %d', async (maxContentLength) => {
    await ways(raw(reply({ body: big })), { maxContentLength });
    await ways(raw(reply({ body: gzipSync(big), headers: [['Content-Encoding', 'gzip']], framing: 'chunked' })), { maxContentLength });
    await ways(raw(reply({ status: 500, body: big })), { maxContentLength }, [{}]);
    await same([], () => ({ url: 'data:text/plain,abcdef', maxContentLength }));
  });

  it.each(some([-1, 0, 1, 6, 7, Number.POSITIVE_INFINITY]))('maxBodyLength %d', async (maxBodyLength) => {
    for (const data of ['1234567', { a: 1 }, Buffer.alloc(7)]) {
      for (const maxRedirects of [0, 5]) await same([], () => ({ url: url(), method: 'post', data, maxBodyLength, maxRedirects }));
    }
  });
});

it('a transformResponse that throws', async () => {
  const transformResponse = (): never => {
    throw new TypeError('data');
  };
  for (const status of [200, 500]) await same([json(status)], () => ({ url: url(), transformResponse }));
  for (const status of [200, 500]) await same([json(status)], () => ({ url: url(), transformResponse: [() => 1, transformResponse] }));
});

it('an error is an AxiosError with what broke it as its cause', async () => {
  const { outcome } = await same([{ ...raw('HTTP/1.1 200 OK\r\n', 3), ending: 'reset' }], () => ({ url: url() }));
  expect(outcome.rejected).toMatchObject({ code: 'ECONNRESET', isAxiosError: true, 'cause, hidden': { code: 'ECONNRESET' } });
});
