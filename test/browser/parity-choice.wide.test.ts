// Where the user names no adapter stock axios takes XHR and a client takes fetch: what is sent, and what comes of it, is the same all the same.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/index';
import type { Answer } from '../setup/parity-site';
import { AS_XHR, type Make, type Observed, same } from './parity-support';
import { clientWith } from './support';

/** The cookie that tells whether cookies are sent. */
function cookie(text: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: in the plainest way.
  document.cookie = text;
}

beforeAll(() => cookie('told=1'));
afterAll(() => cookie('told=; max-age=0'));

const asStock = (make: Make): Promise<Observed> => same('default', make, AS_XHR);

const JSON_TYPE = { 'Content-Type': 'application/json' };

describe('what is sent', () => {
  const CONFIGS: [string, Make][] = [
    ['GET with an object', ({ at }) => ({ url: at('p'), data: { a: 1 } })],
    ['GET with an empty object, to the own origin', ({ own }) => ({ url: own('p'), data: {} })],
    ['GET with an empty string', ({ at }) => ({ url: at('p'), data: '' })],
    ['GET with null', ({ at }) => ({ url: at('p'), data: null })],
    ['GET with a form', ({ at }) => ({ url: at('p'), data: new FormData() })],
    ['HEAD with a string', ({ at }) => ({ method: 'HEAD', url: at('p'), data: 'text' })],
    ['DELETE with an empty string', ({ at }) => ({ method: 'delete', url: at('p'), data: '' })],
    ['POST with false', ({ at }) => ({ method: 'post', url: at('p'), data: false })],
    ['POST with an object', ({ at }) => ({ method: 'post', url: at('p'), data: { a: 1 } })],
    ['POST with null', ({ at }) => ({ method: 'post', url: at('p'), data: null })],
    ['POST with nothing', ({ at }) => ({ method: 'post', url: at('p') })],
    ['the type of no body, to another origin', ({ at }) => ({ url: at('p'), headers: JSON_TYPE })],
    ['the type of no body, in lower case', ({ at }) => ({ method: 'post', url: at('p'), headers: { 'content-type': 'text/x' } })],
    ['the type of a body', ({ at }) => ({ method: 'put', url: at('p'), data: 'x', headers: JSON_TYPE })],
    ['withCredentials: false', ({ own }) => ({ url: own('p'), withCredentials: false })],
    ['withCredentials: null', ({ own }) => ({ url: own('p'), withCredentials: null as never })],
    ['withCredentials: false, to another origin', ({ at }) => ({ url: at('p'), withCredentials: false })],
    ['withCredentials: true, to another origin', ({ at }) => ({ url: at('p'), withCredentials: true })],
    ['to a URL', ({ at }) => ({ url: new URL(at('p')) as never })],
    ['to what has a URL for its text', ({ at }) => ({ url: { toString: () => at('p') } as never })],
    ['a user', ({ at }) => ({ url: at('p'), auth: { username: 'u', password: 'pä' } })],
    ['a user of more than ASCII', ({ at }) => ({ url: at('p'), auth: { username: 'ü', password: 'pä' } })],
    [
      'a user in UTF-8',
      ({ at }) => ({ url: at('p'), auth: { username: 'ü', password: '' }, transitional: { encodeBasicAuthUsername: true } }),
    ],
    ['a redirect, with maxRedirects: 0', ({ at }) => ({ url: at('p', { status: 302, to: at('q') }), maxRedirects: 0 })],
    ['no withCredentials', ({ own }) => ({ url: own('p') })],
  ];
  it.each(CONFIGS)('%s', async (_what, make) => {
    const { response } = await asStock(make);
    expect(response).toMatchObject({ status: 200 });
  });

  it.each<[string, Make]>([
    ['a URL without its scheme', () => ({ url: 'localhost:3000/api' })],
    ['a base URL without its scheme', () => ({ baseURL: 'Localhost:3000', url: '/api' })],
    ['a scheme that axios does not know', () => ({ url: 'ftp://x.test/' })],
  ])('not %s, which fails as a mistake and not as the network', async (_what, make) => {
    const { error } = await asStock(make);
    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', message: expect.stringContaining('Unsupported protocol') });
  });

  it('a scheme that it knows, and a path with a colon', async () => {
    for (const url of ['data:text/plain,x', 'data:,']) await asStock(() => ({ url }));
    const { response } = await asStock(({ at }) => ({ baseURL: at(''), url: 'a:b' }));
    expect(response).toMatchObject({ status: 200 });
  });

  it('nothing twice to a URL without its scheme', async () => {
    const client = createClient();
    const attempts: unknown[] = [];
    client.on('attempt', (record) => attempts.push(record.code));
    await client.get('localhost:3000/api').catch(() => {});
    await client.close();
    expect(attempts).toEqual(['ERR_BAD_REQUEST']);
  });

  it('no user agent of axios, for which Firefox and Safari would ask other origins for leave', async () => {
    const agents: unknown[] = [];
    // Chromium's own Request has none in any case.
    class Told extends Request {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(input, init);
        if (init?.headers) agents.push(new Map(Object.entries(init.headers)).get('User-Agent'));
      }
    }
    const client = clientWith({ env: { Request: Told as never, fetch: async () => new Response() } });
    for (const headers of [{}, { 'User-Agent': 'mine' }]) await client.get('http://x.test/', { headers });
    await client.get('http://x.test/', { adapter: 'fetch' });
    expect(agents).toEqual([undefined, 'mine', expect.stringMatching(/^axios/)]);
  });
});

