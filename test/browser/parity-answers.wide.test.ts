// What an answer becomes in a page is what stock axios makes of it: statuses, types, empty bodies, broken ones, errors, redirects.
import type { AxiosResponse, ResponseType } from 'axios';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../setup/parity-site';
import { AS_XHR, CHOICES, type Choice, type Make, type Options, same } from './parity-support';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const HTML = { body: '<title>ä title</title><p>text', headers: { 'Content-Type': 'text/html; charset=utf-8' } };
const FORM = { 'Content-Type': 'multipart/form-data; boundary=x' };
const PARTS = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n';

const ANSWERS: [string, Answer][] = [
  ['JSON', { body: '{"a":[1,"ä"]}', headers: JSON_TYPE }],
  ['JSON that is broken', { body: '{"a":', headers: JSON_TYPE }],
  ['JSON with a byte order mark', { bytes: [0xef, 0xbb, 0xbf, 0x7b, 0x7d], headers: JSON_TYPE }],
  ['JSON of a number', { body: '5', headers: JSON_TYPE }],
  ['text', { body: 'tëxt', headers: { 'Content-Type': 'text/plain' } }],
  ['text of another charset', { bytes: [0xe4, 0x20], headers: { 'Content-Type': 'text/plain; charset=latin1' } }],
  ['text of no known type', { body: 'text', headers: { 'X-A': '1', 'x-b': 'two, three' } }],
  ['bytes that are no UTF-8', { bytes: [0xff, 0xfe, 0x41, 0xc3], headers: { 'Content-Type': 'application/octet-stream' } }],
  ['HTML', HTML],
  ['a form', { body: PARTS, headers: FORM }],
  ['a form that is none', { body: 'no parts', headers: FORM }],
  ['a zipped one', { gzip: true }],
  ['pieces', { chunks: ['{"a":', '"', 'ä'.slice(0, 1), '"}'], body: '' }],
  ['nothing', { body: '' }],
  ['nothing, as JSON', { body: '', headers: JSON_TYPE }],
  ['a large one', { size: 300_000 }],
  ['204', { status: 204 }],
  ['205', { status: 205, body: '' }],
  ['206', { status: 206, body: 'part' }],
  ['304', { status: 304 }],
  ['400', { status: 400, body: '{"why":"because"}', headers: JSON_TYPE }],
  ['404 with broken JSON', { status: 404, body: '{"why":', headers: JSON_TYPE }],
  ['418 with words of its own', { status: 418, statusText: 'Short And Stout' }],
  ['a status without words', { status: 299, statusText: '' }],
  ['words that are no ASCII', { status: 200, statusText: 'caf\u00e9' }],
  ['500', { status: 500 }],
  ['503 without a body', { status: 503, body: '' }],
  ['599', { status: 599 }],
  ['a status that no Response can be made with', { status: 999, body: 'denied' }],
  ['a redirect that leads nowhere', { status: 302 }],
  ['300', { status: 300 }],
  ['a body that is cut', { cut: 'in body', body: 'begun' }],
  ['nothing from another origin that may not be seen', { cors: false }],
];

const TYPES: ResponseType[] = ['json', 'text', 'blob', 'arraybuffer', 'document', 'stream', 'formdata'];

describe.each(TYPES)('as %s', (responseType) => {
  // Only XHR makes documents, and a client that chooses for itself knows.
  const choices: Choice[] = responseType === 'document' ? CHOICES : ['fetch', 'xhr'];
  describe.each(choices)('by %s', (choice) => {
    it.each(ANSWERS)('%s', async (_what, answer) => {
      await same(choice, ({ at }) => ({ url: at('path', answer), responseType }), { stock: 'xhr' });
    });

    it('a HEAD', async () => {
      await same(choice, ({ at }) => ({ method: 'head', url: at('path', HTML), responseType }), { stock: 'xhr' });
    });
  });
});

