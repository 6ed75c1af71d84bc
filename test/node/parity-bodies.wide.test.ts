// What is sent through a client is, byte for byte, what stock axios sends: bodies of every kind, and the headers that tell of them.
import { PassThrough, Readable } from 'node:stream';
import FormDataPackage from 'form-data';
import { describe, expect, it } from 'vitest';
import { reply } from './parity-site';
import { type Config, type Observed, parity } from './parity-support';

const held = parity();
const { same, url } = held;
/** When the server has the head of the next request: what is sent by then is not chance. */
const seen = (): Promise<void> =>
  new Promise((resolve) => {
    held.site.onRequest = resolve;
  });

/** The boundaries of forms are random, of one length. */
const boundless = (observed: Observed): unknown =>
  JSON.parse(JSON.stringify(observed).replace(/axios-[\d.]+-boundary-[\w-]+|-{20,}[\w]{10,}/g, 'boundary'));

const form = (): FormData => {
  const data = new FormData();
  data.set('name', 'välue');
  data.append('list', 'one');
  data.append('list', 'two');
  data.set('file', new File(['content'], 'fi"le.txt', { type: 'text/x-file' }));
  return data;
};
const packaged = (stream = false): FormDataPackage => {
  const data = new FormDataPackage();
  data.append('name', 'välue');
  data.append('file', stream ? Readable.from(['stream']) : Buffer.from('content'), { filename: 'a.bin' });
  return data;
};
class WithToJSON {
  readonly hidden = 1;
  toJSON(): unknown {
    return { told: this.hidden };
  }
}
class Uploaded extends Uint8Array {}

const BODIES: Record<string, () => unknown> = {
  nothing: () => undefined,
  null: () => null,
  'an empty string': () => '',
  zero: () => 0,
  false: () => false,
  true: () => true,
  'a number': () => 5.5,
  'a string': () => 'grüße 日本',
  'a string of JSON': () => ' {"a":1} ',
  'an object': () => ({ a: 'ü', nested: { b: [1, undefined, null] }, none: undefined }),
  'an empty object': () => ({}),
  'a list': () => [1, 'two', { three: 3 }],
  'a Date': () => new Date(0),
  'with toJSON': () => new WithToJSON(),
  'without a prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'a Map': () => new Map([['a', 1]]),
  'a Buffer': () => Buffer.from([0, 1, 0xff]),
  'an empty Buffer': () => Buffer.alloc(0),
  'a large Buffer': () => Buffer.alloc(1_000_000, 'abc'),
  'a large string': () => 'ü'.repeat(200_000),
  'an ArrayBuffer': () => new Uint8Array([1, 2, 3]).buffer,
  'an empty ArrayBuffer': () => new ArrayBuffer(0),
  'a Uint8Array': () => new Uint8Array([1, 2, 3]),
  'a part of a Uint8Array': () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  'a class of Uint8Array': () => new Uploaded([1, 2]),
  'a Float64Array': () => new Float64Array([1.5, -2]),
  'a DataView': () => new DataView(new ArrayBuffer(4), 1, 2),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(4),
  URLSearchParams: () => new URLSearchParams('a=b&a=c&d=ü'),
  'empty URLSearchParams': () => new URLSearchParams(),
  'a Blob': () => new Blob(['blob', new Uint8Array([0])], { type: 'text/x-blob' }),
  'a Blob without a type': () => new Blob(['blob']),
  'an empty Blob': () => new Blob([]),
  'a File': () => new File(['file'], 'name.txt', { type: 'text/x-file' }),
  FormData: form,
  'empty FormData': () => new FormData(),
  'form-data': () => packaged(),
  'form-data with a stream': () => packaged(true),
  'a stream': () => Readable.from([Buffer.from('one'), Buffer.from('two')]),
  'a stream of strings': () => Readable.from(['grüße', '日本'], { objectMode: false }),
  'an empty stream': () => Readable.from([]),
  'a stream in many parts': () => Readable.from(Array.from({ length: 300 }, (_, i) => Buffer.alloc(500, `${i}`))),
  'a stream that came to its end': () => new PassThrough().end('all'),
  'a function of its own': () => Object.assign([1], { extra: 1 }),
};
const METHODS = ['post', 'get', 'delete'] as const;

describe('bodies', () => {
  it.each(Object.keys(BODIES))('%s', async (name) => {
    const data = BODIES[name] as () => unknown;
    for (const method of METHODS) await same([], () => ({ url: url(), method, data: data() }), { alike: boundless });
    await same([], () => ({ url: url(), method: 'put', data: data(), maxRedirects: 0 }), { alike: boundless });
    await same([], () => ({ url: url('/', 'https'), method: 'patch', data: data() }), { alike: boundless });
    await same([], () => ({ url: url(), method: 'head', data: data() }), { alike: boundless });
  });
});

