// The best-effort channel over real sockets: on time or not at all, and never in the way of the client's own calls.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type BeaconEvent, type Client, type ClientConfig, createClient, type EventType } from '../bare';
import { type Answer, type Collector, HANGS, OK, startCollector, until } from './beacon-support';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
process.on('unhandledRejection', note);
afterAll(() => void process.off('unhandledRejection', note)); // other files run in this process, too
afterEach(() => expect(unhandled).toEqual([]));

async function collector(answer?: Answer): Promise<Collector> {
  const started = await startCollector(answer);
  onTestFinished(() => started.close());
  return started;
}

function client(config: ClientConfig = {}): Client {
  const api = createClient(config);
  onTestFinished(() => api.close());
  return api;
}

describe('a beacon', () => {
  it('is a POST of text, told as accepted at once, and delivered', async () => {
    const { url, received } = await collector();
    const api = client({ baseURL: url });
    expect(api.beacon('/v1/events?k=1', { clicked: 'buy' })).toBe(true);
    expect(api.beacons.stats()).toEqual({ queued: 1, bytes: 17, inFlight: 0, sent: 0, dropped: {} });
    expect(await api.beacons.flush()).toBe(true);
    expect(received).toMatchObject([{ method: 'POST', path: '/v1/events?k=1', body: '{"clicked":"buy"}' }]);
    expect(received[0]?.headers).toMatchObject({ 'content-type': 'text/plain;charset=UTF-8', 'content-length': '17' });
    expect(api.beacons.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 1, dropped: {} });
  });

  it('takes headers, bytes and nothing at all', async () => {
    const { url, received } = await collector();
    const api = client();
    api.beacon(url, new Uint8Array([104, 105]), { contentType: 'application/x-thing', headers: { 'x-key': 'k' } });
    api.beacon(url);
    expect(await api.beacons.flush()).toBe(true);
    expect(received.map(({ body }) => body).sort()).toEqual(['', 'hi']);
    expect(received.find(({ body }) => body === 'hi')?.headers).toMatchObject({ 'content-type': 'application/x-thing', 'x-key': 'k' });
  });

  it('of a client is false whatever it cannot send, and throws nothing, now or later', async () => {
    const api = client();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const loose = api.beacon as (...args: unknown[]) => unknown;
    for (const args of [[], [undefined], [Symbol('s')], ['http://a.test', circle], ['http://a.test', 1n], ['//', 1], [{}, {}, {}]])
      expect(loose(...args)).toBe(false);
    await sleep(50);
  });

  it('that this process had no time for is not held against the collector', async () => {
    const { url, received } = await collector();
    const api = client({ beacons: { timeout: 1_000 } });
    api.beacon(url, 'one');
    await sleep(5); // it is on its way
    const until = performance.now() + 2_500;
    while (performance.now() < until);
    expect(await api.beacons.flush(5_000)).toBe(true);
    expect(api.beacons.stats()).toMatchObject({ sent: 1, dropped: {} });
    expect(received).toHaveLength(1);
  });

  it('with headers no request can have is a network error, and harms no other', async () => {
    const { url, received } = await collector();
    const api = client();
    expect(api.beacon(url, 'x', { headers: { 'bad header\n': 'x' } })).toBe(true);
    expect(api.beacon(url, 'good')).toBe(true);
    expect(await api.beacons.flush()).toBe(true);
    expect(api.beacons.stats()).toMatchObject({ sent: 1, dropped: { network_error: 1 } });
    expect(received.map(({ body }) => body)).toEqual(['good']);
  });

  it('goes 2 at a time to an origin, and its connections are used again', async () => {
    let [now, most] = [0, 0];
    const busy = await collector((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.writeHead(200).end('thanks');
      }, 10);
    });
    const api = client();
    for (let i = 0; i < 20; i++) api.beacon(busy.url, i);
    expect(await api.beacons.flush(5_000)).toBe(true);
    expect(busy.received.length).toBe(20);
    expect(most).toBe(2);
    expect(busy.lives.length + busy.open).toBe(2);
  });
});

