// Whose answer a kept one is: it stands in only where the same is asked by the same, and where the answer itself does not vary by more.
import { Agent } from 'node:http';
import type { AxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientOver, settled } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

type Headers = Record<string, string>;
/** What axios' adapters take and its types do not say. */
type Asked = AxiosRequestConfig & { jar?: unknown; http2Options?: unknown; fetchOptions?: unknown; transport?: unknown };

/** Asks once, is answered; asks once more, and is refused. Whether the first answer stands in. */
async function standsIn(first: Asked, second: Asked, { vary = {}, deadlineHeader = false as string | false, between = () => {} } = {}) {
  const { client } = clientOver([{ status: 200, headers: vary as Headers }, 503], {
    retry: false,
    fallback: { staleFor: 60_000 },
    deadlineHeader,
  });
  await settled(client.request({ url: '/a', ...first }));
  between();
  return (await settled(client.request({ url: '/a', ...second }))).value !== undefined;
}

const agents = [new Agent(), new Agent()] as const;
const jar = { of: new Map() };
const fetches = [async () => new Response(), async () => new Response()] as const;
class Thing {
  a = 1;
}
/** Tells its log nothing, and the upstream all. */
const secret = (value: string) => Object.create({ toJSON: () => '[redacted]', toString: () => value });
const dayAs = (text: string): Asked => ({ params: { day: Object.assign(new Date(0), { toISOString: () => text }) } });
const raw = [(data: unknown) => data, (data: unknown) => data] as const;
const written = ['user=a', 'user=b'].map((text) => ({ params: { n: 1 }, paramsSerializer: { serialize: () => text } }));

describe('a kept answer stands in', () => {
  it.each<[string, Asked, Asked]>([
    ['the same', {}, {}],
    ['headers in another order', { headers: { 'x-a': '1', 'x-b': '2' } }, { headers: { 'x-b': '2', 'x-a': '1' } }],
    ['params that are equal', { params: { a: [1, { b: null }] } }, { params: { a: [1, { b: null }] } }],
    ['the same transform of its answer', { transformResponse: raw[0] }, { transformResponse: raw[0] }],
    ['params written by the same', written[0] as Asked, written[0] as Asked],
    ['the same day', { params: { day: new Date(0) } }, { params: { day: new Date(0) } }],
    ['params without a prototype', { params: Object.assign(Object.create(null), { a: 1 }) }, { params: { a: 1 } }],
    ['the same agent', { httpAgent: agents[0] }, { httpAgent: agents[0] }],
    ['the same cookie jar', { jar }, { jar }],
    ['the same fetch', { env: { fetch: fetches[0] } }, { env: { fetch: fetches[0] } }],
    ['no cookie jar, said in so many words', { jar: null }, { jar: null }],
    ['an equal proxy', { proxy: { host: 'p', port: 1 } }, { proxy: { host: 'p', port: 1 } }],
    ['a method that is spelt otherwise', { method: 'GET' }, { method: 'get' }],
  ])('for %s', async (_, first, second) => {
    expect(await standsIn(first, second)).toBe(true);
  });

  it.each([
    ...['traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-request-id', 'request-id', 'x-correlation-id', 'correlation-id'],
    ...['idempotency-key', 'user-agent', 'accept-encoding', 'content-type', 'Content-Language', 'X-Request-ID'],
  ])('whatever the %s, which says nothing of who asks for what', async (name) => {
    expect(await standsIn({ headers: { [name]: 'a' } }, { headers: { [name]: 'b' } })).toBe(true);
  });

  it('whatever is left of the deadline, where that is sent', async () => {
    const [first, second] = [{ headers: { 'X-Left': '1' } }, { headers: { 'X-Left': '2' } }];
    expect(await standsIn(first, second, { deadlineHeader: 'x-LEFT' })).toBe(true);
    expect(await standsIn(first, second)).toBe(false);
  });
});