describe.each<[string, Config['headers']]>([
  ['JSON', { 'Content-Type': 'application/json' }],
  ['JSON, in lower case', { 'content-type': 'application/json;charset=utf-8' }],
  ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
  ['parts', { 'Content-Type': 'multipart/form-data' }],
  ['parts with a boundary', { 'Content-Type': 'multipart/form-data; boundary=our-own-boundary-here' }],
  ['text', { 'Content-Type': 'text/plain' }],
  ['no type', { 'Content-Type': null }],
  ['never a type', { 'Content-Type': false }],
])('sent as %s', (_, headers) => {
  const some = [
    'nothing',
    'a string',
    'a string of JSON',
    'an object',
    'a list',
    'a Buffer',
    'URLSearchParams',
    'a Blob',
    'FormData',
    'form-data',
    'a stream',
    'a number',
  ];
  it.each(some)('%s', async (name) => {
    await same([], () => ({ url: url(), method: 'post', headers, data: (BODIES[name] as () => unknown)() }) as Config, {
      alike: boundless,
    });
  });
});

describe.each<[string, Config['headers']]>([
  ['a length', { 'Content-Length': 3 }],
  ['a length in lower case', { 'content-length': '3' }],
  ['chunks', { 'Transfer-Encoding': 'chunked' }],
  ['an expectation', { Expect: '100-continue' }],
  ['an encoding', { 'Content-Encoding': 'gzip' }],
])('sent with %s', (_, headers) => {
  it.each(['nothing', 'a Buffer', 'a stream', 'a Blob'])('%s', async (name) => {
    const data = (): unknown => (name === 'a stream' ? Readable.from([Buffer.from('two')]) : (BODIES[name] as () => unknown)());
    if (name === 'a Blob' && 'Content-Length' in (headers as object)) headers = {};
    for (const method of ['post', 'get']) {
      if (name === 'nothing' && /length/i.test(Object.keys(headers as object).join())) continue;
      await same([], () => ({ url: url(), method, headers, data: data() }) as Config);
    }
  });
});

describe('streams', () => {
  const failing = (): Readable => {
    const begun = seen();
    return Readable.from(
      (async function* () {
        yield Buffer.from('one');
        await begun;
        throw Object.assign(new Error('disk'), { code: 'EIO' });
      })(),
    );
  };

  it('that fail', async () => {
    for (const maxRedirects of [0, 5]) await same([], () => ({ url: url(), method: 'post', data: failing(), maxRedirects }));
    await same([], () => ({ url: url(), method: 'post', data: failing(), onUploadProgress: () => {} }));
    await same([], () => ({ url: url(), method: 'post', data: failing(), maxBodyLength: 100 }));
  });

  it('that fail at once, or are destroyed', async () => {
    const destroyed = (): Readable => new Readable({ read: () => {} }).on('error', () => {}).destroy();
    for (const maxRedirects of [0, 5]) {
      const broken = (): Readable =>
        new Readable({
          read() {
            this.destroy(new Error('at once'));
          },
        });
      await same([], () => ({ url: url(), method: 'post', data: broken(), maxRedirects }));
      await same([], () => ({ url: url(), method: 'post', data: destroyed(), maxRedirects }), { patience: 60 });
    }
  });

  it('that close before their end', async () => {
    const closing = (): Readable => {
      const stream = new PassThrough();
      stream.write('one');
      seen().then(() => stream.destroy());
      return stream;
    };
    for (const maxRedirects of [0, 5]) await same([], () => ({ url: url(), method: 'post', data: closing(), maxRedirects }));
  });

  it.each([-1, 0, 5, 6, 7])('of six bytes, with maxBodyLength %d', async (maxBodyLength) => {
    const names = ['a stream', 'a Blob', 'FormData'];
    for (const name of names) {
      for (const maxRedirects of [0, 5]) {
        const data = (): unknown => (BODIES[name] as () => unknown)();
        await same([], () => ({ url: url(), method: 'post', data: data(), maxBodyLength, maxRedirects }), { alike: boundless });
      }
    }
  });

  it('that are answered before they end', async () => {
    const slow = (): Readable =>
      Readable.from(
        (async function* () {
          for (const part of ['one', 'two']) {
            yield Buffer.from(part);
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        })(),
      );
    const { outcome } = await same([{ early: true, send: [reply({ body: 'early' })] }], () => ({
      url: url(),
      method: 'post',
      data: slow(),
    }));
    expect(outcome.fulfilled.data).toBe('early');
  });
});
