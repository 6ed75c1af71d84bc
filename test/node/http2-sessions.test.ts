// HTTP/2 sessions: shared by many streams, given to nobody else once time ran out on them, closed when they idle.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type ClientHttp2Stream, constants, createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { createSecureContext } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client, ClientConfig } from '../bare';
import { every } from '../lab/http.mjs';
import { lookupTo, startBlackHole, startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { clients, counted, forAxios, GENEROUS, holding, rejection, timesOut, until, upstreamOf } from './support';

let lab: Lab;
/** One origin for all: `/stall` is never answered, `/drip` never ends, the rest is answered at once. */
let mixed: Upstream;
const { client: make, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['http2-healthy'] }); // for its certificate, which is that of all
  mixed = await upstreamOf(
    ({ req, res, url }) => {
      req.resume();
      if (url.pathname === '/drip') every(res, 50, () => res.write('.'));
      else if (url.pathname !== '/stall') res.end('ok');
    },
    { protocol: 'h2' },
  );
});
beforeEach(() => mixed.reset());
afterEach(close);
afterAll(() => Promise.all([lab.close(), mixed.close()]));

const client = (config: ClientConfig = {}): Client => make({ httpVersion: 2, http2Options: { ca: lab.ca }, ...config });

describe('the timeout of one stream', () => {
  it('leaves the others on the session alone', async () => {
    const api = client();
    await api.get(mixed.url);
    const { data } = await api.get<Readable>(`${mixed.url}drip`, { responseType: 'stream', timeout: { read: GENEROUS } });
    const bytes = counted(data);
    await timesOut(() => api.get(`${mixed.url}stall`, { timeout: { response: 250 } }), {
      limit: 'response',
      ms: 250,
      phase: 'response',
      kind: 'read',
    });
    const before = bytes();
    await until(() => bytes() > before + 3, 'the other stream goes on');
    expect(data.errored).toBeNull();
    expect(mixed.connections).toBe(1);
    // But a session on which time ran out is given to nobody else.
    expect((await api.get(mixed.url)).data).toBe('ok');
    expect(mixed.connections).toBe(2);
    data.destroy();
    await mixed.closed(1);
  });

  it('in mid-body has the session closed as well: nobody else is given it', async () => {
    const api = client({ timeout: { body: 250 } });
    await timesOut(() => api.get(`${mixed.url}drip`), { limit: 'body', ms: 250, phase: 'body', kind: 'read' });
    await mixed.closed();
    await api.get(mixed.url);
    expect(mixed.connections).toBe(2);
  });
});

it('an abort of the user’s leaves the session in use', async () => {
  const api = client();
  const controller = new AbortController();
  const call = rejection(api.get(`${mixed.url}stall`, { signal: controller.signal }));
  await until(() => mixed.requests === 1, 'the request has arrived');
  controller.abort();
  expect(await call).toMatchObject({ code: 'ERR_CANCELED' });
  expect((await api.get(mixed.url)).data).toBe('ok');
  expect(mixed.connections).toBe(1);
});

