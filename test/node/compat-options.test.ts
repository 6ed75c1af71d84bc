// axios' own options keep their meaning under protection, on axios' http adapter in Node.
import { Readable } from 'node:stream';
import axios, { type AxiosProgressEvent } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, createClient, type RequestConfig } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, timeoutOf } from './failures';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'tls-healthy', 'slow-reader', 'unix-healthy'] });
});
afterAll(() => lab.close());
beforeEach(() => {
  client = createClient({ baseURL: lab.url('healthy'), proxy: false });
});
afterEach(() => client.close());

/** What plain axios does with the same request: status and data, or the error's code and message. */
async function both(config: RequestConfig): Promise<[ours: unknown, theirs: unknown]> {
  const plain = axios.create({ baseURL: lab.url('healthy'), proxy: false });
  const told = (promise: Promise<{ status: number; data: unknown }>): Promise<unknown> =>
    promise.then(
      ({ status, data }) => ({ status, data: comparable(data) }),
      (error) => ({ code: error.code, message: error.message, status: error.response?.status }),
    );
  return [await told(client.request(config)), await told(plain.request(config as object))];
}

/** Without what differs between two connections. */
function comparable(data: unknown): unknown {
  if (!data || typeof data !== 'object' || !('headers' in data)) return Buffer.isBuffer(data) ? data.length : data;
  const { connection: _, ...headers } = data.headers as Record<string, string>;
  return { ...data, headers: { ...headers, 'content-type': headers['content-type']?.replace(/boundary=.*/, '') } };
}

describe('as plain axios', () => {
  const CASES: [string, () => RequestConfig][] = [
    ['validateStatus that takes everything', () => ({ url: '/status/500', validateStatus: () => true })],
    ['validateStatus: null', () => ({ url: '/status/404', validateStatus: null })],
    ['an HTTP error', () => ({ url: '/status/404' })],
    ['maxContentLength', () => ({ url: '/bytes/100000', maxContentLength: 1_000 })],
    ['maxBodyLength', () => ({ url: '/', method: 'post', data: 'x'.repeat(5_000), maxBodyLength: 1_000 })],
    ['maxRedirects: 0', () => ({ url: '/redirect?to=/a', maxRedirects: 0 })],
    ['a redirect', () => ({ url: '/redirect?to=/a' })],
    ['too many redirects', () => ({ url: `/redirect?to=${encodeURIComponent('/redirect?to=/redirect')}`, maxRedirects: 1 })],
    ['decompression', () => ({ url: '/gzip' })],
    ['no decompression', () => ({ url: '/gzip', decompress: false, responseType: 'arraybuffer' })],
    ['arraybuffer', () => ({ url: '/bytes/70000', responseType: 'arraybuffer' })],
    ['text', () => ({ url: '/', responseType: 'text', transformResponse: (data: string) => data.slice(0, 5) })],
    ['params and their serializer', () => ({ url: '/', params: { a: [1, 2] }, paramsSerializer: { indexes: null } })],
    ['auth', () => ({ url: '/', auth: { username: 'u', password: 'w' } })],
    ['a user in the URL', () => ({ url: lab.url('healthy').replace('//', '//u:w@') })],
    ['headers', () => ({ url: '/', headers: { 'X-A': '1', Accept: 'text/html' } })],
    ['a data: URL', () => ({ url: 'data:text/plain;base64,aGVsbG8=', baseURL: '' })],
    ['a data: URL as JSON', () => ({ url: 'data:application/json,%7B%22a%22%3A1%7D', baseURL: '' })],
    ['a protocol that it does not know', () => ({ url: 'gopher://example.test/' })],
    ['a URL that is none', () => ({ url: 'http://', baseURL: '' })],
    ['a form', () => ({ url: '/', method: 'post', data: { a: 1 }, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })],
    ['a buffer', () => ({ url: '/', method: 'post', data: Buffer.from('abc') })],
    ['data that cannot be sent', () => ({ url: '/', method: 'post', data: 5n as unknown, transformRequest: [(data: unknown) => data] })],
    ['insecureHTTPParser and family', () => ({ url: '/', insecureHTTPParser: true, family: 4 })],
    ['a header that cannot be sent', () => ({ url: '/', headers: { 'bad\nname': '1' } })],
    ['a connection that is reset', () => ({ url: '/reset' })],
    ['a refused connection', () => ({ url: 'http://127.0.0.1:1/' })],
    ['a certificate that is not trusted', () => ({ url: lab.url('tls-healthy') })],
    ['a unix socket', () => ({ url: 'http://localhost/a', socketPath: lab.upstream('unix-healthy').socketPath ?? null })],
    [
      'beforeRedirect that objects',
      () => ({
        url: '/redirect?to=/a',
        beforeRedirect: () => {
          throw new Error('not there');
        },
      }),
    ],
  ];
  it.each(CASES)('%s', async (_what, config) => {
    const [ours, theirs] = await both(config());
    expect(ours).toEqual(theirs);
  });
});

