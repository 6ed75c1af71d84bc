// For the test of redaction: an upstream that has secrets to send, requests full of them, and every way a call can go.
import type { ServerResponse } from 'node:http';
import { AxiosError } from 'axios';
import * as fc from 'fast-check';
import { type Client, createClient, type RequestConfig } from '../../src';
import type { startLab } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { marker, percent } from '../secrets';
import { upstreamOf } from './support';

/** Where secrets stand: in a request, in its answer, in what policies are given. Each has one of its own, so that a leak says where from. */
const PLACES = [
  ...['user', 'password', 'baseUser', 'basePassword', 'query', 'baseQuery', 'token', 'params', 'deepParams', 'fragment'],
  ...['authorization', 'cookie', 'apiKey', 'traceparent', 'authUser', 'authPassword', 'proxyUser', 'proxyPassword', 'data', 'transform'],
  ...['location', 'setCookie', 'header', 'reason', 'body', 'beaconHeader', 'beaconData', 'fallback'],
] as const;

export type Secrets = Record<(typeof PLACES)[number], string>;

export const secrets: fc.Arbitrary<Secrets> = fc
  .uniqueArray(marker, { minLength: PLACES.length, maxLength: PLACES.length })
  .map((markers) => Object.fromEntries(PLACES.map((place, i) => [place, markers[i]])) as Secrets);

/** How the secrets are written. */
export const styles = fc.record({
  encode: fc.constantFrom(encodeURIComponent, percent),
  /** Round about a secret, where anything can stand. */
  junk: fc.string({ unit: 'grapheme', maxLength: 5 }),
  params: fc.constantFrom('object', 'deep', 'list', 'URLSearchParams', 'serializer'),
  data: fc.constantFrom('object', 'text', 'form', 'bytes'),
});

type Style = typeof styles extends fc.Arbitrary<infer T> ? T : never;

/** Where the credentials of the request stand, since one goes over the other; and what sends it. */
export interface Means {
  credentials: 'url' | 'auth' | 'header';
  adapter: 'http' | 'fetch';
}

/** Answers by path, with secrets wherever an answer can have them. `seen` is all that requests brought. */
export async function talkative(): Promise<{ upstream: Upstream; seen: string[]; says(secrets: Secrets): void }> {
  const seen: string[] = [];
  let s: Secrets;
  const head = (res: ServerResponse, status: number): ServerResponse =>
    res.writeHead(status, s.reason, {
      'Set-Cookie': `session=${s.setCookie}`,
      'X-Secret': s.header,
      Location: `http://${s.location}:${s.location}@127.0.0.1:${upstream.port}/hang?k=${s.location}#${s.location}`,
    });
  const upstream = await upstreamOf(({ req, res, url }) => {
    seen.push(url.href, JSON.stringify(req.headers));
    req.on('data', (chunk) => seen.push(String(chunk)));
    const path = url.pathname.split('/').at(-1);
    if (path === 'hang') return;
    if (path === 'body') return void head(res, 200).write(s.body);
    head(res, Number(path) || 200).end(JSON.stringify({ secret: s.body }));
  });
  return {
    upstream,
    seen,
    says: (secrets) => {
      s = secrets;
    },
  };
}

function paramsOf({ params, encode, junk }: Style, s: Secrets): RequestConfig {
  const value = `${junk}${s.params}${junk}`;
  if (params === 'URLSearchParams') return { params: new URLSearchParams({ k: value, page: '7' }) };
  if (params === 'deep') return { params: { page: 7, k: value, deep: { er: s.deepParams } } };
  if (params === 'list') return { params: { page: 7, k: [value, { er: s.deepParams }] } };
  return { params: { page: 7, k: value }, ...(params === 'serializer' && { paramsSerializer: () => `page=7&k=${encode(value)}` }) };
}

function dataOf({ data }: Style, s: Secrets): unknown {
  if (data === 'form') return new URLSearchParams({ secret: s.data });
  if (data === 'bytes') return Buffer.from(s.data);
  return data === 'text' ? s.data : { secret: s.data };
}

