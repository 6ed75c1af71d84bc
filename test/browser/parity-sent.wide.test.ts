// What a request sends in a page is, byte by byte, what stock axios sends: methods, bodies, params, headers.
import { describe, expect, it } from 'vitest';
import { AS_XHR, CHOICES, type Make, same } from './parity-support';

const bytes = new Uint8Array([0, 1, 127, 128, 255]);
const blob = (): Blob => new Blob(['a blob'], { type: 'text/x-blob' });

function form(): FormData {
  const form = new FormData();
  form.append('name', 'välue');
  form.append('file', new File(['in a file'], 'a.txt', { type: 'text/plain' }));
  form.append('blob', blob());
  return form;
}

const BODIES: [string, Make][] = [
  ['null', () => ({ data: null })],
  ['nothing', () => ({})],
  ['a string', () => ({ data: 'text' })],
  ['an empty string', () => ({ data: '' })],
  ['a string as JSON', () => ({ data: 'text', headers: { 'Content-Type': 'application/json' } })],
  ['an object', () => ({ data: { a: 1, b: [null, 'ü'] } })],
  [
    'an object as a form',
    () => ({ data: { a: 1, b: [1, 2], c: { d: 'e' } }, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }),
  ],
  ['an object as multipart', () => ({ data: { a: 1, f: blob() }, headers: { 'Content-Type': 'multipart/form-data' } })],
  ['an array', () => ({ data: [1, 'two'] })],
  ['a number', () => ({ data: 5 })],
  ['false', () => ({ data: false })],
  ['a Date', () => ({ data: new Date(0) })],
  ['FormData', () => ({ data: form() })],
  ['FormData with a content type', () => ({ data: form(), headers: { 'Content-Type': 'multipart/form-data' } })],
  ['FormData with a boundary', () => ({ data: form(), headers: { 'Content-Type': 'multipart/form-data; boundary=Mine' } })],
  ['FormData as JSON', () => ({ data: form(), headers: { 'Content-Type': 'application/json' } })],
  ['FormData within a size', () => ({ data: form(), maxBodyLength: 10_000 })],
  ['a Blob', () => ({ data: blob() })],
  ['a Blob with another type', () => ({ data: blob(), headers: { 'Content-Type': 'image/png' } })],
  ['a File', () => ({ data: new File(['in a file'], 'a.txt', { type: 'text/plain' }) })],
  [
    'URLSearchParams',
    () => ({
      data: new URLSearchParams([
        ['a', '1 2'],
        ['a', 'ü'],
      ]),
    }),
  ],
  ['an ArrayBuffer', () => ({ data: bytes.slice().buffer })],
  ['a Uint8Array', () => ({ data: bytes.slice() })],
  ['a view of a part', () => ({ data: bytes.slice().subarray(1, 3) })],
  ['a Float32Array', () => ({ data: new Float32Array([1.5]) })],
  ['a DataView', () => ({ data: new DataView(bytes.slice().buffer) })],
  [
    'what transformRequest makes',
    () => ({ data: { a: 1 }, transformRequest: [(data) => ({ ...data, b: 2 }), (data) => JSON.stringify(data)] }),
  ],
  [
    'what transformRequest says in a header',
    () => ({
      data: 'x',
      transformRequest: (data, headers) => {
        headers.set('X-Length', String(data.length));
        return data;
      },
    }),
  ],
];

/** What fetch sends in other bytes than XHR, meaning the same: another boundary, `utf-8` in small letters. */
const IN_OTHER_BYTES = ['FormData with a boundary', 'FormData within a size', 'URLSearchParams'];

