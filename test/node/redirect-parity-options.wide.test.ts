// Redirects are followed as axios follows them, with what its options say of them: callbacks, sizes, bodies, answers.
import { Readable } from 'node:stream';
import type { AxiosRequestConfig } from 'axios';
import FormDataPackage from 'form-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchUnhandled } from './failures';
import { type Answer, Site } from './redirect-parity-site';
import { type Log, same } from './redirect-parity-support';

let site: Site;
const unhandled = watchUnhandled();

beforeAll(async () => {
  site = await Site.start();
});
afterAll(async () => {
  site.close();
  await unhandled.none();
});

type Origin = 'a' | 'b' | 's' | 't';
const url = (path = '/first?q=1', origin: Origin = 'a'): string => site.origins[origin] + path;
describe('beforeRedirect', () => {
  const answers: Answer[] = [
    { status: 302, to: '/2', headers: { 'x-from': 'server', 'set-cookie': ['a=1', 'b=2'] } },
    { status: 307, to: '/3' },
  ];
  type Options = Record<string, object> & { headers: Record<string, string> };
  const cases: Record<string, (log: Log, options: Options, ...rest: unknown[]) => void> = {
    'is told all of it': (log, { agent: _, agents: __, nativeProtocols: ___, beforeRedirects = {}, ...options }, ...rest) =>
      log(options, Object.keys(beforeRedirects), ...rest),
    'may add a header': (_, options) => Object.assign(options.headers, { 'x-added': '1' }),
    'may lead elsewhere': (_, options) => Object.assign(options, { path: '/changed?x=1', method: 'PUT', port: new URL(url('', 'b')).port }),
    'may give credentials': (_, options) => Object.assign(options, { auth: 'u:p' }),
    'may throw': () => {
      throw Object.assign(new Error('no further'), { code: 'ENOFURTHER' });
    },
    'may throw what is no error': () => {
      throw 'no further';
    },
  };

  it.each(Object.keys(cases))('%s', async (name) => {
    const beforeRedirect = cases[name] as (typeof cases)[string];
    const request = (log: Log): AxiosRequestConfig => ({
      url: url(),
      headers: { 'X-Own': 'a' },
      auth: { username: 'u', password: 'p' },
      beforeRedirect: (options, ...rest) => beforeRedirect(log, options as never, ...rest),
    });
    const { log } = await same(site, answers, request);
    if (name === 'is told all of it') expect(log).toHaveLength(2);
    await same(site, answers, (log) => ({ ...request(log), method: 'post', data: { a: 1 } }));
    await same(site, [{}], request);
  });
});

describe('sizes and rates', () => {
  const big = Buffer.alloc(300_000, '.');

  it.each<[string, Answer[], AxiosRequestConfig]>([
    ['a redirect with more of a body than maxContentLength', [{ status: 302, to: '/2', body: big }], { maxContentLength: 1_000 }],
    ['an answer with more than maxContentLength', [{ status: 302, to: '/2' }, { body: big }], { maxContentLength: 1_000 }],
    ['an answer at once with more', [{ body: big }], { maxContentLength: 1_000 }],
    ['a stream with more', [{ status: 302, to: '/2' }, { body: big }], { maxContentLength: 1_000, responseType: 'stream' }],
    ['a body of more than maxBodyLength', [{ status: 307, to: '/2' }], { method: 'post', data: 'x'.repeat(11), maxBodyLength: 10 }],
    ['a body of just maxBodyLength', [{ status: 307, to: '/2' }], { method: 'post', data: 'x'.repeat(10), maxBodyLength: 10 }],
    [
      'a body over the 10 MB of follow-redirects',
      [{ status: 307, to: '/2', body: '' }, { body: '' }],
      { method: 'post', data: Buffer.alloc(11e6) },
    ],
    ['an answer before the body is there', [{ status: 307, to: '/2', early: true }], { method: 'post', data: Buffer.alloc(200_000, 'x') }],
    ['maxRate', [{ status: 307, to: '/2' }], { method: 'post', data: 'x'.repeat(100), maxRate: 100_000 }],
    ['maxRate of downloads', [{ status: 302, to: '/2' }], { maxRate: [0, 100_000] as never }],
  ])('%s', async (_, answers, config) => {
    await same(site, answers, () => ({ url: url(), ...config }));
  });

  it('progress', async () => {
    const events = (log: Log): AxiosRequestConfig => ({
      onUploadProgress: ({ loaded, total }) => log('up', loaded, total),
      onDownloadProgress: ({ loaded, total }) => log('down', loaded, total),
    });
    await same(site, [{ status: 307, to: '/2' }], (log) => ({ url: url(), method: 'post', data: 'x'.repeat(100), ...events(log) }));
    const { log } = await same(site, [{ status: 302, to: '/2' }], (log) => ({
      url: url(),
      ...events(log),
      onUploadProgress: undefined as never,
    }));
    expect(log).not.toEqual([]);
  });
});