describe('text is read by its charset', () => {
  const inCharset = (type: string, bytes: number[]): Answer => ({ bytes, headers: { 'Content-Type': type } });
  const ANSWERS: [string, Answer][] = [
    ['latin1', inCharset('text/plain; charset=iso-8859-1', [0x63, 0xe9])],
    ['in quotes', inCharset('text/plain;format=flowed; Charset="windows-1251"', [0xcf, 0xf0])],
    ['of more bytes than one', inCharset('text/plain; charset=shift_jis', [0x83, 0x65])],
    ['JSON', inCharset('application/json; charset=latin1', [0x22, 0xe4, 0x22])],
    ['of an error', { ...inCharset('application/json; charset=latin1', [0x22, 0xe4, 0x22]), status: 404 }],
    ['that there is not', inCharset('text/plain; charset=nonsense', [0xc3, 0xa4])],
    ['that is empty', inCharset('text/plain; charset=', [0xc3, 0xa4])],
    ['of another name', inCharset('text/plain; acharset=latin1', [0xc3, 0xa4])],
    ['none', inCharset('text/plain', [0xc3, 0xa4, 0xe4])],
    ['UTF-8, with its mark', inCharset('text/plain; charset=utf-8', [0xef, 0xbb, 0xbf, 0xc3, 0xa4])],
    ['latin1, with the mark of UTF-8', inCharset('text/csv; charset=iso-8859-1', [0xef, 0xbb, 0xbf, 0xc3, 0xa4])],
    ['none, with the mark of UTF-16', inCharset('text/csv', [0xff, 0xfe, 0xe4, 0x00])],
    ['UTF-8, with the mark of UTF-16, the other way round', inCharset('text/csv; charset=utf-8', [0xfe, 0xff, 0x00, 0xe4])],
    ['one byte of a mark', inCharset('text/plain; charset=latin1', [0xef])],
    ['nothing', inCharset('text/plain; charset=latin1', [])],
  ];
  it.each(ANSWERS)('%s', async (_what, answer) => {
    for (const responseType of [undefined, 'text', 'json'] as const)
      await asStock(({ at }) => ({ url: at('p', answer), ...(responseType && { responseType }) }));
  });
});

describe('the type of a Blob is', () => {
  it.each(['application/json; charset=utf-8', 'Text/CSV;header=present', 'image/png', ' text/plain ', 'nonsense', ''])(
    'of %j',
    async (type) => {
      const headers: Record<string, string> = type ? { 'Content-Type': type } : {};
      for (const status of [200, 404]) await asStock(({ at }) => ({ url: at('p', { body: '{}', headers, status }), responseType: 'blob' }));
    },
  );
});

describe('an answer without a body', () => {
  it.each([204, 205, 304])('by %s is one, with progress or a size limit as well', async (status) => {
    for (const responseType of [undefined, 'text', 'json', 'arraybuffer'] as const)
      for (const more of [{ onDownloadProgress: () => {} }, { maxContentLength: 10 }]) {
        const { response } = await same(
          'default',
          ({ at }) => ({ url: at('p', { status, body: '' }), validateStatus: null, ...(responseType && { responseType }), ...more }),
          AS_XHR,
        );
        expect(response).toMatchObject({ status });
      }
  });
});
