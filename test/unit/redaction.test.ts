// What may be logged has no secret in it: names of requests whatever their URL, the JSON of our errors, refusals of options.
// Errors that are axios' own, such as that of a 500, have the config in their JSON, as ever: axios stays axios.
import { inspect } from 'node:util';
import { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import * as fc from 'fast-check';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { createClient, protect } from '../../src';
import { describeRequest, endpointOf, originOfRequest, redactedUrl } from '../../src/endpoint';
import { BreakerOpenError, LimitError, TimeoutError, type TimeoutFacts } from '../../src/errors';
import { badOption } from '../../src/errors/bad-option';
import { found, marker, percent } from '../secrets';
import { runs } from '../setup/sample';

const FACTS: TimeoutFacts = {
  limit: 'read',
  phase: 'response',
  limitMs: 100,
  elapsed: 101,
  timings: { response: 100 },
  attempts: 2,
  safeToRetry: false,
  lag: 0,
  reusedSocket: true,
};
const TARGET = 'GET https://api.test/users/42?token=REDACTED';
const config = {
  method: 'get',
  url: 'https://user:s3cret@api.test/users/42?token=s3cret#s3cret',
  headers: new AxiosHeaders({ Authorization: 'Bearer s3cret' }),
  auth: { username: 's3cret', password: 's3cret' },
  params: { key: 's3cret' },
  data: 's3cret',
} as InternalAxiosRequestConfig;
const history = [{ attempt: 1, code: 'ECONNRESET', elapsed: 5, delay: 500 }];

const ours = (): AxiosError[] => [
  new TimeoutError(FACTS, TARGET, config, undefined, undefined, { path: '/users/42?token=s3cret' }),
  new BreakerOpenError({ endpoint: 'GET https://api.test/users/:id', retryAfter: 60_000, reason: 'burst' }, TARGET, config),
  new LimitError({ limit: 'rate', retryAfter: 20, cause: new Error('redis://user:s3cret@host') }, TARGET, config),
];

describe('the JSON of our errors', () => {
  it.each(ours())('tells what happened to which request, and nothing of its config: $name', (error) => {
    Object.defineProperty(error, 'history', { value: history });
    const { name, code, message, stack, method, url, ...facts } = JSON.parse(JSON.stringify(error));
    expect({ name, code, message, stack }).toEqual({ name: error.name, code: error.code, message: error.message, stack: error.stack });
    expect({ method, url }).toEqual({ method: 'GET', url: 'https://api.test/users/42?token=REDACTED' });
    expect(message).toContain(TARGET);
    const { lag, ...others } = FACTS;
    expect(facts).toEqual({
      ...(error.name === 'TimeoutError' && { ...others, lag, kind: 'read' }),
      ...(error.name === 'BreakerOpenError' && { endpoint: 'GET https://api.test/users/:id', retryAfter: 60_000, reason: 'burst' }),
      ...(error.name === 'LimitError' && { limit: 'rate', retryAfter: 20 }),
      history,
    });
    expect(JSON.stringify(error) + String(error) + error.stack).not.toContain('s3cret');
  });

  it.each(ours())('leaves pino its own, with the type and our facts: $name', (error) => {
    const lines: string[] = [];
    pino({ base: null }, { write: (line) => void lines.push(line) }).warn({ err: error });
    const { err } = JSON.parse(lines[0] ?? '');
    expect(err).toMatchObject({ type: error.name, name: error.name, code: error.code });
    const { message: _, ...fields } = { ...error }; // pino adds the message of the cause
    expect(err).toMatchObject(fields);
    expect(lines[0]).not.toContain('"config"');
    expect(lines.join()).not.toContain('Bearer');
  });

  it('is on the console without its config and its request, and no method shows among its fields', () => {
    expect(inspect(ours()[0], { depth: 9 })).not.toContain('s3cret');
    for (const error of ours()) for (const name in error) expect(error[name as keyof AxiosError]).not.toBeTypeOf('function');
  });

  it('is that of a class of the program, if it has one', () => {
    class Mine extends LimitError {}
    Mine.prototype.toJSON = () => ({ mine: true });
    expect(JSON.stringify(new Mine({ limit: 'rate' }, TARGET, config))).toBe('{"mine":true}');
  });

  it.each(ours())('leaves the error itself an AxiosError with its config: $name', (error) => {
    expect(error).toBeInstanceOf(AxiosError);
    expect(error.config).toBe(config);
  });

  it('has no request where the error is about none', () => {
    const json = JSON.parse(JSON.stringify(new TimeoutError({ ...FACTS, limit: 'deadline' }, 'withDeadline(50)')));
    expect(json).toMatchObject({ name: 'TimeoutError', limit: 'deadline' });
    expect(json).not.toHaveProperty('url');
    expect(json).not.toHaveProperty('status');
  });
});

describe('the refusal of an option', () => {
  it.each<[unknown, string]>([
    [-1, '-1'],
    ['', "''"],
    ['3s', "'3s'"],
    ['1500 ms', "'1500 ms'"],
    ['0.5', "'0.5'"],
    ['50%', "'50%'"],
    ['hunter2', 'a string of 7 characters'],
    ['Bearer s3cret', 'a string of 13 characters'],
    ['user:s3cret@host', 'a string of 16 characters'],
    ['data:,s3cret', 'a string of 12 characters'],
    ['12345678', 'a string of 8 characters'],
    ['https://api.test', "'https://api.test'"],
    ['https://api.test/', "'https://api.test/…'"],
    ['https://user:s3cret@api.test/hooks/s3cret?s3cret#s3cret', "'https://api.test/…'"],
    [['https://s3cret@api.test', 'nonsense'], "['https://api.test/…', a string of 8 characters]"],
    [() => 's3cret', 'a function'],
    [{ toString: () => 's3cret' }, '[object Object]'],
  ])('shows of %j: %s', (value, shown) => {
    expect(badOption('an.option', value, 'It takes a number.').message).toBe(`an.option: ${shown} is not valid. It takes a number.`);
  });

  it('shows no secret, whatever it was given to', async () => {
    const refused = (make: () => unknown): string => {
      try {
        make();
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('it was not refused');
    };
    await fc.assert(
      fc.property(marker, fc.string({ maxLength: 8 }), (secret, junk) => {
        const value = `${junk}${secret}`;
        const url = `https://user:${secret}@host`;
        const refusals = [
          ...['deadlineHeader', 'timeout', 'deadline', 'breaker', 'limit'].map((name) => () => createClient({ [name]: `${value} !` })),
          () => createClient({ propagateTrace: [url] }),
          () => createClient({ propagateTrace: ['https://host', value] }),
          () => createClient({ limit: { per: value as never } }),
          () => createClient({ retry: { jitter: value as never, budget: { ratio: 2 } } }),
          () => createClient({ retry: { key: value } as never }),
          () => protect(undefined as never, { apiKey: value } as never),
          () => protect(createClient(), { baseURL: url } as never),
        ];
        for (const refusal of refusals) expect(found(refused(refusal), { secret })).toEqual([]);
      }),
      { numRuns: runs(50) },
    );
  });
});

describe('the name of a request', () => {
  const junk = fc.string({ unit: fc.constantFrom(...'ab:/\\?#@&=+%.[] \n\t\u00e9\uff20'), maxLength: 6 });
  const word = fc.constantFrom('user', 'a.b', 'TOKEN', '');
  const tail = fc.constantFrom('', '/', '/a/b', '/@scope/a', '/a?b=c', '/me@example.test', ':8080/a', ':port/a');
  const prefix = fc.constantFrom(
    'https://',
    'http://',
    'HTTP://',
    'https:/',
    'https:',
    '//',
    '\\\\',
    '/\\',
    'foo://',
    'foo:',
    ' http://',
    'ht\ntp://',
    '',
  );
  const host = fc.constantFrom('api.test', 'bad host', '[::1]', '127.0.0.1', 'h\uff20st', '');
  const baseURL = fc.constantFrom(undefined, 'https://api.test', 'https://api.test/v1/', '/v1', 'http://bad host');
  const encoding = fc.constantFrom((text: string) => text.replaceAll('&', ''), encodeURIComponent, percent);
  const names = (request: object): string =>
    [redactedUrl(request), endpointOf(request), describeRequest(request), originOfRequest(request)].join('\n');

  it('has no user and no password in it, however the URL is written', () => {
    fc.assert(
      fc.property(
        marker,
        junk,
        junk,
        word,
        prefix,
        host,
        tail,
        baseURL,
        fc.boolean(),
        (secret, before, after, user, begin, to, end, base, absolute) => {
          // What stands between an @ and a slash is a host, whatever was meant; and inside a path, these end a part of it.
          fc.pre(base === undefined || !/[/\\?#]/.test(before + after));
          fc.pre(!/[@\uff20]/.test(before) || !/[/\\?#]/.test(before + after));
          const url = `${begin}${user}:x${before}${secret}${after}@${to}${end}`;
          expect(found(names({ url, baseURL: base, allowAbsoluteUrls: absolute }), { secret })).toEqual([]);
          expect(found(names({ url: '/a', baseURL: url }), { secret })).toEqual([]);
        },
      ),
      { numRuns: runs(5_000) },
    );
  });

  it.each(['@', '%40', '%2540', '%252540', '\uff20', '\ufe6b', '%EF%BC%A0'])(
    'has no password in it of a URL in the path, before %s',
    (at) => {
      for (const begin of ['http://', 'http:/', 'http:\\\\', 'http%3A%2F%2F', 'http%253A%252F%252F', 'foo:', '']) {
        const url = `/proxy/${begin}user:s3cret${at}host/a`;
        for (const request of [{ url }, { url: `https://api.test${url}` }, { url: `foo:${url}` }, { url, baseURL: 'https://api.test' }]) {
          expect(found(names(request), { secret: 's3cret' })).toEqual([]);
        }
      }
    },
  );

  it('has no value of the query in it, and no fragment', () => {
    fc.assert(
      fc.property(marker, junk, junk, prefix, host, tail, encoding, (secret, before, after, begin, to, end, encode) => {
        const value = encode(`${before}${secret}${after}`);
        for (const query of [
          `?k=${value}`,
          `?a=b&k=${value}&c`,
          `?${encode(secret)}`,
          `?${encode(secret)}=`,
          `#${value}`,
          `?a=b#k=${value}`,
        ]) {
          const url = `${begin}${to}${end.replace(/\?.*/, '')}${query}`;
          expect(found(names({ url }), { secret })).toEqual([]);
        }
        const shapes = [
          { k: value },
          { k: { deep: [value] } },
          { k: [value] },
          { k: new Date(0), l: value },
          new URLSearchParams({ k: value }),
        ];
        for (const params of shapes) expect(found(names({ url: 'http://api.test/a', params }), { secret })).toEqual([]);
      }),
      { numRuns: runs(5_000) },
    );
  });

  it('has the values in it that are allowed, and no others', () => {
    fc.assert(
      fc.property(marker, marker, fc.string({ unit: 'grapheme' }), (secret, open, name) => {
        const [key, url] = [`k${name}`, 'http://api.test/a'];
        fc.pre(key.trim() === key);
        const params = { [key]: open, other: secret, [`${key}x`]: secret };
        for (const request of [
          { url, params },
          { url: `${url}?${new URLSearchParams(params)}` },
          { url, params: new URLSearchParams(params) },
        ])
          expect(found(redactedUrl(request, [key]), { secret, open })).toEqual(['open']);
      }),
    );
  });
});