describe('a kept answer does not stand in', () => {
  it.each<[string, Asked, Asked]>([
    ['another agent, which may have a certificate', { httpAgent: agents[0] }, { httpAgent: agents[1] }],
    ['another agent for HTTPS', { httpsAgent: agents[0] }, { httpsAgent: agents[1] }],
    ['no agent', { httpAgent: agents[0] }, {}],
    ['an agent that is a function', { httpAgent: () => agents[0] }, { httpAgent: () => agents[0] }],
    ['another password for the proxy', proxied('a'), proxied('b')],
    ['another cookie jar', { jar: { of: new Thing() } }, { jar: { of: new Thing() } }],
    ['cookies or none', { withCredentials: true }, { withCredentials: false }],
    ['another session of HTTP/2', { http2Options: { sessionTimeout: 1 } }, { http2Options: { sessionTimeout: 2 } }],
    ['other options of fetch', { fetchOptions: { cache: 'default' } }, { fetchOptions: { cache: 'reload' } }],
    ['another fetch, which may have the cookies of a user', { env: { fetch: fetches[0] } }, { env: { fetch: fetches[1] } }],
    ['another adapter of its own', {}, { adapter: async () => Promise.reject(new Error('down')) }],
    ['another transport', { transport: { of: new Thing() } }, { transport: { of: new Thing() } }],
    ['another lookup', { lookup: async () => ['127.0.0.1', 4] }, { lookup: async () => ['127.0.0.1', 4] }],
    ['what another function does to redirects', { beforeRedirect: () => {} }, { beforeRedirect: () => {} }],
    ['other baggage, which may name a user', { headers: { baggage: 'user=a' } }, { headers: { baggage: 'user=b' } }],
    ['params that another writes otherwise', written[0] as Asked, written[1] as Asked],
    ['params that keep from JSON what they are', { params: { of: secret('a') } }, { params: { of: secret('b') } }],
    ['an agent that keeps from JSON what it is', { httpAgent: secret('a') }, { httpAgent: secret('b') }],
    ['params that JSON takes for one', { params: { n: Infinity } }, { params: { n: NaN } }],
    ['a function among the params', { params: { n: () => 1 } }, { params: { n: () => 2 } }],
    ['another day', { params: { day: new Date(0) } }, { params: { day: new Date(1) } }],
    ['a day that is written otherwise', dayAs('a'), dayAs('b')],
    ['a symbol among the params', { params: { n: Symbol('a') } }, { params: { n: Symbol('b') } }],
    ['an answer that is parsed otherwise', { parseReviver: (_, value) => value }, { parseReviver: (_, value) => value }],
    ['an answer that may be no JSON', { transitional: { silentJSONParsing: false } }, {}],
    ['another transform of its answer', { transformResponse: raw[0] }, { transformResponse: raw[1] }],
    ['an answer read in other characters', { responseEncoding: 'latin1' }, { responseEncoding: 'utf8' }],
    ['an answer left packed', { decompress: false }, {}],
    ['another socket', { socketPath: '/a.sock' }, { socketPath: '/b.sock' }],
    ['another way to take URLs', { allowAbsoluteUrls: true }, { allowAbsoluteUrls: false }],
    ['a body that cannot be told from others', { data: new FormData() }, { data: new FormData() }],
    ['a header that only looks like one of a trace', { headers: { 'my-traceparent': '1' } }, { headers: { 'my-traceparent': '2' } }],
    ['a header that only begins like one of a trace', { headers: { 'b3-of': '1' } }, { headers: { 'b3-of': '2' } }],
    ['redirects that are followed otherwise', { maxRedirects: 0 }, { maxRedirects: 5 }],
    ['a stream', { responseType: 'stream' }, { responseType: 'stream' }],
    ['a POST', { method: 'post' }, { method: 'post' }],
  ])('for %s', async (_, first, second) => {
    expect(await standsIn(first, second)).toBe(false);
  });

  it('where a page has other cookies by now, as far as it sees them', async () => {
    const document = { cookie: 'session=1' };
    const start = { between: () => vi.stubGlobal('document', document) };
    expect(await standsIn({}, {}, start)).toBe(false);
    expect(await standsIn({}, {})).toBe(true);
    const change = () => {
      document.cookie = 'session=2';
    };
    expect(await standsIn({}, {}, { between: change })).toBe(false);
  });
});

