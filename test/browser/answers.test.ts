// What axios promises about answers in a page goes on holding: adapters, response types, errors, XSRF, progress.
import axios, { type AxiosAdapter, type AxiosProgressEvent, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { describe, expect, it, vi } from 'vitest';
import { createClient, protect } from '../bare';
import { cleanly, clientWith, meet } from './support';

cleanly();

interface Echo {
  ok: boolean;
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string;
  bytes: number;
}

const adapterOf = ({ request }: AxiosResponse): string => (request instanceof XMLHttpRequest ? 'xhr' : 'fetch');

describe('the adapter', () => {
  it('is fetch where nothing is said', async () => {
    const peer = await meet('healthy');
    expect(adapterOf(await createClient().get(peer.url))).toBe('fetch');
  });

  it.each([{ onUploadProgress: () => {} }, { responseType: 'document' as const }, { adapter: 'xhr' as const }])(
    'is XHR for %o',
    async (config) => {
      const peer = await meet('healthy');
      expect(adapterOf(await createClient().get(peer.url, config))).toBe('xhr');
    },
  );

  it('is XHR, as in axios, where a response has no stream, as in React Native', async () => {
    const peer = await meet('reset-mid-body');
    const body = Object.getOwnPropertyDescriptor(Response.prototype, 'body') as PropertyDescriptor;
    Reflect.deleteProperty(Response.prototype, 'body');
    const own = vi.fn(async () => Promise.reject(new TypeError('Failed to fetch')));
    const [error] = await Promise.all([
      createClient({ retry: false })
        .get(peer.url)
        .catch((reason) => reason),
      createClient({ retry: false, env: { fetch: own } })
        .get(peer.url)
        .catch(() => {}),
    ]).finally(() => Object.defineProperty(Response.prototype, 'body', body));
    expect(error).toMatchObject({ code: 'ERR_NETWORK' });
    expect(error.request).toBeInstanceOf(XMLHttpRequest);
    expect(own).toHaveBeenCalledOnce();
  });

  it.each(['fetch', 'xhr'] as const)('is the one that is asked for: %s', async (adapter) => {
    const peer = await meet('healthy');
    expect(adapterOf(await clientWith({ adapter }).get(peer.url, { onUploadProgress: () => {} }))).toBe(adapter);
    expect(adapterOf(await clientWith({ adapter: axios.getAdapter(adapter) }).get(peer.url))).toBe(adapter);
  });

  it('is the first that there is of a list of the user’s', async () => {
    const peer = await meet('healthy');
    const mock: AxiosAdapter = async (config) => ({ status: 200, statusText: '', data: 'mock', headers: {}, config });
    for (const adapter of [
      ['xhr', 'fetch'],
      ['fetch', 'xhr'],
      ['http', 'fetch', 'xhr'],
    ] satisfies AxiosRequestConfig['adapter'][]) {
      const first = adapter[0] === 'xhr' ? 'xhr' : 'fetch';
      expect(adapterOf(await clientWith({ adapter }).get(peer.url, { onUploadProgress: () => {} }))).toBe(first);
    }
    for (const adapter of [
      [mock, 'fetch'],
      ['http', mock, 'fetch'],
    ] satisfies AxiosRequestConfig['adapter'][]) {
      expect((await clientWith({ adapter }).get(peer.url)).data).toBe('mock');
    }
    expect((await peer.seen()).requests).toBe(3);
  });

  it('of a protected instance is its own, and the instance stays as it was', async () => {
    const peer = await meet('healthy');
    const instance = axios.create({ headers: { 'X-From': 'instance' } });
    const { data } = await protect(instance).get<Echo>(peer.url);
    expect(data.headers['x-from']).toBe('instance');
    expect(adapterOf(await instance.get(peer.url))).toBe('xhr');
  });
});

describe.each(['fetch', 'xhr'] as const)('by %s', (adapter) => {
  it('text, json, blob and arraybuffer are what they should be', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter, timeout: { read: 5_000, body: 5_000, total: 9_000 } });
    const at = peer.at('/x');
    const { data: text } = await client.get<string>(at, { responseType: 'text', transformResponse: [(data) => data] });
    expect(JSON.parse(text)).toMatchObject({ ok: true, path: '/x' });
    const { data: json } = await client.get<Echo>(at, { responseType: 'json' });
    expect(json).toMatchObject({ ok: true, path: '/x' });
    const { data: blob } = await client.get<Blob>(at, { responseType: 'blob' });
    expect(blob).toBeInstanceOf(Blob);
    expect(JSON.parse(await blob.text())).toMatchObject({ ok: true, path: '/x' });
    const { data: buffer } = await client.get<ArrayBuffer>(peer.at('/bytes/300000'), { responseType: 'arraybuffer' });
    expect(buffer.byteLength).toBe(300_000);
  });

  it('a document is one', async () => {
    const url = URL.createObjectURL(new Blob(['<title>made here</title>'], { type: 'text/html' }));
    const { data } = await clientWith({ timeout: 5_000 }).get<Document>(url, { responseType: 'document' });
    expect(data.title).toBe('made here');
    URL.revokeObjectURL(url);
  });

  it('answers without a body arrive', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter, timeout: { read: 5_000 } });
    expect((await client.head(peer.url)).status).toBe(200);
    expect((await client.get(peer.at('/bytes/0'))).data).toBe('');
  });

  it('what a method sends arrives as it was sent', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter });
    const { data: json } = await client.post<Echo>(peer.url, { a: 1 });
    expect(json).toMatchObject({ method: 'POST', body: '{"a":1}' });
    expect(json.headers['content-type']).toBe('application/json');
    const { data: form } = await client.putForm<Echo>(peer.url, { name: 'value' });
    expect(form.method).toBe('PUT');
    expect(form.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(form.body).toContain('name="name"\r\n\r\nvalue');
  });

  it('what validateStatus refuses is an AxiosError with its response', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter, timeout: { total: 5_000 } });
    const error: unknown = await client.get(peer.at('/status/503')).catch((reason: unknown) => reason);
    if (!axios.isAxiosError<Echo>(error)) throw error;
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', status: 503 });
    expect(error.response?.data).toMatchObject({ ok: false, path: '/status/503' });
    expect(error.config?.url).toBe(peer.at('/status/503'));
    expect(error.config?.timeout).toEqual(error.response?.config.timeout);
    expect((await client.get(peer.at('/status/404'), { validateStatus: (status) => status === 404 })).status).toBe(404);
  });

  it('the XSRF token goes where it should, and nowhere else', async () => {
    const peer = await meet('healthy');
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie that axios reads, in the plainest way.
    document.cookie = 'XSRF-TOKEN=t0ken';
    try {
      const client = clientWith({ adapter, timeout: { read: 5_000 } });
      const { data: foreign } = await client.get<Echo>(peer.url);
      expect(foreign.headers).not.toHaveProperty('x-xsrf-token');
      const { data: asked } = await client.get<Echo>(peer.url, { withXSRFToken: true });
      expect(asked.headers['x-xsrf-token']).toBe('t0ken');
    } finally {
      // biome-ignore lint/suspicious/noDocumentCookie: as above.
      document.cookie = 'XSRF-TOKEN=; max-age=0';
    }
  });

  it('download progress is told, up to the last byte', async () => {
    const peer = await meet('healthy');
    const events: AxiosProgressEvent[] = [];
    const client = clientWith({ adapter, timeout: { read: 5_000 } });
    const { data } = await client.get<string>(peer.at('/bytes/2000000'), { onDownloadProgress: (event) => events.push(event) });
    await new Promise((resolve) => setTimeout(resolve, 500)); // axios tells the last of it late
    expect(data.length).toBe(2_000_000);
    expect(events.at(-1)).toMatchObject({ loaded: 2_000_000, total: 2_000_000, progress: 1, download: true });
  });
});
