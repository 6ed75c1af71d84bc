// What is sent again after real faults: requests are counted where they arrive. A POST that may have arrived is never sent twice.
import http from 'node:http';
import net from 'node:net';
import type { Readable } from 'node:stream';
import type { AxiosError } from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptSummary, Client, ClientConfig, RetryEvent, StopReason } from '../bare';
import { startLab } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { freePort } from '../setup/ports.mjs';
import { watchUnhandled } from './failures';
import { clients, forAxios, rejection, until, upstreamOf } from './support';

type Told = Error & { code?: string; history: AttemptSummary[]; retryStopped: StopReason; retryAfter?: number; phase?: string };

let lab: Awaited<ReturnType<typeof startLab>>;
const { client: make, close } = clients();
const own: Upstream[] = [];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'stall', 'black-hole', 'tls-silence', 'dns-hang', 'refused', 'body-stall'] });
});
afterEach(async () => {
  await close();
  await Promise.all(own.splice(0).map((upstream) => upstream.close()));
  lab.upstream('healthy').reset();
  lab.upstream('stall').reset();
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

async function upstream(handler: Parameters<typeof upstreamOf>[0]): Promise<Upstream> {
  const started = await upstreamOf(handler);
  own.push(started);
  return started;
}

/** A client that repeats at once, and what it decided. */
function retrying(config: ClientConfig = {}): { client: Client; events: RetryEvent[] } {
  const client = make({ retry: { baseDelay: 5, jitter: 'none', budget: false }, ...config });
  const events: RetryEvent[] = [];
  client.on('retry', (event) => events.push(event));
  return { client, events };
}

const told = async (promise: Promise<unknown>): Promise<Told> => (await rejection(promise)) as Told;

const drained = (req: http.IncomingMessage, then: () => void): void => void req.on('end', then).resume();

describe('before anything was sent, a POST is repeated', () => {
  it('after a refused connection: it arrives once the server is there', async () => {
    const port = await freePort();
    const { client, events } = retrying({ retry: { baseDelay: 300, jitter: 'none' } });
    client.on('retry', async () => own.push(await upstreamOf(({ req, res }) => drained(req, () => res.end('ok')), {}, { port })));
    const response = await client.post(`http://127.0.0.1:${port}/`, 'body');
    expect(response.status).toBe(200);
    expect(events).toMatchObject([{ attempt: 1, code: 'ECONNREFUSED', delay: 300 }]);
    expect(own[0]?.requests).toBe(1);
  });

  it('after refused connections only, up to the last', async () => {
    const { client, events } = retrying();
    const error = await told(client.post(lab.url('refused'), 'body'));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', retryStopped: 'retries' });
    expect(error.history.map(({ attempt, code }) => [attempt, code])).toEqual([
      [1, 'ECONNREFUSED'],
      [2, 'ECONNREFUSED'],
      [3, 'ECONNREFUSED'],
    ]);
    expect(events.map(({ delay, reason }) => delay ?? reason)).toEqual([5, 10, 'retries']);
  });

  it.each([
    ['black-hole', 'tcp'],
    ['tls-silence', 'tls'],
    ['dns-hang', 'lookup'],
  ])('after a connect timeout: %s', async (fault, phase) => {
    const { client, events } = retrying({ timeout: { connect: 150 }, retry: { retries: 1, baseDelay: 5 } });
    const error = await told(client.request({ ...(lab.request(fault) as object), method: 'POST', data: 'body' }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', limit: 'connect', phase, retryStopped: 'retries' });
    expect(error.history.map((summary) => summary.phase)).toEqual([phase, phase]);
    expect(events[0]).toMatchObject({ attempt: 1, phase, delay: expect.any(Number) });
  });

  it('after a lookup that failed', async () => {
    const { client } = retrying();
    const lookup = forAxios((_: string, __: object, answer: (error: Error) => void) =>
      answer(Object.assign(new Error('no such name'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })),
    );
    const error = await told(client.post('http://nowhere.invalid/', 'body', { lookup }));
    expect(error.code).toBe('ENOTFOUND');
    expect(error.history).toHaveLength(3);
  });

  it('after a connection that broke off in the TLS handshake', async () => {
    let greetings = 0;
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        greetings++;
        socket.resetAndDestroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { client } = retrying();
    const error = await told(client.post(`https://127.0.0.1:${(server.address() as net.AddressInfo).port}/`, 'body'));
    server.close();
    expect(error.code).toBe('ECONNRESET');
    expect(greetings).toBe(3);
  });

  it('after waiting in vain for a connection of the pool', async () => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { client, events } = retrying({ httpAgent, timeout: { queue: 100 }, retry: { retries: 5, baseDelay: 50, budget: false } });
    const blocking = client.get(lab.url('healthy', '/delay/300'));
    await until(() => lab.upstream('healthy').requests === 1, 'the connection is taken');
    const response = await client.post(lab.url('healthy'), 'body');
    await blocking;
    httpAgent.destroy();
    expect(response.data.body).toBe('body');
    expect(events[0]).toMatchObject({ attempt: 1, phase: 'queue' });
    expect(lab.upstream('healthy').requests).toBe(2);
  });
});

describe('a peer that says it did not do the work', () => {
  it.each([
    ['425', 425, {}],
    ['429', 429, {}],
    ['503 with Retry-After', 503, { 'Retry-After': '0' }],
  ] as const)('gets a POST again: %s', async (_, status, headers) => {
    const bodies: string[] = [];
    const peer = await upstream(({ req, res }) => {
      let body = '';
      req.on('data', (chunk) => {
        body += chunk;
      });
      req.on('end', () => {
        bodies.push(body);
        res.writeHead(bodies.length < 3 ? status : 200, headers).end();
      });
    });
    const { client } = retrying();
    expect((await client.post(peer.url, { n: 1 })).status).toBe(200);
    expect(bodies).toEqual(Array(3).fill('{"n":1}'));
  });
});

/** Faults that come after the request was sent: what the server does with it. */
const LATE: [string, Parameters<typeof upstreamOf>[0], ClientConfig][] = [
  ['the connection is reset', ({ req, upstream }) => drained(req, () => upstream.hangUp(req.socket, 'reset')), {}],
  ['the connection is closed', ({ req, upstream }) => drained(req, () => upstream.hangUp(req.socket)), {}],
  ['no answer comes', ({ req }) => drained(req, () => {}), { timeout: { response: 150 } }],
  ['nothing comes for too long', ({ req }) => drained(req, () => {}), { timeout: { read: 150 } }],
  ['the attempt takes too long', ({ req }) => drained(req, () => {}), { timeout: { total: 150 } }],
  [
    'the body stops',
    ({ req, res }) => drained(req, () => void res.writeHead(200, { 'Content-Length': 9 }).write('x')),
    { timeout: { read: 150 } },
  ],
  [
    'the body breaks off',
    ({ req, res, upstream }) =>
      drained(req, () => {
        res.writeHead(200, { 'Content-Length': 9 }).write('x');
        setTimeout(() => upstream.hangUp(req.socket), 20);
      }),
    {},
  ],
  [
    'the body breaks off in chunks',
    ({ req, res, upstream }) =>
      drained(req, () => {
        res.writeHead(200).write('x');
        setTimeout(() => upstream.hangUp(req.socket, 'reset'), 20);
      }),
    {},
  ],
  ['it answers 500', ({ req, res }) => drained(req, () => res.writeHead(500).end()), {}],
  ['it answers 502', ({ req, res }) => drained(req, () => res.writeHead(502).end()), {}],
  ['it answers 503', ({ req, res }) => drained(req, () => res.writeHead(503).end()), {}],
  ['it answers 504', ({ req, res }) => drained(req, () => res.writeHead(504).end()), {}],
  ['it answers 408', ({ req, res }) => drained(req, () => res.writeHead(408).end()), {}],
];

describe.each(LATE)('after the request was sent and %s', (_, handler, config) => {
  it('a POST is never sent again', async () => {
    const peer = await upstream(handler);
    const { client, events } = retrying(config);
    const error = await told(client.post(peer.url, 'body'));
    expect(peer.requests).toBe(1);
    expect(error.retryStopped).toBe('unsafe');
    expect(error.history).toHaveLength(1);
    expect(events).toMatchObject([{ attempt: 1, reason: 'unsafe' }]);
  });

  it('a POST with an Idempotency-Key is', async () => {
    const peer = await upstream(handler);
    const { client } = retrying(config);
    const error = await told(client.post(peer.url, 'body', { headers: { 'Idempotency-Key': 'k' } }));
    expect(peer.requests).toBe(3);
    expect(error.retryStopped).toBe('retries');
  });

  it('a GET is', async () => {
    const peer = await upstream(handler);
    const { client, events } = retrying(config);
    await told(client.get(peer.url));
    expect(peer.requests).toBe(3);
    expect(events.map(({ delay, reason }) => delay ?? reason)).toEqual([5, 10, 'retries']);
  });
});

describe('a route that is gone while the answer is due', () => {
  // The system reports it on a connection in use as well, after minutes of sending again; here by the socket itself, as Node would.
  it.each(['EHOSTUNREACH', 'ENETUNREACH', 'ECONNREFUSED'])('has no POST repeated: %s', async (code) => {
    const sockets: net.Socket[] = [];
    const httpAgent = new http.Agent({ keepAlive: true });
    const { createConnection } = httpAgent as unknown as { createConnection(...args: unknown[]): net.Socket };
    Object.assign(httpAgent, {
      createConnection(...args: unknown[]) {
        const socket = createConnection.apply(httpAgent, args);
        sockets.push(socket);
        return socket;
      },
    });
    const lost = (): Error => Object.assign(new Error(`read ${code}`), { code, syscall: 'read' });
    const peer = await upstream(({ req }) => drained(req, () => sockets.at(-1)?.destroy(lost())));
    const { client } = retrying({ httpAgent });
    expect(await told(client.post(peer.url, 'body'))).toMatchObject({ code, retryStopped: 'unsafe' });
    expect(peer.requests).toBe(1);
    expect(await told(client.put(peer.url, 'body'))).toMatchObject({ code, retryStopped: 'retries' });
    expect(peer.requests).toBe(1 + 3);
    httpAgent.destroy();
  });
});

describe('a redirect', () => {
  it('whose target is refused is repeated for a GET, not for a POST, which has reached the first', async () => {
    const target = encodeURIComponent(lab.url('refused'));
    const { client } = retrying();
    const healthy = lab.upstream('healthy');
    const error = await told(client.post(lab.url('healthy', `/redirect?to=${target}`), 'body'));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', retryStopped: 'unsafe' });
    expect(healthy.requests).toBe(1);
    healthy.reset();
    await told(client.get(lab.url('healthy', `/redirect?to=${target}`)));
    expect(healthy.requests).toBe(3);
  });

  it('whose target takes no connection in time is not repeated for a POST', async () => {
    const { client } = retrying({ timeout: { connect: 150 } });
    const target = encodeURIComponent(lab.url('black-hole'));
    const error = await told(client.post(lab.url('healthy', `/redirect?to=${target}`), 'body'));
    expect(error).toMatchObject({ limit: 'connect', retryStopped: 'unsafe' });
    expect(lab.upstream('healthy').requests).toBe(1);
  });

  it.each([425, 429])('whose target refuses by %i is not repeated for a POST, which the first may have processed', async (status) => {
    const healthy = lab.upstream('healthy');
    const { client } = retrying();
    const url = lab.url('healthy', `/redirect?to=/status/${status}`);
    expect(await told(client.post(url, 'body'))).toMatchObject({ response: { status }, retryStopped: 'unsafe' });
    expect(healthy.requests).toBe(2);
    expect(await told(client.post(url, 'body', { headers: { 'Idempotency-Key': 'k' } }))).toMatchObject({ retryStopped: 'retries' });
    expect(healthy.requests).toBe(2 + 6);
  });

  it('that goes in circles is not repeated', async () => {
    const { client } = retrying();
    const error = await told(client.get(lab.url('healthy', '/redirect?to=/redirect?to=/'), { maxRedirects: 1 }));
    expect(error).toMatchObject({ code: 'ERR_FR_TOO_MANY_REDIRECTS', retryStopped: 'permanent' });
    expect(lab.upstream('healthy').requests).toBe(2);
  });
});

describe('what would fail again is not repeated', () => {
  it('a certificate that is not trusted', async () => {
    const { client, events } = retrying();
    const peer = lab.upstream('tls-healthy');
    peer.reset();
    const error = await told(client.get(peer.url));
    expect(error.code).toMatch(/CERT|SIGNATURE/);
    expect(peer.connections).toBe(1);
    expect(events).toMatchObject([{ attempt: 1, reason: 'permanent' }]);
  });

  it.each([[{}], [{ responseType: 'stream' } as const]])('an answer that is too large %j', async (config) => {
    const { client } = retrying();
    const call = client.get(lab.url('healthy', '/bytes/100000'), { ...config, maxContentLength: 10 });
    if ('responseType' in config) (await call).data.on('error', () => {}).resume();
    else expect((await told(call)).retryStopped).toBe('permanent');
    expect(lab.upstream('healthy').requests).toBe(1);
  });

  it('a body that is too large', async () => {
    const { client } = retrying();
    const error = await told(client.put(lab.url('healthy'), 'x'.repeat(100), { maxBodyLength: 10 }));
    expect(error.retryStopped).toBe('permanent');
    expect(lab.upstream('healthy').requests).toBe(0);
  });

  it('a protocol that nobody speaks, a URL that is none, an option that cannot be meant', async () => {
    const { client, events } = retrying();
    for (const url of ['foo://host/', 'http://a b/']) expect((await told(client.get(url))).history).toHaveLength(1);
    expect(events.map(({ reason }) => reason)).toEqual(['permanent', 'permanent']);
    expect((await told(client.get(lab.url('healthy'), { timeout: -1 }))).code).toBe('ERR_BAD_OPTION_VALUE');
    expect(lab.upstream('healthy').requests).toBe(0);
  });

  it('an answer that cannot be read as JSON', async () => {
    const { client } = retrying();
    const peer = await upstream(({ res }) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{'));
    await told(client.get(peer.url, { responseType: 'json', transitional: { silentJSONParsing: false } }));
    expect(peer.requests).toBe(1);
  });

  it.each(['json', 'stream'] as const)('a mistake in validateStatus, which is told of as it is: %s', async (responseType) => {
    const { client } = retrying();
    const peer = await upstream(({ res }) => res.end('whole'));
    const mistake = new TypeError('mine');
    const validateStatus = (): never => {
      throw mistake;
    };
    expect(await told(client.get(peer.url, { responseType, validateStatus }))).toBe(mistake);
    expect(peer.requests).toBe(1);
  });
});

it('retry.when and breaker.isFailure get the body as it was received, the caller gets it as axios transforms it', async () => {
  const { url } = await upstream(({ res }) => void res.writeHead(503, { 'Content-Type': 'application/json' }).end('{"error":"busy"}'));
  const seen: unknown[] = [];
  const note = (error: unknown): boolean => seen.push((error as AxiosError).response?.data) > 9;
  const client = make({ retry: { when: note }, breaker: { isFailure: ({ error }) => note(error) } });
  expect(await rejection(client.get(url))).toMatchObject({ response: { data: { error: 'busy' } }, retryStopped: 'when' });
  expect(seen).toEqual(['{"error":"busy"}', '{"error":"busy"}']);
});

describe('a connection of the pool that the peer had closed', () => {
  it('has a GET repeated on a new one, not a POST', async () => {
    const { client } = retrying();
    const healthy = lab.upstream('healthy');
    await client.get(lab.url('healthy', '/drop-next'));
    expect((await client.get(lab.url('healthy'))).status).toBe(200);
    expect(healthy.requests).toBe(3);
    await client.get(lab.url('healthy', '/drop-next'));
    healthy.reset();
    expect((await told(client.post(lab.url('healthy'), 'body'))).retryStopped).toBe('unsafe');
    expect(healthy.requests).toBe(1);
  });
});

describe('Retry-After', () => {
  it.each([
    ['seconds', (): string => '1'],
    ['a date', (): string => new Date(Math.floor(Date.now() / 1_000) * 1_000 + 2_000).toUTCString()],
  ])('is kept to, in %s: the server sees nobody early', async (_, hint) => {
    const times: number[] = [];
    let asked = 0;
    const peer = await upstream(({ res }) => {
      times.push(performance.now());
      if (times.length > 1) return void res.end('ok');
      const value = hint();
      asked = /^\d+$/.test(value) ? Number(value) * 1_000 : 2_000;
      const date = new Date().toUTCString();
      res.writeHead(503, { 'Retry-After': value, Date: date }).end();
      asked = Math.min(asked, /^\d+$/.test(value) ? asked : Date.parse(value) - Date.parse(date));
    });
    const { client } = retrying();
    await client.post(peer.url, 'body');
    expect(times).toHaveLength(2);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(asked);
  });

  it('that is too long is told at once', async () => {
    const peer = await upstream(({ res }) => res.writeHead(429, { 'Retry-After': '3000000' }).end());
    const { client } = retrying();
    const error = await told(client.get(peer.url));
    expect(error).toMatchObject({ retryAfter: 3_000_000_000, retryStopped: 'retry-after' });
    expect(peer.requests).toBe(1);
  });

  it('never comes early on the real clock, many times over', async () => {
    const peer = await upstream(({ res }) => res.writeHead(503).end());
    const { client, events } = retrying({ retry: { retries: 60, baseDelay: 7, factor: 1, jitter: 'none', budget: false } });
    const starts: number[] = [];
    const ends: number[] = [];
    client.on('attempt', ({ startedAt, elapsed }) => {
      starts.push(startedAt);
      ends.push(startedAt + elapsed);
    });
    await told(client.get(peer.url));
    expect(events).toHaveLength(61);
    for (let n = 1; n < starts.length; n++) expect((starts[n] as number) - (ends[n - 1] as number)).toBeGreaterThanOrEqual(7 - 0.001);
  });
});

describe('an abort in a back-off', () => {
  it('leaves no timer and no connection', async () => {
    const { client } = retrying({ retry: { baseDelay: 60_000, maxDelay: 60_000 }, deadline: 300_000 });
    const peer = await upstream(({ res }) => res.writeHead(503).end());
    const controller = new AbortController();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const call = rejection(client.get(peer.url, { signal: controller.signal }));
    await new Promise((resolve) => client.on('retry', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers()).toBeGreaterThan(before);
    controller.abort();
    expect(await call).toMatchObject({ code: 'ERR_CANCELED' });
    expect(timers()).toBeLessThanOrEqual(before);
    expect(peer.requests).toBe(1);
  });
});

describe('an answer that is a stream', () => {
  it('and is repeated is let go of: its connection is closed, and its place among the concurrent is free', async () => {
    let requests = 0;
    const peer = await upstream(({ res }) => {
      if (++requests === 3) return void res.end('good');
      res.writeHead(503).write('never ends'); // held open
    });
    const { client } = retrying({ limit: { concurrency: 1 } });
    const { data } = await client.get<Readable>(peer.url, { responseType: 'stream' });
    const chunks: Buffer[] = [];
    for await (const chunk of data) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('good');
    await peer.closed(2);
  });

  it('and is not repeated is left to the caller', async () => {
    const peer = await upstream(({ res }) => res.writeHead(500).end('what went wrong'));
    const { client } = retrying();
    const error = (await told(client.post(peer.url, 'body', { responseType: 'stream' }))) as Told & { response: { data: Readable } };
    const chunks: Buffer[] = [];
    for await (const chunk of error.response.data) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('what went wrong');
  });
});

describe('an answer whose body stalls', () => {
  it('has its status in the decision and in the history', async () => {
    const { client, events } = retrying({ timeout: { read: 60 }, retry: { retries: 1, baseDelay: 5, jitter: 'none', budget: false } });
    const { history } = await told(client.get(lab.url('body-stall')));
    expect(history).toMatchObject([
      { attempt: 1, status: 200, phase: 'body', delay: 5 },
      { attempt: 2, status: 200, phase: 'body' },
    ]);
    expect(events).toMatchObject([
      { attempt: 1, status: 200, phase: 'body', delay: 5 },
      { attempt: 2, status: 200, phase: 'body', reason: 'retries' },
    ]);
  });

  it('gives its status to no refusal after it', async () => {
    const { client, events } = retrying({
      timeout: { read: 60 },
      retry: { retries: 1, baseDelay: 5, jitter: 'none', budget: false },
      breaker: { burst: { minCalls: 1 } },
    });
    expect((await told(client.get(lab.url('body-stall')))).history).toHaveLength(1);
    expect(events.map(({ code, status }) => [code, status])).toEqual([
      ['ETIMEDOUT', 200],
      ['EBREAKEROPEN', undefined],
    ]);
  });
});

describe("axios' fetch adapter", () => {
  const fetching = (config: ClientConfig = {}) => retrying({ adapter: 'fetch', ...config });

  it('tells of no phase: a failure of the network has a GET repeated, not a POST', async () => {
    for (const fault of ['reset', 'refused']) {
      const url = fault === 'reset' ? lab.url('healthy', '/reset') : lab.url('refused');
      const { client } = fetching();
      expect((await told(client.post(url, 'body'))).history).toHaveLength(1);
      expect((await told(client.get(url))).history).toHaveLength(3);
    }
    expect(lab.upstream('healthy').requests).toBe(1 + 3);
  });

  it('has no POST sent again after a timeout', async () => {
    const { client } = fetching({ timeout: { total: 150 } });
    expect((await told(client.post(lab.url('stall'), 'body'))).retryStopped).toBe('unsafe');
    expect(lab.upstream('stall').requests).toBe(1);
    expect((await told(client.get(lab.url('stall')))).history).toHaveLength(3);
  });

  it.each([200, 503])('has a GET repeated whose answer broke off: %i', async (status) => {
    const peer = await upstream(({ req, res, upstream }) => {
      if (peer.requests > 1) return void res.end('whole');
      res.writeHead(status, { 'Content-Length': 9 }).write('x');
      setTimeout(() => upstream.hangUp(req.socket), 20);
    });
    const { client, events } = fetching();
    expect((await client.get(peer.url)).data).toBe('whole');
    expect(peer.requests).toBe(2);
    expect(events).toMatchObject([{ attempt: 1, status, delay: 5 }]);
  });

  it('waits as told by an answer that broke off', async () => {
    const peer = await upstream(({ req, res, upstream }) => {
      res.writeHead(503, { 'Content-Length': 9, 'Retry-After': 60 }).write('x');
      setTimeout(() => upstream.hangUp(req.socket), 20);
    });
    const { client } = fetching();
    expect(await told(client.get(peer.url))).toMatchObject({ retryStopped: 'retry-after', retryAfter: 60_000 });
    expect(peer.requests).toBe(1);
  });

  it('has an answer that is too large not repeated', async () => {
    const { client } = fetching();
    const error = await told(client.get(lab.url('healthy', '/bytes/100000'), { maxContentLength: 10 }));
    expect(error.retryStopped).toBe('permanent');
    expect(lab.upstream('healthy').requests).toBe(1);
  });
});