describe('sessions', () => {
  it('with other options are others', async () => {
    const api = client();
    await api.get(mixed.url);
    await api.get(mixed.url, { http2Options: { ca: lab.ca, servername: 'localhost' } });
    await api.get(mixed.url, { lookup: forAxios(lookupTo('127.0.0.1')) });
    expect(mixed.connections).toBe(3);
  });

  it('with another secure context, which may hold the certificate of another user, are others', async () => {
    const api = client();
    const http2Options = { secureContext: createSecureContext({ ca: lab.ca }) };
    await api.get(mixed.url, { http2Options });
    await api.get(mixed.url, { http2Options: { secureContext: createSecureContext({ ca: lab.ca }) } });
    expect(mixed.connections).toBe(2);
    await api.get(mixed.url, { http2Options });
    expect(mixed.connections).toBe(2);
  });

  it('are closed when they idle, and when the client closes', async () => {
    const api = client();
    await api.get(mixed.url, { http2Options: { ca: lab.ca, sessionTimeout: 100 } });
    await mixed.closed(1);
    await api.get(mixed.url);
    expect(mixed.connections).toBe(2);
    await api.close();
    await mixed.closed(2);
  });

  it('are closed when they idle, though Node refuses to make a request on them: that is no news of the endpoint', async () => {
    const api = client({ http2Options: { ca: lab.ca, sessionTimeout: 100 }, breaker: { minCalls: 1 } });
    const refused = (): Promise<unknown> => rejection(api.get(mixed.url, { headers: { connection: 'keep-alive' } }));
    expect(await refused()).toMatchObject({ code: 'ERR_HTTP2_INVALID_CONNECTION_HEADERS' });
    await mixed.closed(1);
    expect((await api.get(mixed.url)).data).toBe('ok');
    await refused();
    await mixed.closed(2);
    expect(api.breakers.list()).toMatchObject([{ state: 'closed', failureRate: 0 }]);
  });

  it('are closed though the peer, having said goodbye, does not close them', async () => {
    const peer = createServer().on('stream', (stream) => {
      stream.session?.goaway(0);
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
    const theirs: Http2Session[] = [];
    peer.on('session', (session) => theirs.push(session));
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    const ours: Socket[] = [];
    const see = (message: unknown): void => void ours.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', see);
    expect((await client().get(`http://127.0.0.1:${port}/`)).data).toBe('ok');
    unsubscribe('net.client.socket', see);
    await until(() => ours.length > 0 && ours.every(({ destroyed }) => destroyed), 'the socket is closed');
    for (const session of theirs) session.destroy();
    peer.close();
  });

  it('that end without an error, as Node may end them after a goodbye, cut short what is open on them', async () => {
    const api = client();
    const { data, request } = await api.get<Readable>(`${mixed.url}drip`, { responseType: 'stream' });
    const cut = once(data, 'error');
    (request as ClientHttp2Stream).session?.destroy();
    expect(await cut).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it('that are opened when the client is closed already end with their stream', async () => {
    const api = client({ http2Options: { ca: lab.ca, sessionTimeout: 600_000 } });
    const interceptor = holding(api);
    const call = api.get(mixed.url);
    await interceptor.entered;
    await api.close();
    interceptor.goOn();
    expect((await call).data).toBe('ok');
    await mixed.closed();
  });

  it.each([
    { max: 2, calls: 6, isKnown: true },
    { max: 100, calls: 150, isKnown: false },
  ])('that have all the $max streams their peer allows are given no more: another is opened', async ({ max, calls, isKnown }) => {
    const held: ServerHttp2Stream[] = [];
    const peer = createServer({ settings: { maxConcurrentStreams: max } }).on('stream', (stream, { ':path': path }) => {
      stream.respond({ ':status': 200 });
      if (path === '/first') return void stream.end();
      held.push(stream);
      if (held.length === calls) for (const one of held) one.end('ok'); // once all are here
    });
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    let sessions = 0;
    peer.on('session', () => void sessions++);
    const { port } = peer.address() as AddressInfo;
    const api = client({ baseURL: `http://127.0.0.1:${port}`, timeout: GENEROUS });
    if (isKnown) await api.get('/first');
    const answers = await Promise.all(Array.from({ length: calls }, () => api.get('/')));
    expect(answers.every(({ data }) => data === 'ok')).toBe(true);
    expect(sessions).toBeLessThanOrEqual(Math.ceil(calls / max) + 1); // the first stream may still be closing
    await api.close();
    peer.close();
  });

  it('whose peer refuses the excess of a burst before its settings are here are no news of the endpoint, and even a POST is sent again', async () => {
    let processed = 0;
    const peer = createServer({ settings: { maxConcurrentStreams: 2 } }).on('stream', (stream) => {
      processed++;
      stream.resume().respond({ ':status': 200 });
      stream.end('ok');
    });
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    const api = client({ baseURL: `http://127.0.0.1:${port}`, timeout: GENEROUS, breaker: {}, retry: { baseDelay: 5, budget: false } });
    let refused = 0;
    api.on('attempt', ({ code }) => void (code === 'ERR_HTTP2_STREAM_ERROR' && refused++));
    const answers = await Promise.all(Array.from({ length: 30 }, () => api.post('/', { a: 1 })));
    expect(answers.every(({ data }) => data === 'ok')).toBe(true);
    expect(refused).toBeGreaterThan(0);
    expect(processed).toBe(30);
    expect(api.breakers.list()).toMatchObject([{ state: 'closed', failureRate: 0 }]);
    await api.close();
    peer.close();
  });

  it('that a peer says goodbye to with a request it has not looked at: a POST is sent again, on another', async () => {
    const seen: (number | undefined)[] = [];
    const peer = createServer().on('stream', (stream) => {
      stream.on('error', () => {}).resume();
      seen.push(stream.id);
      if (seen.length === 2) return void stream.session?.goaway(0, 1); // the first stream was the last that it took
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    const api = client({ baseURL: `http://127.0.0.1:${port}`, timeout: GENEROUS, breaker: {}, retry: { baseDelay: 5 } });
    await api.get('/');
    expect((await api.post('/', { a: 1 })).data).toBe('ok');
    expect(seen).toEqual([1, 3, 1]);
    expect(api.breakers.list()).toMatchObject([{ failureRate: 0 }, { failureRate: 0 }]);
    await api.close();
    peer.close();
  });

  it('that a peer ends with that very code may have been processed: a POST is not sent again', async () => {
    let posts = 0;
    const peer = createServer().on('stream', (stream) => {
      posts++;
      stream.on('error', () => {}).resume();
      stream.session?.goaway(constants.NGHTTP2_REFUSED_STREAM, stream.id);
    });
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    const api = client({ baseURL: `http://127.0.0.1:${port}`, timeout: GENEROUS, breaker: {}, retry: { baseDelay: 5 } });
    await expect(api.post('/', { a: 1 })).rejects.toMatchObject({ code: 'ERR_HTTP2_SESSION_ERROR', retryStopped: 'unsafe' });
    expect(posts).toBe(1);
    expect(api.breakers.list()).toMatchObject([{ failureRate: 1 }]);
    await api.close();
    peer.close();
  });

  it('that are still connecting have their name looked up but once', async () => {
    const hole = await startBlackHole();
    const url = `https://localhost:${hole.port}/`;
    const api = client({ retry: false, timeout: { connect: 900, lookup: 300 } });
    const expected = { limit: 'connect', ms: 900, phase: 'tcp', kind: 'connect' } as const;
    const first = timesOut(() => api.get(url), expected);
    await until(() => hole.open === 1, 'the name is resolved');
    const second = timesOut(() => api.get(url), expected);
    await Promise.all([first, second]);
    // A resolver may answer before anybody can listen.
    const lookup = forAxios(lookupTo('127.0.0.1'));
    await timesOut(() => api.get(url, { lookup }), expected);
    await hole.close();
  });
});