/** Every way a call can go, by name; each with a client of its own, that is made for it. */
export function scenarios(
  s: Secrets,
  style: Style & Means,
  { upstream, lab }: { upstream: Upstream; lab: Awaited<ReturnType<typeof startLab>> },
): Record<string, (client: Client) => Promise<unknown>> {
  const { encode, junk, credentials } = style;
  const secretly = (url: string): string =>
    (credentials === 'url' ? url.replace('://', `://${encode(s.user)}:${encode(junk + s.password)}@`) : url) +
    `?q=${encode(junk + s.query)}&page=7&${encode(s.token)}#${encode(s.fragment + junk)}`;
  const at = (path: string): string => secretly(`http://127.0.0.1:${upstream.port}/${path}`);
  const short = { connect: 60, read: 60 };
  const request: RequestConfig = {
    ...paramsOf(style, s),
    adapter: style.adapter,
    headers: {
      Authorization: `Bearer ${s.authorization}`,
      Cookie: `session=${s.cookie}`,
      'X-Api-Key': s.apiKey,
      traceparent: `00-${s.traceparent}-b7ad6b7169203331-01`,
    },
    ...(credentials === 'auth' && { auth: { username: s.authUser, password: s.authPassword } }),
  };
  const proxy = (name: string): RequestConfig => ({
    adapter: 'http',
    proxy: { host: '127.0.0.1', port: lab.upstream(name).port, auth: { username: s.proxyUser, password: s.proxyPassword } },
  });
  const limiter = { consume: () => Promise.reject(new Error('no Redis')) };
  const both = (one: Promise<unknown>, other: Promise<unknown>): Promise<unknown> => Promise.allSettled([one, other]);
  const failing = (): never => {
    throw new Error(s.transform);
  };
  const get =
    (path: string, more: RequestConfig = {}) =>
    (client: Client): Promise<unknown> =>
      client.get(at(path), { ...request, ...more });
  return {
    success: get('ok'),
    post: (client) => client.post(at('ok'), dataOf(style, s), request),
    baseURL: (client) => {
      const base = `http://${encode(s.baseUser)}:${encode(s.basePassword)}@127.0.0.1:${upstream.port}/v1/?k=${encode(s.baseQuery)}&x=`;
      return client.get(`500`, { ...request, baseURL: base });
    },
    'not found': get('404'),
    retry: get('500'),
    redirect: get('302', { timeout: { read: 400 } }),
    stream: get('body', { responseType: 'stream', timeout: short }),
    connect: (client) => client.get(secretly(lab.url('black-hole')), { ...request, timeout: short }),
    read: get('hang', { timeout: short }),
    body: get('body', { timeout: { body: 60, ...short } }),
    total: get('hang', { timeout: 60 }),
    deadline: get('hang', { deadline: 60 }),
    'deadline before axios': (client) => client.post(at('ok'), () => new Promise(() => {}), { ...request, deadline: 60 }),
    'breaker open': (client) => {
      client.breakers.open(`GET http://127.0.0.1:${upstream.port}/cut-off`);
      return get('cut-off')(client);
    },
    rate: (client) => both(get('rate', { limit: { rate: 1, interval: 60_000 } })(client), get('rate', { limit: { rate: 1 } })(client)),
    concurrency: (client) => {
      const one = get('hang', { limit: { concurrency: 1 }, timeout: short });
      return both(one(client), one(client));
    },
    'shared limiter': get('ok', { limit: { limiter, whenUnavailable: 'refuse' } }),
    cancel: (client) => {
      const aborter = new AbortController();
      setTimeout(() => aborter.abort(), 30);
      return get('hang', { signal: aborter.signal })(client);
    },
    fallback: get('500', { fallback: { value: s.fallback } }),
    'fallback that fails': get('500', { fallback: () => Promise.reject(new Error(s.fallback)) }),
    stale: async (client) => {
      await get('ok', { fallback: { staleFor: 60_000 } })(client);
      await get('ok', { fallback: { staleFor: 60_000 }, transformResponse: failing })(client);
    },
    transform: (client) => client.post(at('ok'), s.data, { ...request, transformRequest: failing }),
    beacon: (client) => {
      const headers = { 'X-Secret': s.beaconHeader };
      client.beacon(at('404'), { secret: s.beaconData }, { headers });
      client.beacon(secretly('http://bad host/'), { secret: s.beaconData }, { headers });
      client.beacon(at('404'), { secret: s.beaconData, circle: 1n }, { headers });
      return client.beacons.flush(5_000);
    },
    // What functions of the user's throw has the request in it, as errors have: a config, an input.
    'functions that fail': (client) => {
      const fail = (): never => {
        throw new AxiosError('failed', 'E', request as never);
      };
      client.on('attempt', fail);
      client.on('call', async () => fail());
      const endpoint = ({ url }: RequestConfig): string => new URL(`/${url}`).pathname;
      return get('500', { endpoint, retry: { when: () => fail() }, breaker: { isFailure: () => fail() } })(client);
    },
    proxy: get('ok', proxy('proxy-healthy')),
    'proxy that refuses': (client) => client.get(secretly('https://127.0.0.1:9/'), { ...request, ...proxy('proxy-refuses') }),
    'no proper URL': async (client) => {
      const urls = [
        secretly('http://bad host/'),
        `//${s.user}@host`,
        `${s.user}:${s.password}@host`,
        `http:/${s.user}@h`,
        `data:,${s.data}`,
      ];
      // The errors are axios' and Node's own, and have the URL in their messages.
      await Promise.allSettled(urls.map((url) => client.get(url, request)));
    },
  };
}

/** A client that hurries, and shows the values of one parameter. */
export const hurried = (): Client =>
  createClient({
    proxy: false,
    retry: { retries: 1, baseDelay: 1, jitter: 'none' },
    alerts: { frequent: { rate: 0.01, timeouts: 1 } },
    allowQueryValues: ['page'],
  });
