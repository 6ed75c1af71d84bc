// What users of axios set in a page goes on meaning what it means there: cookies and XSRF, credentials, progress, interceptors, fetchOptions.
import type { AxiosInstance, AxiosProgressEvent, AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { AS_XHR, CHOICES, type Kit, type Make, type Options, same } from './parity-support';

/** The page's own cookies, in the plainest way. */
function cookie(text: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: what axios reads.
  document.cookie = text;
}

beforeAll(() => {
  cookie('XSRF-TOKEN=t0ken');
  cookie('other=0ther%20one');
});
afterAll(() => {
  cookie('XSRF-TOKEN=; max-age=0');
  cookie('other=; max-age=0');
});

/** Progress as it stood last: how often it is told is a matter of time. */
const last = (events: AxiosProgressEvent[]): unknown => {
  const { loaded, total, progress, lengthComputable, upload, download, event, ...rest } = events.at(-1) ?? ({} as AxiosProgressEvent);
  const known = Object.keys(rest).filter((name) => name !== 'rate' && name !== 'estimated');
  return { loaded, total, progress, lengthComputable, upload, download, event: (event as Event | undefined)?.type, known };
};

const progress =
  (make: Make, on: ('onUploadProgress' | 'onDownloadProgress')[]): Make =>
  (kit) => ({
    ...make(kit),
    ...Object.fromEntries(
      on.map((name) => {
        const events: AxiosProgressEvent[] = [];
        const tell = (): void => kit.log(name, last(events));
        return [name, (event: AxiosProgressEvent) => events.push(event) === 1 && setTimeout(tell, 600)];
      }),
    ),
  });

/** Waits for the end of the progress. */
const patiently: Options = {
  call: async (instance, config) => {
    const response = await instance.request(config).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 800));
    if (response instanceof Error) throw response;
    return response;
  },
};

const CONFIGS: [string, Make][] = [
  ['XSRF to the own origin', ({ own }) => ({ url: own('p') })],
  ['XSRF to a relative URL', ({ relative }) => ({ method: 'post', url: relative('p'), data: {} })],
  ['no XSRF to another', ({ at }) => ({ url: at('p') })],
  ['withXSRFToken: true', ({ at }) => ({ url: at('p'), withXSRFToken: true })],
  ['withXSRFToken: false', ({ own }) => ({ url: own('p'), withXSRFToken: false })],
  [
    'withXSRFToken that is asked',
    ({ at, log }) => ({ url: at('p'), withXSRFToken: ({ url }: AxiosRequestConfig) => log(url) === undefined }),
  ],
  ['names of the cookie and the header', ({ own }) => ({ url: own('p'), xsrfCookieName: 'other', xsrfHeaderName: 'X-Mine' })],
  ['a cookie that is not there', ({ own }) => ({ url: own('p'), xsrfCookieName: 'none' })],
  ['withCredentials', ({ at }) => ({ url: at('p'), withCredentials: true })],
  ['withCredentials: false to the own origin', ({ own }) => ({ url: own('p'), withCredentials: false })],
  ['withCredentials in words', ({ own }) => ({ url: own('p'), withCredentials: 'omit' as unknown as boolean })],
  ['fetchOptions: cache', ({ own }) => ({ url: own('p'), fetchOptions: { cache: 'reload' } })],
  ['fetchOptions: credentials', ({ own }) => ({ url: own('p'), fetchOptions: { credentials: 'omit' } })],
  ['fetchOptions: no-cors', ({ at }) => ({ url: at('p', { cors: false }), fetchOptions: { mode: 'no-cors' }, headers: { Accept: '*/*' } })],
  [
    'fetchOptions: referrer, priority, keepalive',
    ({ own }) => ({
      url: own('p'),
      fetchOptions: { referrer: '', referrerPolicy: 'origin', priority: 'low', keepalive: true },
    }),
  ],
  [
    'fetchOptions: what is axios’ own',
    ({ own }) => ({ url: own('p'), fetchOptions: { method: 'DELETE', headers: { 'X-A': '1' }, body: 'x' } }),
  ],
  ['fetchOptions: integrity that is broken', ({ own }) => ({ url: own('p'), fetchOptions: { integrity: 'sha256-AAAA' } })],
  ['fetchOptions: nothing', ({ own }) => ({ url: own('p'), fetchOptions: undefined })],
  [
    'headers of the user’s that the page cannot send',
    ({ own }) => ({ url: own('p'), headers: { 'User-Agent': 'mine', Origin: 'http://x.test' } }),
  ],
  ['withCredentials of a redirect', ({ at, own }) => ({ url: own('p', { status: 302, to: at('q') }), withCredentials: true })],
  ['a cookie that the answer sets', ({ own }) => ({ url: own('p', { headers: { 'Set-Cookie': 'x=1; max-age=0', 'X-B': '2' } }) })],
  ['a number for a timeout', ({ own }) => ({ url: own('p'), timeout: 5_000 })],
  ['a timeout in a string', ({ own }) => ({ url: own('p'), timeoutErrorMessage: 'mine' })],
  ['its own keys', ({ own }) => ({ url: own('p'), mine: { deep: [1] } }) as AxiosRequestConfig],
  [
    'redact',
    ({ own }) => ({ url: own('p', { status: 400 }), redact: ['authorization'], headers: { Authorization: 'x' } }) as AxiosRequestConfig,
  ],
];