describe('bodies that cannot be sent twice', () => {
  const bodies: Record<string, () => { data: unknown; headers?: Record<string, string> }> = {
    'a stream': () => ({ data: Readable.from([Buffer.from('one'), Buffer.from('two')]), headers: { 'Content-Type': 'text/plain' } }),
    FormData: () => {
      const data = new FormData();
      data.set('name', 'value');
      return { data, headers: { 'Content-Type': 'multipart/form-data; boundary=fixed-boundary-of-ours' } };
    },
    'form-data': () => {
      const data = new FormDataPackage();
      data.setBoundary('fixed-boundary-of-ours');
      data.append('name', 'value');
      return { data };
    },
    'a Blob': () => ({ data: new Blob(['blob'], { type: 'text/plain' }) }),
  };
  it.each(Object.keys(bodies))('%s', async (name) => {
    for (const status of [302, 303, 307]) {
      const { seen } = await same(site, [{ status, to: '/2' }], () => ({
        url: url(),
        method: 'post',
        ...(bodies[name] as (typeof bodies)[string])(),
      }));
      expect(seen).toHaveLength(2);
    }
  });
});

describe('the answer at the end', () => {
  const moved: Answer = { status: 302, to: '/2', body: 'moved', gzip: true };

  it.each<[string, Answer, AxiosRequestConfig]>([
    ['as a stream', {}, { responseType: 'stream' }],
    ['as bytes', { body: Buffer.from([0, 255]) }, { responseType: 'arraybuffer' }],
    ['compressed', { gzip: true }, {}],
    ['compressed, left so', { gzip: true }, { decompress: false, responseType: 'arraybuffer' }],
    ['not what validateStatus wants', { status: 418 }, {}],
    ['what validateStatus wants', { status: 418 }, { validateStatus: (status) => status === 418 }],
    ['what validateStatus wants of the redirect', {}, { validateStatus: (status) => status === 302 }],
    ['in Latin-1', { body: Buffer.from([0xfc]) }, { responseEncoding: 'latin1' as never }],
    ['cut in its body', { cut: 'in body' }, {}],
    ['cut before it came', { cut: 'at once' }, {}],
    ['with an error as a stream', { status: 500 }, { responseType: 'stream' }],
  ])('%s', async (_, answer, config) => {
    await same(site, [moved, answer], () => ({ url: url(), ...config }));
    await same(site, [answer], () => ({ url: url(), ...config }));
  });

  it.each(['at once', 'in body'] as const)('a redirect that is cut %s', async (cut) => {
    await same(site, [{ status: 302, to: '/2', cut }], () => ({ url: url() }));
  });
});

describe('called once', () => {
  it('transforms, interceptors, validateStatus, beforeRedirect', async () => {
    const { log } = await same(site, [{ status: 307, to: '/2' }], (log) => ({
      url: url(),
      method: 'post',
      data: { a: 1 },
      params: { p: 1 },
      transformRequest: (data) => {
        log('request', data);
        return JSON.stringify(data);
      },
      transformResponse: (data) => {
        log('response', data);
        return data;
      },
      validateStatus: (status) => {
        log('status', status);
        return true;
      },
      beforeRedirect: () => log('redirect'),
    }));
    expect(log.map((entry) => (entry as string[])[0])).toEqual(['request', 'redirect', 'status', 'response']);
  });
});

describe('what leads past Node', () => {
  it.each<[string, AxiosRequestConfig]>([
    ['a method Node refuses', { method: 'GE T' }],
    ['a data: URL', { url: 'data:text/plain,hello' }],
    ['a scheme axios refuses', { url: 'ftp://127.0.0.1/' }],
    ['no URL', { url: 'http://' }],
    ['a port that is closed', { url: 'http://127.0.0.1:1/x?y=1' }],
    ['a body that is none', { method: 'post', data: 5, transformRequest: [() => 5] }],
    ['family', { family: 4 as never, url: undefined as never }],
  ])('%s', async (_, config) => {
    await same(site, [{ status: 302, to: url('/2', 's') }], () => ({ url: url(), ...config }));
  });
});