it('a page in a sandbox, which may not ask for its cookies, has stale answers as well', async () => {
  const cookie = vi.fn(() => {
    throw new DOMException('The document is sandboxed', 'SecurityError');
  });
  vi.stubGlobal('document', Object.defineProperty({}, 'cookie', { get: cookie }));
  expect(await standsIn({}, {})).toBe(true);
  expect(cookie).toHaveBeenCalled();
});

function proxied(password: string): Asked {
  return { proxy: { host: 'p', port: 1, auth: { username: 'u', password } } };
}

describe('an answer that varies', () => {
  const by = (names: string) => ({ vary: { Vary: names } });
  const id = (value: string): Asked => ({ headers: { 'X-Request-Id': value } });

  it('by a header stands in only where that is the same, though others need not be', async () => {
    for (const names of ['x-request-id', 'X-Request-ID', 'accept, x-request-id', 'Accept,X-Request-Id', 'accept  x-request-id']) {
      expect(await standsIn(id('1'), id('2'), by(names))).toBe(false);
      expect(await standsIn(id('1'), id('1'), by(names))).toBe(true);
      expect(await standsIn({}, {}, by(names))).toBe(true);
      expect(await standsIn(id('1'), {}, by(names))).toBe(false);
    }
    expect(await standsIn(id('1'), id('2'), by('traceparent'))).toBe(true);
    for (const unsent of [null, false]) expect(await standsIn({ headers: { 'X-Request-Id': unsent } }, {}, by('x-request-id'))).toBe(true);
  });

  it('by everything stands in for nobody', async () => {
    expect(await standsIn({}, {}, by('*'))).toBe(false);
    expect(await standsIn({}, {}, by('accept, *'))).toBe(false);
  });

  it('by cookies stands in where the cookies are in a header, and not in a page, which sends them unseen', async () => {
    const cookie = { headers: { cookie: 'a=1' } };
    expect(await standsIn(cookie, cookie, by('cookie'))).toBe(true);
    vi.stubGlobal('document', { cookie: '' });
    expect(await standsIn(cookie, cookie, by('Cookie'))).toBe(false);
    expect(await standsIn(cookie, cookie)).toBe(true);
  });

  it('by the encoding is the same once that is undone, and only then', async () => {
    const [gzip, br] = [{ headers: { 'Accept-Encoding': 'gzip' } }, { headers: { 'Accept-Encoding': 'br' } }];
    expect(await standsIn(gzip, br, by('accept-encoding'))).toBe(true);
    expect(await standsIn({ ...gzip, decompress: false }, { ...br, decompress: false }, by('accept-encoding'))).toBe(false);
    expect(await standsIn({ ...gzip, decompress: false }, { ...gzip, decompress: false }, by('accept-encoding'))).toBe(true);
  });

  it("by the user agent is the same for every version of axios, whose adapters add their own, and no other's", async () => {
    const agent = (name: string): Asked => ({ headers: { 'User-Agent': name } });
    expect(await standsIn(agent('axios/1.0'), agent('axios/2.0'), by('user-agent'))).toBe(true);
    expect(await standsIn(agent('axios/1.0'), {}, by('user-agent'))).toBe(true);
    expect(await standsIn(agent('mine'), agent('yours'), by('user-agent'))).toBe(false);
    expect(await standsIn(agent('mine of axios/1'), agent('mine of axios/2'), by('user-agent'))).toBe(false);
  });

  it('by what it did not vary by before takes the place of the one before, and then there is none', async () => {
    const { client } = clientOver([200, { status: 200, headers: { vary: '*' } }, 503], { retry: false, fallback: { staleFor: 60_000 } });
    await settled(client.get('/a'));
    await settled(client.get('/a'));
    expect((await settled(client.get('/a'))).error?.response?.status).toBe(503);
  });
});