/** Interceptors of every kind; the log has what they were told, and when. */
function intercept(instance: AxiosInstance, { log }: Kit): void {
  instance.interceptors.request.use((config) => {
    log('request', config.url, config.method);
    config.headers.set('X-Intercepted', 'yes');
    return config;
  });
  instance.interceptors.request.use(async (config: InternalAxiosRequestConfig) => Object.assign(config, { params: { b: 2 } }));
  const never = instance.interceptors.request.use(() => Promise.reject(new Error('never')));
  instance.interceptors.request.use((config) => Object.assign(config, { skipped: true }), null, {
    runWhen: () => false,
    synchronous: true,
  });
  instance.interceptors.request.eject(never);
  instance.interceptors.response.use(
    (response) => {
      log('response', response.status, response.config.headers['X-Intercepted']);
      return Object.assign(response, { mine: true });
    },
    (error) => {
      log('error', error.code, error.config?.url);
      throw Object.assign(error, { mine: true });
    },
  );
}

describe.each(CHOICES)('by %s', (choice) => {
  // To fetch these are another thing than to XHR, which a client that chooses for itself goes by.
  const asFor = (what: string): Options => (choice === 'default' && what.startsWith('withCredentials: false') ? AS_XHR : {});

  it.each(CONFIGS)('%s', async (what, make) => {
    await same(choice, make, asFor(what));
  });

  it.each(CONFIGS)('of the client instead of the request: %s', async (what, make) => {
    // axios takes these from a request alone.
    const ofRequest = ({ url, method, data }: AxiosRequestConfig) => ({ url, method, data }) as AxiosRequestConfig;
    await same(choice, (kit) => ofRequest(make(kit)), { create: (kit) => ({ ...make(kit), ...ofRequest({}) }), ...asFor(what) });
  });

  it.each([{}, { status: 500 }, { body: '{', headers: { 'Content-Type': 'application/json' } }, { cut: 'at once' as const }])(
    'interceptors, about %o',
    async (answer) => {
      // Chromium sends once more what it had sent on a connection that was idle before.
      const alike = ({ seen, ...rest }: { seen: unknown[] }) => ({ ...rest, seen: seen[0] });
      await same(choice, ({ at }) => ({ url: at('p', answer), responseType: 'json' }), { prepare: intercept, alike });
    },
  );

  it('an interceptor that answers an error, and one that throws', async () => {
    const recover = (instance: AxiosInstance): void =>
      void instance.interceptors.response.use(null, ({ response }) => ({ ...response, data: 'recovered' }));
    await same(choice, ({ at }) => ({ url: at('p', { status: 404 }) }), { prepare: recover });
    const refuse = (instance: AxiosInstance): void =>
      void instance.interceptors.request.use(() => Promise.reject(new TypeError('refused')));
    await same(choice, ({ at }) => ({ url: at('p') }), { prepare: refuse });
  });

  it('defaults that are changed later', async () => {
    const prepare = (instance: AxiosInstance): void => {
      Object.assign(instance.defaults.headers.common, { 'X-Common': '1' });
      instance.defaults.headers.post['X-Post'] = '2';
      instance.defaults.params = { c: 3 };
    };
    await same(choice, ({ at }) => ({ url: at('p'), method: 'post', data: 'x' }), { prepare });
  });

  it('download progress', async () => {
    await same(
      choice,
      progress(({ at }) => ({ url: at('p', { size: 500_000 }) }), ['onDownloadProgress']),
      patiently,
    );
    await same(
      choice,
      progress(({ at }) => ({ url: at('p', { chunks: ['a', 'b'] }), responseType: 'blob' }), ['onDownloadProgress']),
      patiently,
    );
    await same(
      choice,
      progress(({ at }) => ({ url: at('p', { status: 500, size: 9 }) }), ['onDownloadProgress']),
      patiently,
    );
  });

  it('upload progress', async () => {
    // axios' fetch shows none over HTTP/1.1: a client that chooses for itself takes XHR.
    const data = (): AxiosRequestConfig => ({ method: 'post', data: 'x'.repeat(300_000) });
    await same(
      choice,
      progress(({ at }) => ({ ...data(), url: at('p') }), ['onUploadProgress']),
      { ...patiently, stock: 'xhr' },
    );
    const both: Make = ({ own }) => ({ ...data(), url: own('p', { size: 9 }) });
    await same(choice, progress(both, ['onUploadProgress', 'onDownloadProgress']), { ...patiently, stock: 'xhr' });
  });
});
