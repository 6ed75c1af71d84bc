// Alerts of a real client on real sockets: an upstream begins to hang, and recovers.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Alert, type Client, type ClientConfig, protect } from '../../src/index';
import type { Upstream } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { runScript } from './script';
import { clients, rejection, until, upstreamOf } from './support';

/** Answers at once, until it hangs: then no more than the headers come, or nothing. */
let upstream: Upstream;
let hangs: false | 'silent' | 'after headers' = false;
const { client, close } = clients();
const unhandled = watchUnhandled();

beforeAll(async () => {
  upstream = await upstreamOf(({ res }) => {
    if (!hangs) res.end('{}');
    else if (hangs === 'after headers') res.writeHead(200, { 'Content-Length': 10 }).flushHeaders();
  });
});
beforeEach(() => {
  hangs = false;
  upstream.reset();
});
afterEach(close);
afterAll(async () => {
  await upstream.close();
  await unhandled.none();
});

const READ = { timeout: { read: 40 } } as const;

function listen(api: Client): Alert[] {
  const alerts: Alert[] = [];
  api.on('alert', (alert) => alerts.push(alert));
  return alerts;
}

const url = (path = '/users/42?token=s3cret#s3cret'): string => new URL(path, upstream.url).href;
const endpoint = (): string => `GET ${new URL(upstream.url).origin}/users/:id`;

async function callTimes(api: Client, times: number, config = {}): Promise<void> {
  for (let i = 0; i < times; i++) await api.get(url(), config).catch(() => {});
}

const callsAtOnce = (api: Client, times: number): Promise<unknown> =>
  Promise.all(Array.from({ length: times }, () => api.get(url()).catch(() => {})));

