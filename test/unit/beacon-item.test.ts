// What becomes of a beacon's data: bytes at once, or a refusal with a reason, never a throw.

import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { A, setUp, textOf } from './beacon-support';

const circle: Record<string, unknown> = {};
circle.self = circle;
const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('get');
    },
    ownKeys: () => {
      throw new Error('ownKeys');
    },
    getPrototypeOf: () => {
      throw new Error('getPrototypeOf');
    },
  },
);
const throwing = {
  get value(): string {
    throw new Error('getter');
  },
};
const circularError = new Error('circular');
circularError.cause = circularError;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('a beacon is refused, and counted, where its data', () => {
  it.each<[string, unknown]>([
    ['is a circle', circle],
    ['is a BigInt', 10n],
    ['holds a BigInt', { n: 1n }],
    ['is a symbol', Symbol('s')],
    ['is a function', () => 1],
    ['has a getter that throws', throwing],
    [
      'has a toJSON that throws',
      {
        toJSON() {
          throw new Error('toJSON');
        },
      },
    ],
    ['has a toJSON that makes nothing', { toJSON: () => undefined }],
    ['is a Proxy that throws', hostile],
    ['is a revoked Proxy', revoked()],
    ['is a Blob, which cannot be read at once', new Blob(['x'])],
    ['is a File', new File(['x'], 'x.txt')],
    ['is a FormData, whose size nobody knows', new FormData()],
    ['is a stream', new ReadableStream()],
    ['is a stream of Node', Readable.from(['x'])],
    ['is a promise', Promise.resolve(1)],
    ['is a promise that is somebody’s own', Object.assign(Promise.resolve(1), { state: null })],
    ['is a Response', new Response('x')],
    ['is a Request', new Request(A)],
    ['is a Headers', new Headers({ a: '1' })],
    ['is a Map', new Map([[1, 2]])],
    ['is a Set', new Set([1])],
    ['is shared memory', new SharedArrayBuffer(8)],
  ])('%s', (_, data) => {
    const { channel, beacon, events } = setUp();
    expect(beacon(data)).toBe(false);
    expect(channel.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 0, dropped: { serialize_error: 1 } });
    vi.advanceTimersByTime(1_000);
    expect(events).toEqual([{ reason: 'serialize_error', count: 1, bytes: 0, url: A }]);
    expect(beacon(data, { batch: true })).toBe(false);
  });

  it.each<[string, unknown]>([
    ['options is a Proxy that throws', hostile],
    ['a header cannot be text', { headers: { a: hostile } }],
    ['the content type cannot be text', { contentType: hostile }],
    ['headers has a getter that throws', { headers: throwing }],
    ['the batch is a Proxy that throws', { batch: hostile }],
  ])('is fine, but %s', (_, options) => {
    const { channel, beacon } = setUp();
    expect(beacon('x', options as object)).toBe(false);
    expect(channel.stats().dropped).toEqual({ serialize_error: 1 });
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('a beacon is refused where its URL', () => {
  it.each<[string, unknown, string]>([
    ['is missing', undefined, ''],
    ['is null', null, ''],
    ['is empty', '', ''],
    ['is relative to nothing', '/collect?token=secret', '/collect'],
    ['cannot be parsed', 'http://', 'http://'],
    ['has a bad port', 'http://me:pw@a.test:99999/', 'http://a.test:99999/'],
    ['is not HTTP', 'ftp://me:pw@a.test/?token=secret', 'ftp://a.test/?token=REDACTED'],
    ['is data', 'data:text/plain,secret', 'data:'],
    ['is a number', 7, ''],
    ['is a symbol', Symbol('s'), ''],
    ['is an object whose toString throws', hostile, ''],
  ])('%s, and is named as far as may be', (_, url, shown) => {
    const { channel, events } = setUp();
    expect(channel.accept(url as string, {}, 'x', {})).toBe(false);
    expect(channel.stats().dropped).toEqual({ invalid_url: 1 });
    vi.advanceTimersByTime(1_000);
    expect(events[0]?.url).toBe(shown);
  });

  it('is relative to a baseURL that is none', () => {
    const { channel } = setUp();
    for (const baseURL of [7, {}, Symbol('s'), hostile]) expect(channel.accept('/x', { baseURL: baseURL as string }, 'x', {})).toBe(false);
    expect(channel.stats().dropped).toEqual({ invalid_url: 4 });
  });
});

it('takes null for options, and a baseURL for a relative URL', async () => {
  const { channel, requests } = setUp();
  expect(channel.accept('/c?x=1', { baseURL: 'http://a.test/v1/' }, 1, null as unknown as object)).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(requests.map(({ item }) => item.url)).toEqual(['http://a.test/v1/c?x=1']);
});

it('goes to the baseURL itself, as it is, where its URL is empty', async () => {
  const { channel, requests } = setUp();
  expect(channel.accept('', { baseURL: 'http://a.test/v1' }, 1, {})).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(requests.map(({ item }) => item.url)).toEqual(['http://a.test/v1']);
});

it('takes no absolute URL for one where the client does not', async () => {
  const { channel, requests } = setUp();
  for (const allowAbsoluteUrls of [false, true]) {
    expect(channel.accept('http://b.test/c', { baseURL: 'http://a.test/v1', allowAbsoluteUrls }, 1, {})).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(requests.map(({ item }) => item.url)).toEqual(['http://a.test/v1/http://b.test/c', 'http://b.test/c']);
});

it('refuses what is larger than the channel, and takes what is exactly as large', () => {
  const { channel, beacon } = setUp();
  expect(beacon('x'.repeat(10 * 1024 * 1024))).toBe(false);
  expect(beacon('ü'.repeat(128 * 1024 + 1))).toBe(false); // two bytes each
  expect(channel.stats().dropped).toEqual({ payload_too_large: 2 });
  expect(beacon('ü'.repeat(128 * 1024))).toBe(true);
  expect(channel.stats().bytes).toBe(256 * 1024);
});

describe('is sent as', () => {
  it.each<[string, unknown, string, string | undefined]>([
    ['JSON', { a: [1, null] }, '{"a":[1,null]}', 'text/plain;charset=UTF-8'],
    ['the string it is', 'hello', 'hello', 'text/plain;charset=UTF-8'],
    ['null', null, 'null', 'text/plain;charset=UTF-8'],
    ['an object without anything', {}, '{}', 'text/plain;charset=UTF-8'],
    ['what its toJSON makes', Object.assign(new TypeError('x'), { toJSON: () => ({ a: 1 }) }), '{"a":1}', 'text/plain;charset=UTF-8'],
    ['nothing', undefined, '', undefined],
    ['a form', new URLSearchParams({ a: '1 2' }), 'a=1+2', 'application/x-www-form-urlencoded;charset=UTF-8'],
    ['bytes', new Uint8Array([104, 105]).buffer, 'hi', undefined],
    ['the bytes of a view', new Uint8Array([120, 104, 105]).subarray(1), 'hi', undefined],
    ['the bytes of shared memory', sharedView('hi'), 'hi', undefined],
  ])('%s', async (_, data, text, type) => {
    const { beacon, requests } = setUp();
    expect(beacon(data)).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    const item = requests[0]?.item;
    expect(item && textOf(item)).toBe(text);
    expect(item?.contentType).toBe(type);
    expect(item?.body.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it.each([false, true])('what an error says, also inside the data; in a batch: %s', async (batch) => {
    const { channel, beacon, requests } = setUp();
    const error = Object.assign(new TypeError('boom'), { code: 'E1' });
    const told = { name: 'TypeError', message: 'boom', stack: error.stack, code: 'E1' };
    beacon(error, { batch });
    beacon({ page: 1, errors: [error] }, { batch });
    void channel.flush();
    const sent = requests.flatMap(({ item }) => JSON.parse(textOf(item)) as unknown);
    expect(sent).toEqual([told, { page: 1, errors: [told] }]);
  });

  it('what an error of another realm says, also behind another', () => {
    const { channel, beacon, requests } = setUp();
    const foreign = runInNewContext('new TypeError("boom", { cause: new Error("within") })');
    const told = { name: 'TypeError', message: 'boom', cause: { message: 'within' } };
    expect([foreign, { errors: [foreign] }, new Error('here', { cause: foreign })].map((data) => beacon(data, { batch: true }))).toEqual([
      true,
      true,
      true,
    ]);
    void channel.flush();
    const sent = requests.flatMap(({ item }) => JSON.parse(textOf(item)) as unknown);
    expect(sent).toMatchObject([told, { errors: [told] }, { message: 'here', cause: told }]);
  });

  it.each([false, true])('what lies behind an error: its cause, and the errors of an AggregateError; in a batch: %s', async (batch) => {
    const { channel, beacon, requests } = setUp();
    const [refused, all] = [new TypeError('refused'), new AggregateError([new RangeError('first')], '')];
    beacon(new Error('no prices', { cause: refused }), { batch });
    beacon(all, { batch });
    void channel.flush();
    const sent = requests.flatMap(({ item }) => JSON.parse(textOf(item)) as unknown);
    expect(sent).toEqual([
      expect.objectContaining({ message: 'no prices', cause: { name: 'TypeError', message: 'refused', stack: refused.stack } }),
      expect.objectContaining({ name: 'AggregateError', errors: [expect.objectContaining({ name: 'RangeError', message: 'first' })] }),
    ]);
  });

  it('what lies behind an error without axios’ config of it, in which there are credentials', async () => {
    const { beacon, requests } = setUp();
    const config = { headers: { authorization: 'Bearer secret' } } as unknown as InternalAxiosRequestConfig;
    const refused = new AxiosError('refused', 'ECONNREFUSED', config);
    beacon(new Error('no prices', { cause: refused }));
    beacon(new AggregateError([refused, new Error('other', { cause: refused })], 'all failed'));
    await vi.advanceTimersByTimeAsync(1);
    const [cause, all] = requests.map(({ item }) => textOf(item)) as [string, string];
    expect(JSON.parse(cause).cause).toMatchObject({ name: 'AxiosError', message: 'refused', code: 'ECONNREFUSED', stack: refused.stack });
    expect(JSON.parse(all).errors).toMatchObject([{ code: 'ECONNREFUSED' }, { message: 'other', cause: { code: 'ECONNREFUSED' } }]);
    expect(cause + all).not.toContain('secret');
  });

  it('nothing of a cause that is an object but no error: there may be one of axios in it', async () => {
    const { beacon, requests } = setUp();
    const refused = new AxiosError('refused', 'ECONNREFUSED', { headers: { authorization: 'Bearer secret' } } as never);
    beacon(new Error('one', { cause: { refused } }));
    beacon(new Error('all', { cause: [{ status: 'rejected', reason: refused }] }));
    await vi.advanceTimersByTimeAsync(1);
    const told = requests.map(({ item }) => JSON.parse(textOf(item)));
    expect(told.map(({ message, cause }) => [message, cause])).toEqual([
      ['one', undefined],
      ['all', undefined],
    ]);
  });

  it.each([
    ['is circular', circularError],
    ['throws when it is read', hostile],
    ['is a BigInt', 10n],
  ])('the error alone, where what lies behind it %s', async (_, cause) => {
    const { beacon, requests } = setUp();
    const error = new AggregateError([new Error('first', { cause })], 'all failed');
    expect(beacon({ error, page: 1 })).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    const told = { name: 'AggregateError', message: 'all failed', stack: error.stack };
    expect(requests.map(({ item }) => JSON.parse(textOf(item)))).toEqual([{ error: told, page: 1 }]);
  });

  it('it was when it was accepted, whatever is done to it afterwards', async () => {
    const { beacon, requests } = setUp();
    const [data, bytes] = [{ a: 1 }, new Uint8Array([65])];
    beacon(data);
    beacon(bytes);
    data.a = 2;
    bytes[0] = 66;
    await vi.advanceTimersByTimeAsync(1);
    expect(requests.map(({ item }) => textOf(item))).toEqual(['{"a":1}', 'A']);
  });

  it('the type and with the headers that were asked for', async () => {
    const { beacon, requests } = setUp();
    beacon({}, { contentType: 'application/json', headers: { 'x-n': 1 } });
    await vi.advanceTimersByTimeAsync(1);
    expect(requests[0]?.item).toMatchObject({ contentType: 'application/json', headers: { 'x-n': '1' } });
  });

  it.each([undefined, null, false])('what has no header of which the value is %s, as in axios', async (value) => {
    const { beacon, requests } = setUp();
    beacon({}, { headers: { 'x-user': value, 'x-n': 0, 'x-empty': '' } });
    await vi.advanceTimersByTimeAsync(1);
    expect(requests[0]?.item.headers).toEqual({ 'x-n': '0', 'x-empty': '' });
  });
});

function sharedView(text: string): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(text.length));
  view.set(new TextEncoder().encode(text));
  return view;
}