describe('a collector that hangs', () => {
  it('costs a beacon its time and its connection, and the connection is closed then', async () => {
    const hung = await collector(HANGS);
    const api = client({ beacons: { timeout: 200 } });
    const start = performance.now();
    for (let i = 0; i < 2; i++) api.beacon(hung.url, i);
    await until(() => hung.lives.length > 0);
    expect(performance.now() - start).toBeGreaterThanOrEqual(200);
    await until(() => hung.lives.length === 2);
    expect(hung.open).toBe(0);
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(api.beacons.stats().dropped).toEqual({ timeout: 2 });
  });

  it('by default does so after 2 s', async () => {
    const hung = await collector(HANGS);
    const api = client();
    const start = performance.now();
    api.beacon(hung.url, 1);
    await until(() => api.beacons.stats().dropped.timeout === 1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(2_000);
    expect(performance.now() - start).toBeLessThan(3_500);
    await until(() => hung.lives.length === 1);
    expect(hung.open).toBe(0);
  });

  it('in its answer has the beacon, and the connection is closed all the same', async () => {
    const drips = await collector((_, response) => void response.writeHead(200).write('and so on'));
    const api = client({ beacons: { timeout: 200 } });
    api.beacon(drips.url, 1);
    await until(() => drips.lives.length === 1);
    expect(drips.open).toBe(0);
    expect(api.beacons.stats()).toMatchObject({ sent: 1, inFlight: 0, dropped: {} });
  });

  it('three times is left alone, while another origin is served', async () => {
    const hung = await collector(HANGS);
    const fine = await collector();
    const api = client({ beacons: { timeout: 100 } });
    for (let i = 0; i < 20; i++) api.beacon(hung.url, i);
    await until(() => (api.beacons.stats().dropped.circuit_open ?? 0) > 0);
    expect(api.beacon(hung.url, 'no')).toBe(false);
    expect(hung.begun).toBeLessThanOrEqual(4);
    expect(api.beacon(fine.url, 'yes')).toBe(true);
    expect(await api.beacons.flush(2_000)).toBe(true);
    expect(fine.received.map(({ body }) => body)).toEqual(['yes']);
    const { timeout = 0, circuit_open = 0 } = api.beacons.stats().dropped;
    expect(timeout + circuit_open).toBe(21);
  });
});

describe('what a collector answers', () => {
  it('with 429 and Retry-After is kept to', async () => {
    const { url, received } = await collector((_, response) => void response.writeHead(429, { 'Retry-After': '1' }).end());
    const api = client();
    const start = performance.now();
    api.beacon(url, 1);
    await api.beacons.flush();
    const answered = performance.now();
    expect(api.beacon(url, 2)).toBe(false);
    await until(() => api.beacon(url, 3), 4_000);
    expect(performance.now() - start).toBeGreaterThanOrEqual(1_000);
    expect(performance.now() - answered).toBeLessThan(3_000);
    await until(() => received.length === 2);
    expect(received.map(({ body }) => body)).toEqual(['1', '3']);
    expect(api.beacons.stats().dropped.ratelimit_backoff).toBeGreaterThan(1);
  });

  it.each([400, 500, 302])('with %i is a drop, told of once for all, and nothing is sent again', async (status) => {
    const { url, received } = await collector((_, response) => void response.writeHead(status, { location: '/elsewhere' }).end());
    const api = client();
    const events: BeaconEvent[] = [];
    api.on('beacon', (event) => events.push(event));
    for (let i = 0; i < 3; i++) api.beacon(`${url}/c?token=secret`, 'abc');
    await until(() => events.length > 0);
    expect(events).toEqual([{ reason: 'rejected', count: 3, bytes: 9, url: `${url}/c?token=REDACTED` }]);
    expect(received.length).toBe(3);
  });

  it('with a reset, or not at all, is a network error', async () => {
    const resets = await collector((request) => request.socket.resetAndDestroy());
    const gone = await startCollector();
    await gone.close();
    const api = client();
    api.beacon(resets.url, 1);
    api.beacon(gone.url, 2);
    expect(await api.beacons.flush(2_000)).toBe(true);
    expect(api.beacons.stats()).toMatchObject({ sent: 0, dropped: { network_error: 2 } });
  });
});

describe('never in the way', () => {
  it('twenty that hang do not delay a GET to the same origin, nor touch any policy of the client', async () => {
    const site = await collector((request, response) => {
      if (request.method === 'GET') response.end('ok');
    });
    const api = client({ baseURL: site.url, beacons: { timeout: 1_500 }, breaker: { minCalls: 1 } });
    const seen: EventType[] = [];
    api.on('*', (type) => seen.push(type));
    await api.get('/warm');
    for (let i = 0; i < 20; i++) api.beacon('/hang', i);
    await until(() => api.beacons.stats().inFlight === 2);
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      await api.get('/data');
      expect(performance.now() - start).toBeLessThan(1_200); // a beacon holds out for 1 500
    }
    await until(() => (api.beacons.stats().dropped.circuit_open ?? 0) > 0, 10_000);
    expect((await api.get('/data')).data).toBe('ok');
    expect(new Set(seen.filter((type) => type !== 'beacon'))).toEqual(new Set(['attempt', 'call']));
    expect(seen.filter((type) => type === 'call').length).toBe(7);
    expect(api.breakers.list().filter(({ state }) => state !== 'closed')).toEqual([]);
  });

  it('an interceptor, an adapter or a disabled client are none of its business', async () => {
    const { url, received } = await collector();
    const api = client({ baseURL: url, timeout: 1, deadline: 1, adapter: () => new Promise(() => {}) });
    api.interceptors.request.use(() => new Promise(() => {}));
    api.disable();
    api.beacon('/c', 1);
    expect(await api.beacons.flush(2_000)).toBe(true);
    expect(received.length).toBe(1);
  });
});

describe('close', () => {
  it('ends what is on its way and drops what waits', async () => {
    const hung = await collector(HANGS);
    const api = client();
    const events: BeaconEvent[] = [];
    api.on('beacon', (event) => events.push(event));
    for (let i = 0; i < 5; i++) api.beacon(hung.url, i);
    await until(() => hung.received.length === 2);
    await api.close();
    expect(api.beacons.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 0, dropped: { already_shutdown: 5 } });
    expect(events).toMatchObject([{ reason: 'already_shutdown', count: 5 }]);
    await until(() => hung.open === 0);
    expect(hung.open).toBe(0);
    expect(api.beacon(hung.url, 6)).toBe(false);
    expect(await api.beacons.flush()).toBe(true);
    expect(api.beacons.stats().dropped).toEqual({ already_shutdown: 6 });
  });

  it('of the last client takes the listener of the process off; twenty clients share one', async () => {
    const before = process.listenerCount('beforeExit');
    const { url } = await collector(OK);
    const clients = Array.from({ length: 20 }, () => createClient());
    for (const api of clients) api.beacon(url, 1);
    expect(process.listenerCount('beforeExit')).toBe(before + 1);
    await Promise.all(clients.map((api) => api.beacons.flush(2_000)));
    await Promise.all(clients.map((api) => api.close()));
    expect(process.listenerCount('beforeExit')).toBe(before);
  });
});