describe('an upstream that begins to hang', () => {
  it('raises one alert, with the latest 5 timeouts and all that one needs to ask about them', async () => {
    const api = client(READ);
    const alerts = listen(api);
    const before = Date.now();
    await callTimes(api, 10, { timeout: false });
    expect(alerts).toEqual([]);
    hangs = 'silent';
    await callTimes(api, 4);
    expect(alerts).toEqual([]);
    const last: string[] = [];
    api.on('timeout', ({ traceId }) => last.push(traceId));
    hangs = 'after headers';
    await callTimes(api, 1);
    expect(alerts).toEqual([
      {
        endpoint: endpoint(),
        reason: 'frequent',
        status: 'firing',
        rate: 5 / 15,
        baseline: expect.any(Number),
        calls: 15,
        timeouts: 5,
        startedAt: expect.any(Number),
        recent: expect.any(Array),
      },
    ]);
    const [alert] = alerts as [Alert];
    expect(alert.startedAt).toBeGreaterThanOrEqual(before);
    expect(alert.startedAt).toBeLessThanOrEqual(Date.now());
    const common = { attempt: 1, method: 'GET', url: url('/users/42?token=REDACTED'), timedOut: true, limit: 'read', kind: 'read' };
    expect(alert.recent).toHaveLength(5);
    for (const record of alert.recent) {
      expect(record).toMatchObject({ ...common, endpoint: endpoint(), traceId: expect.stringMatching(/^[\da-f]{32}$/) });
      expect(record.elapsed).toBeGreaterThanOrEqual(40);
    }
    expect(alert.recent.map(({ phase, status }) => [phase, status])).toEqual([...Array(4).fill(['response', undefined]), ['body', 200]]);
    expect(alert.recent[4]?.traceId).toBe(last[0]);
    expect(new Set(alert.recent.map(({ traceId }) => traceId)).size).toBe(5);
    expect(JSON.stringify(alert)).not.toContain('s3cret');
    expect(JSON.parse(JSON.stringify(alert))).toEqual(alert);
    await callTimes(api, 3);
    expect(alerts).toHaveLength(1);
  });

  it('raises it for calls that never got to an attempt, too', async () => {
    const api = client({ deadline: 20 });
    const alerts = listen(api);
    api.interceptors.request.use(() => new Promise(() => {}));
    await callTimes(api, 5);
    expect(alerts).toMatchObject([{ status: 'firing', calls: 5, timeouts: 5, rate: 1 }]);
    expect(alerts[0]?.recent).toMatchObject(Array(5).fill({ attempt: 0, limit: 'deadline', kind: 'unknown' }));
  });

  it.each<[what: string, options: ClientConfig]>([
    ['off', { alerts: false }],
    ['off by either rule', { alerts: { frequent: false, surge: false } }],
    ['set higher', { alerts: { frequent: { timeouts: 7 }, surge: { timeouts: 7 } } }],
  ])('raises none where they are %s', async (_what, options) => {
    const api = client({ ...READ, ...options });
    const alerts = listen(api);
    hangs = 'silent';
    await callTimes(api, 6);
    expect(alerts).toEqual([]);
    expect(api.stats.get(endpoint())?.timeouts.read).toBe(6);
  });

  it('raises it as early as is asked for, also of a client that protect() or create() made', async () => {
    const { default: axios } = await import('axios');
    const guarded = protect(axios.create({ proxy: false }), { ...READ, retry: false, alerts: { frequent: { timeouts: 2 } } });
    const derived = guarded.create({ headers: { a: 'b' } });
    const further = guarded.create({ alerts: { cooldown: 1_000, frequent: { rate: 0.5 } } }); // the timeouts are the parent's
    const silent = guarded.create({ alerts: false });
    const heard = [guarded, derived, further, silent].map(listen);
    hangs = 'silent';
    for (const api of [guarded, derived, further, silent]) await callTimes(api, 2);
    expect(heard.map((alerts) => alerts.map(({ reason }) => reason))).toEqual([['frequent'], ['frequent'], ['frequent'], []]);
    for (const api of [guarded, derived, further, silent]) await api.close();
  });

  it('raises none once the client is closed, though calls under way are counted to their end', async () => {
    const api = client({ timeout: { read: 2_000 } });
    const alerts = listen(api);
    hangs = 'silent';
    const calls = callsAtOnce(api, 6);
    await until(() => upstream.requests === 6, 'all requests are there');
    await api.close();
    await calls;
    expect(alerts).toEqual([]);
    expect(api.stats.get(endpoint())?.timeouts.read).toBe(6);
  });

  it('harms no call where a handler of the alert throws', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const api = client(READ);
    api.on('alert', () => {
      throw new Error('pager is down');
    });
    const calls: string[] = [];
    api.on('call', ({ outcome }) => calls.push(outcome));
    hangs = 'silent';
    await callTimes(api, 6);
    expect(calls).toEqual(Array(6).fill('timeout'));
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});

// Sockets are real, and so is what Node itself does; our own timers wait for the fake clock.
describe('in time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Calls, lets it get there, and then lets the read limit pass. */
  async function timeOut(api: Client, times: number): Promise<void> {
    hangs = 'silent';
    for (let i = 0; i < times; i++) {
      const { requests } = upstream;
      const failed = rejection(api.get(url()));
      await until(() => upstream.requests > requests, 'the request is there');
      await vi.advanceTimersByTimeAsync(41);
      expect(await failed).toMatchObject({ code: 'ETIMEDOUT' });
    }
    hangs = false;
  }

  it('a rise against the past is one before timeouts are frequent', async () => {
    const api = client(READ);
    const alerts = listen(api);
    await callTimes(api, 100);
    await vi.advanceTimersByTimeAsync(70_000);
    await callTimes(api, 60);
    await timeOut(api, 4);
    expect(alerts).toEqual([]);
    for (let more = 0; more < 8 && !alerts.length; more++) await timeOut(api, 1);
    expect(alerts).toMatchObject([{ reason: 'surge', status: 'firing' }]);
    expect(alerts[0]?.rate).toBeLessThan(0.2);
    expect(alerts[0]?.baseline).toBeLessThan(0.01);
  });

  it('an alert is resolved when the upstream answers again, and can come back after its cooldown', async () => {
    const api = client({ ...READ, alerts: { cooldown: 60_000 } });
    const alerts = listen(api);
    await timeOut(api, 5);
    expect(alerts).toMatchObject([{ status: 'firing', reason: 'frequent', calls: 5 }]);
    const [{ startedAt } = { startedAt: 0 }] = alerts;
    for (let looks = 0; looks < 6 && alerts.length < 2; looks++) {
      await callTimes(api, 20, { timeout: false });
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(alerts).toMatchObject([{}, { status: 'resolved', reason: 'frequent', startedAt, endpoint: endpoint() }]);
    const [firing, resolved] = alerts as [Alert, Alert];
    expect(resolved.rate).toBeLessThan(0.1);
    expect(resolved.endedAt).toBeLessThanOrEqual(Date.now());
    expect(resolved.endedAt).toBeGreaterThanOrEqual(startedAt + 20_000);
    expect(resolved.recent).toEqual(firing.recent);
    await timeOut(api, 8);
    expect(alerts).toHaveLength(2); // it cools down
    await vi.advanceTimersByTimeAsync(60_000);
    await timeOut(api, 5);
    expect(alerts.map(({ status }) => status)).toEqual(['firing', 'resolved', 'firing']);
  });

  it('an alert of a client that was closed ends with it, and leaves no timer', async () => {
    const api = client({ ...READ, alerts: { cooldown: 20_000 } });
    const alerts = listen(api);
    await timeOut(api, 5);
    expect(alerts).toHaveLength(1);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await api.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(alerts.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });
});

describe('a process with a firing alert', () => {
  const script = (end: string): string => `
    const api = createClient({ proxy: false, retry: false, breaker: false, timeout: { read: 40 } });
    api.on('alert', ({ status, recent }) => console.log(status, recent.length));
    for (let i = 0; i < 5; i++) await api.get(url).catch(() => {});
    ${end}`;

  it.each([
    ['left as it is', '', 'firing 5'],
    ['closed', 'await api.close();', 'firing 5\nresolved 5'],
  ])('ends by itself at once, the client %s', async (_what, end, told) => {
    hangs = 'silent';
    const { code, stdout, stderr, lingered } = await runScript(script(end), upstream.url);
    expect({ code, stdout: stdout.trim(), stderr }).toEqual({ code: 0, stdout: told, stderr: '' });
    expect(lingered).toBeLessThan(8_000); // it would look after the alert in 10 s
  });
});