describe.each(CHOICES)('by %s', (choice) => {
  const as = choice === 'default' ? AS_XHR : {};
  it.each(['get', 'delete', 'head', 'options', 'post', 'put', 'patch', 'query', 'PURGE', 'Post'])('%s', async (method) => {
    const { response } = await same(choice, ({ at }) => ({ method, url: at('path'), headers: { 'X-A': '1' } }), as);
    expect(response).toMatchObject({ status: 200 });
  });

  it.each(BODIES)('a POST of %s', async (what, make) => {
    await same(choice, (kit) => ({ method: 'post', url: kit.at('path'), ...make(kit) }), IN_OTHER_BYTES.includes(what) ? {} : as);
  });

  it.each(['put', 'patch', 'delete', 'get', 'query'])('%s with a body', async (method) => {
    await same(choice, ({ at }) => ({ method, url: at('path'), data: { a: 1 } }), as);
  });

  const PARAMS: [string, Make][] = [
    ['a plain object', () => ({ params: { a: 1, b: 'x y&z', c: null, d: undefined, e: [1, 2], f: { g: new Date(0) } } })],
    ['URLSearchParams', () => ({ params: new URLSearchParams('a=1&a=2') })],
    ['indexes', () => ({ params: { e: [1, 2] }, paramsSerializer: { indexes: null } })],
    ['encode', () => ({ params: { e: 'ä b' }, paramsSerializer: { encode: (value: string) => `<${value}>` } })],
    ['serialize', () => ({ params: { e: 1 }, paramsSerializer: { serialize: (params: object) => `all=${Object.keys(params)}` } })],
    ['a fragment', ({ at }) => ({ url: `${at('path')}#part`, params: { a: 1 } })],
  ];
  it.each(PARAMS)('params: %s', async (_what, make) => {
    await same(choice, (kit) => ({ url: kit.at('path'), ...make(kit) }));
  });

  const PLACES: [string, Make][] = [
    ['a relative URL', ({ relative }) => ({ url: relative('path') })],
    ['baseURL that is relative', ({ relative }) => ({ baseURL: relative(''), url: '/below' })],
    ['baseURL and an absolute URL', ({ at, relative }) => ({ baseURL: relative(''), url: at('path') })],
    ['baseURL and an absolute URL that may not be', ({ at }) => ({ baseURL: at(''), url: 'http://x.test/', allowAbsoluteUrls: false })],
    ['no URL but a baseURL', ({ at }) => ({ baseURL: at('base') })],
    ['a URL without a scheme', ({ at }) => ({ url: at('path').replace('http:', '') })],
    [
      'a blob: URL',
      () => ({ url: URL.createObjectURL(new Blob(['{"a":1}'], { type: 'application/json' })), headers: { 'X-A': undefined } }),
    ],
    ['a data: URL', () => ({ url: 'data:application/json,%7B%22a%22%3A1%7D' })],
    ['a URL that is none', () => ({ url: 'http://' })],
    ['a header that cannot be sent', ({ at }) => ({ url: at('path'), headers: { 'bad name': '1' } })],
    ['a header that may not be sent', ({ at }) => ({ url: at('path'), headers: { Host: 'x', Cookie: 'a=b' } })],
    [
      'headers of many kinds',
      ({ at }) => ({ url: at('path'), headers: { 'X-N': 1, 'X-L': ['a', 'b'], 'X-F': false, 'X-U': 'ü', Accept: 'text/html' } }),
    ],
    ['auth', ({ at }) => ({ url: at('path'), auth: { username: 'u', password: 'pä:s' } })],
    [
      'auth over a header',
      ({ at }) => ({ url: at('path'), auth: { username: 'u', password: '' }, headers: { Authorization: 'Bearer x' } }),
    ],
    ['a user in the URL', ({ at }) => ({ url: at('path').replace('//', '//us%40er:pass@') })],
  ];
  it.each(PLACES)('%s', async (_what, make) => {
    await same(choice, (kit) => make(kit));
  });

  it('a protocol that it does not know', async () => {
    await same(choice, () => ({ url: 'gopher://x.test/' }), { stock: 'xhr' });
  });

  it('the short forms of an instance', async () => {
    for (const name of ['get', 'delete', 'head', 'options'] as const)
      await same(choice, () => ({ headers: { 'X-A': '1' } }), {
        create: ({ at }) => ({ baseURL: at('') }),
        call: (i, c) => i[name]('p', c),
      });
    for (const name of ['post', 'put', 'patch', 'postForm', 'putForm', 'patchForm'] as const)
      await same(choice, () => ({}), { create: ({ at }) => ({ baseURL: at('') }), call: (i, c) => i[name]('p', { a: [1, 2] }, c) });
    await same(choice, () => ({}), { create: ({ at }) => ({ baseURL: at('') }), call: (instance) => instance('p') });
  });
});

describe('a stream sent by fetch', () => {
  const stream = (): ReadableStream => new Blob(['streamed']).stream();
  it('is what Chromium refuses over HTTP/1.1', async () => {
    const { error } = await same('fetch', ({ own }) => ({ method: 'post', url: own('path'), data: stream() }));
    expect(error).toMatchObject({ code: 'ERR_NETWORK' });
  });

  const read = async (request: unknown): Promise<Response> => new Response(`read: ${await (request as Request).text()}`);
  it.each([{}, { maxBodyLength: 100 }, { maxBodyLength: 5 }])('is counted with %o', async (limit) => {
    await same('fetch', ({ own }) => ({ method: 'post', url: own('path'), data: stream(), env: { fetch: read }, ...limit }));
  });
});