describe.each(CHOICES)('by %s', (choice) => {
  // To fetch all text is UTF-8, and a redirect may be left; a client that chooses for itself goes by marks and charset, and on, as XHR does.
  const AS_BY_XHR = ['text of another charset', 'bytes that are no UTF-8', 'that may not be followed'];
  const asFor = (what: string): Options => (choice === 'default' && AS_BY_XHR.includes(what) ? AS_XHR : {});

  it.each(ANSWERS)('%s', async (what, answer) => {
    await same(choice, ({ at }) => ({ url: at('path', answer) }), asFor(what));
  });

  it.each(ANSWERS)('without JSON.parse and with every status: %s', async (what, answer) => {
    await same(choice, ({ at }) => ({ url: at('path', answer), validateStatus: null, transformResponse: [] }), asFor(what));
  });

  it.each(ANSWERS)('within a size: %s', async (_what, answer) => {
    // Of a status without a body axios' fetch adapter can make no Response in Chromium.
    const as = choice === 'default' && [204, 205, 304].includes(answer.status ?? 200) ? AS_XHR : {};
    await same(choice, ({ at }) => ({ url: at('path', answer), maxContentLength: 10 }), as);
  });

  it('a HEAD has its headers', async () => {
    const { response } = await same(choice, ({ at }) => ({ method: 'head', url: at('path', { headers: { 'Content-Length': '5' } }) }));
    expect(response).toMatchObject({ data: '', headers: { 'content-length': '5' } });
  });

  const VARIANTS: [string, Make][] = [
    ['a server that is not there', () => ({ url: 'http://127.0.0.1:1/' })],
    ['transitional: silent JSON', ({ at }) => ({ url: at('p', { body: '{' }), transitional: { silentJSONParsing: false } })],
    ['transitional: forced JSON', ({ at }) => ({ url: at('p', { body: '{"a":1}' }), transitional: { forcedJSONParsing: false } })],
    ['broken JSON that must be JSON', ({ at }) => ({ url: at('p', { body: '{' }), responseType: 'json' })],
    ['parseReviver', ({ at }) => ({ url: at('p', { body: '{"a":1}' }), parseReviver: (_: string, value: unknown) => value ?? 0 })],
    [
      'a transform that is told all',
      ({ at, log }) => ({
        url: at('p', { status: 404, body: '{"a":1}', headers: { 'X-A': '1' } }),
        transformResponse: [
          (data, headers, status) => {
            log(data, headers['x-a'], status);
            return { wrapped: data };
          },
        ],
      }),
    ],
    [
      'a transform that throws',
      ({ at }) => ({
        url: at('p'),
        transformResponse: () => {
          throw new TypeError('not this one');
        },
      }),
    ],
    [
      'a request transform that throws',
      ({ at }) => ({
        method: 'post',
        url: at('p'),
        transformRequest: () => {
          throw new TypeError('not this one');
        },
      }),
    ],
    ['validateStatus', ({ at }) => ({ url: at('p', { status: 404 }), validateStatus: (status) => status === 404 })],
    ['validateStatus that refuses 200', ({ at }) => ({ url: at('p'), validateStatus: () => false })],
    [
      'maxContentLength where the size is not told',
      ({ at }) => ({ url: at('p', { chunks: ['12345', '67890', 'abc'] }), maxContentLength: 12 }),
    ],
    ['maxContentLength of a zipped one', ({ at }) => ({ url: at('p', { gzip: true, size: 5_000 }), maxContentLength: 1_000 })],
    [
      'maxContentLength of a stream',
      ({ at }) => ({ url: at('p', { chunks: ['12345', '67890'] }), maxContentLength: 7, responseType: 'stream' }),
    ],
    ['maxContentLength of a data: URL', () => ({ url: 'data:text/plain,12345678', maxContentLength: 4 })],
    ['maxBodyLength', ({ at }) => ({ method: 'post', url: at('p'), data: 'x'.repeat(100), maxBodyLength: 10 })],
    ['maxBodyLength of a form', ({ at }) => ({ method: 'post', url: at('p'), data: new FormData(), maxBodyLength: 10 })],
    ['maxBodyLength that is kept', ({ at }) => ({ method: 'post', url: at('p'), data: new Blob(['x']), maxBodyLength: 10 })],
    ['what only Node has', ({ at }) => ({ url: at('p'), maxRate: 10, decompress: false, socketPath: null, beforeRedirect: () => {} })],
    ['responseEncoding', ({ at }) => ({ url: at('p', { body: 'ä' }), responseEncoding: 'latin1' })],
    ['a responseType that is none', ({ at }) => ({ url: at('p'), responseType: 'nothing' as 'text' })],
    ['the whole response', ({ at }) => ({ url: at('p'), responseType: 'response' as 'text' })],
  ];
  it.each(VARIANTS)('%s', async (_what, make) => {
    await same(choice, make);
  });

  const authorized = { headers: { Authorization: 'Bearer x', 'X-A': '1' } };
  const REDIRECTS: [string, Make][] = [
    ['to the same origin', ({ at }) => ({ url: at('p', { status: 302, to: 'q' }), ...authorized })],
    ['to another origin', ({ at, other }) => ({ url: at('p', { status: 307, to: other('q') }), ...authorized })],
    ['of a POST by 303', ({ at }) => ({ method: 'post', data: { a: 1 }, url: at('p', { status: 303, to: 'q' }) })],
    ['of a POST by 308', ({ at }) => ({ method: 'post', data: { a: 1 }, url: at('p', { status: 308, to: 'q' }) })],
    ['in a circle', ({ at }) => ({ url: at('p', { status: 302, to: '?answer={"status":302,"to":""}' }) })],
    ['that may not be followed', ({ at }) => ({ url: at('p', { status: 302, to: 'q' }), maxRedirects: 0 })],
    ['that may not be followed, by fetch', ({ at }) => ({ url: at('p', { status: 302, to: 'q' }), fetchOptions: { redirect: 'error' } })],
    ['that is shown, by fetch', ({ at }) => ({ url: at('p', { status: 302, to: 'q' }), fetchOptions: { redirect: 'manual' } })],
    ['to where it may not be seen', ({ at, other }) => ({ url: at('p', { status: 302, to: other('q', { cors: false }) }) })],
  ];
  it.each(REDIRECTS)('a redirect %s', async (what, make) => {
    await same(choice, make, asFor(what));
  });

  it('a cut connection', async () => {
    // Chromium sends once more what it had sent on a connection that was idle before.
    const alike = ({ seen, ...rest }: { seen: unknown[] }) => ({ ...rest, seen: seen[0] });
    const { error } = await same(choice, ({ at }) => ({ url: at('p', { cut: 'at once' }) }), { alike });
    expect(error).toMatchObject({ code: 'ERR_NETWORK', message: 'Network Error' });
  });

  it('validateStatus that throws', async () => {
    const validateStatus = (): never => {
      throw new TypeError('not this one');
    };
    // By XHR it leaves a stock request without an end.
    if (choice !== 'xhr') await same(choice, ({ at }) => ({ url: at('p'), validateStatus }));
  });

  it('a stream is read as it comes', async () => {
    const read = async (instance: { request(config: object): Promise<AxiosResponse> }, config: object): Promise<unknown> => {
      const response = await instance.request(config);
      if (!(response.data instanceof ReadableStream)) return response;
      const [one, two] = response.data.tee();
      const [first, second] = await Promise.all([new Response(one).text(), new Response(two).arrayBuffer()]);
      return { ...response, data: [first, second.byteLength] };
    };
    await same(choice, ({ at }) => ({ url: at('p', { chunks: ['one', 'two', 'three'] }), responseType: 'stream' }), { call: read });
  });
});