describe('streams to send', () => {
  it('are sent', async () => {
    const { data } = await client.post('/', Readable.from(['a', 'b', 'c']), { headers: { 'Content-Type': 'text/plain' } });
    expect(data.body).toBe('abc');
  });

  it('that fail reject the call with what they failed of', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('disk'));
      },
    });
    const { error } = await failureOf(() => client.post('/', broken, { maxRedirects: 0 }));
    expect(String((error as Error).message)).toContain('disk');
  });
});

describe('progress', () => {
  it('of an upload is told', async () => {
    const seen: AxiosProgressEvent[] = [];
    const { data } = await client.post(lab.url('slow-reader'), Buffer.alloc(4_000_000, '.'), {
      onUploadProgress: (event) => seen.push(event),
      timeout: { read: 60_000 },
    });
    expect(data.bytes).toBe(4_000_000);
    expect(seen.at(-1)?.loaded).toBe(4_000_000);
    expect(seen.length).toBeGreaterThan(1);
  });

  it('of a download is told', async () => {
    const seen: AxiosProgressEvent[] = [];
    await client.get('/bytes/2000000', { responseType: 'arraybuffer', onDownloadProgress: (event) => seen.push(event) });
    expect(seen.at(-1)).toMatchObject({ loaded: 2_000_000, total: 2_000_000 });
  });

  it('is throttled as maxRate says', async () => {
    const config: RequestConfig = { responseType: 'arraybuffer', maxRate: [Infinity, 1_000_000], timeout: { read: 200 } };
    const startedAt = performance.now();
    const { data } = await client.get('/bytes/1200000', config);
    expect(data.byteLength).toBe(1_200_000);
    expect(performance.now() - startedAt).toBeGreaterThan(400); // held back by the consumer: no silence of the peer
  });
});

describe('timeoutErrorMessage', () => {
  const timeoutErrorMessage = 'Please try again later.';

  it('is what every timeout says, of the request and of the client', async () => {
    const ofClient = createClient({ baseURL: lab.url('stall'), proxy: false, timeoutErrorMessage, retry: false });
    const total = await timeoutOf(() => ofClient.get('/', { timeout: 50 }), 'total', 50);
    const read = await timeoutOf(
      () => client.get(lab.url('stall'), { timeout: { read: 50 }, retry: false, timeoutErrorMessage }),
      'read',
      50,
    );
    ofClient.interceptors.request.use(() => new Promise<never>(() => {}));
    const deadline = await timeoutOf(() => ofClient.get('/', { deadline: 50 }), 'deadline', 50);
    expect([total.message, read.message, deadline.message]).toEqual(Array(3).fill(timeoutErrorMessage));
    expect(total.stack).toContain(`TimeoutError: ${timeoutErrorMessage}`);
    await ofClient.close();
  });
});
