// breakwater/prometheus: what the real prom-client shows of real traffic.
import axios from 'axios';
import { Counter, type OpenMetricsContentType, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { collect } from '../../src/exporters/prometheus';
import { type Alert, type CallRecord, type Client, type ClientConfig, createClient, type EventHandler } from '../../src/index';
import { Events } from '../../src/telemetry/events';
import { startUpstream } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { rejection, until } from './support';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function clientWith(config: ClientConfig = {}): Client {
  const client = createClient({ proxy: false, retry: false, breaker: false, ...config });
  endings.push(() => client.close());
  return client;
}

async function upstream(name = 'healthy'): Promise<Upstream> {
  const started = await startUpstream(name);
  endings.push(() => started.close());
  return started;
}

/** The series of a metric, as they are scraped: `{labels} value`, sorted. */
async function series(registry: { metrics(): Promise<string> }, metric: string): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(metric) && /[{ ]/.test(line[metric.length] ?? ''));
  return lines.map((line) => line.slice(metric.length)).sort();
}

const COUNT = 'http_client_request_duration_seconds_count';

/** As many series as have counted something. */
const counted = (lines: string[]): string[] => lines.filter((line) => !line.endsWith(' 0'));

const server = ({ port }: Upstream): string => `server_address="127.0.0.1",server_port="${port}"`;

describe('attempts', () => {
  it('are one histogram, whatever becomes of them', async () => {
    const registry = new Registry();
    const [healthy, stall, refused] = [await upstream(), await upstream('stall'), await upstream('refused')];
    const client = clientWith({ timeout: { read: 100 } });
    collect(client, { registry });
    for (const id of [1, 2, 3]) await client.get(`${healthy.url}users/${id}?token=hunter2`);
    await rejection(client.post(`${healthy.url}status/404`));
    await rejection(client.get(stall.url));
    await rejection(client.get(refused.url));
    const aborter = new AbortController();
    const canceled = rejection(client.get(`${stall.url}users/7`, { signal: aborter.signal, timeout: false }));
    await until(() => stall.requests === 2, 'the request is there');
    aborter.abort();
    await canceled;
    expect(counted(await series(registry, COUNT))).toEqual(
      [
        `{http_request_method="GET",${server(healthy)},url_template="/users/:id",http_response_status_code="200"} 3`,
        `{http_request_method="POST",${server(healthy)},url_template="/status/:id",http_response_status_code="404",error_type="404"} 1`,
        `{http_request_method="GET",${server(stall)},url_template="/",error_type="timeout"} 1`,
        `{http_request_method="GET",${server(refused)},url_template="/",error_type="ECONNREFUSED"} 1`,
        `{http_request_method="GET",${server(stall)},url_template="/users/:id"} 1`,
      ].sort(),
    );
    expect(await registry.metrics()).not.toContain('hunter2');
  });

  it('are measured in seconds, in the buckets of the conventions and three more', async () => {
    const registry = new Registry();
    const up = await upstream();
    const client = clientWith();
    collect(client, { registry });
    await client.get(`${up.url}delay/300`);
    const buckets = (await series(registry, 'http_client_request_duration_seconds_bucket')).filter((line) => line.includes('status_code'));
    const counts = new Map(buckets.map((line) => [/le="([^"]+)"/.exec(line)?.[1], line.endsWith(' 1')]));
    const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60, '+Inf'];
    expect([...counts.keys()].sort()).toEqual(bounds.map(String).sort());
    expect([counts.get('0.25'), counts.get('10'), counts.get('+Inf')]).toEqual([false, true, true]);
  });

  it('that time out are there as 0 before the first', async () => {
    const registry = new Registry();
    const [up, cut] = [await upstream(), await upstream('body-stall')];
    const [client, other] = [clientWith({ endpoint: 'one', timeout: { read: 100 } }), clientWith({ endpoint: 'one' })];
    collect(client, { registry });
    const timedOut = async () => (await series(registry, COUNT)).filter((line) => line.includes('timeout'));
    const labels = `{http_request_method="GET",${server(up)},breakwater_endpoint="one",error_type="timeout"}`;
    await client.get(up.url);
    expect(await timedOut()).toEqual([`${labels} 0`]);
    await rejection(client.get(`${up.url}delay/60000`));
    await client.get(up.url);
    collect(other, { registry });
    await other.get(up.url);
    expect(await timedOut()).toEqual([`${labels} 1`]);
    const ofBody = `{http_request_method="GET",${server(cut)},breakwater_endpoint="two",error_type="timeout"}`;
    await rejection(client.get(cut.url, { endpoint: 'two' })); // its status has come
    expect(await timedOut()).toEqual([`${labels} 1`, `${ofBody} 1`].sort());
  });

  it('that time out are there as 0 again after the metrics were reset', async () => {
    const registry = new Registry();
    const up = await upstream();
    const client = clientWith({ endpoint: 'one' });
    collect(client, { registry });
    const all = `{http_request_method="GET",${server(up)},breakwater_endpoint="one"`;
    for (let i = 0; i < 2; i++) {
      await client.get(up.url);
      expect(await series(registry, COUNT)).toEqual([`${all},error_type="timeout"} 0`, `${all},http_response_status_code="200"} 1`]);
      registry.resetMetrics();
      expect(await series(registry, COUNT)).toEqual([]);
    }
  });

  it('of three hundred endpoints make two hundred labels and one', async () => {
    const registry = new Registry();
    const up = await upstream();
    const client = clientWith();
    collect(client, { registry });
    await Promise.all(Array.from({ length: 300 }, (_, i) => client.get(up.url, { endpoint: `endpoint ${i}` })));
    const lines = counted(await series(registry, COUNT));
    expect(lines).toHaveLength(201);
    expect(lines).toContain(`{http_request_method="GET",breakwater_endpoint="_OTHER",http_response_status_code="200"} 100`);
  });
});

describe('the rest', () => {
  it('timeouts by kind, phase and limit, those of the deadline included', async () => {
    const registry = new Registry();
    const [stall, hole] = [await upstream('stall'), await upstream('black-hole')];
    const client = clientWith();
    collect(client, { registry });
    await rejection(client.get(stall.url, { timeout: { response: 100 } }));
    await rejection(client.get(hole.url, { timeout: { connect: 100 } }));
    await rejection(client.get(stall.url, { deadline: 100 }));
    expect(await series(registry, 'breakwater_timeouts_total')).toEqual(
      [
        `{http_request_method="GET",${server(stall)},url_template="/",kind="read",phase="response",limit="response"} 1`,
        `{http_request_method="GET",${server(hole)},url_template="/",kind="connect",phase="tcp",limit="connect"} 1`,
        `{http_request_method="GET",${server(stall)},url_template="/",kind="read",phase="response",limit="deadline"} 1`,
      ].sort(),
    );
  });

  it('retries: attempts that are made again, not those that are not', async () => {
    const registry = new Registry();
    const up = await upstream();
    const client = clientWith({ retry: { retries: 2, baseDelay: 1 } });
    collect(client, { registry });
    await rejection(client.get(`${up.url}status/503`));
    await rejection(client.post(`${up.url}status/503`));
    expect(up.requests).toBe(4);
    expect(await series(registry, 'breakwater_retries_total')).toEqual([
      `{http_request_method="GET",${server(up)},url_template="/status/:id"} 2`,
    ]);
  });

  it('breakers, as they are at the scrape, and what they refuse', async () => {
    const registry = new Registry();
    const up = await upstream();
    const client = clientWith({ breaker: { openFor: 60_000, burst: { minCalls: 2 } } });
    for (let i = 0; i < 2; i++) await rejection(client.get(`${up.url}status/500`));
    collect(client, { registry }); // it need not have seen the change
    await client.get(up.url);
    for (let i = 0; i < 3; i++) await rejection(client.get(`${up.url}status/500`));
    const at = (template: string, state: string) => `{http_request_method="GET",${server(up)},url_template="${template}",state="${state}"}`;
    const states = [
      [`${at('/', 'closed')} 1`, `${at('/', 'half-open')} 0`, `${at('/', 'open')} 0`],
      [`${at('/status/:id', 'closed')} 0`, `${at('/status/:id', 'half-open')} 0`, `${at('/status/:id', 'open')} 1`],
    ].flat();
    expect(await series(registry, 'breakwater_breaker_state')).toEqual(states);
    expect(await series(registry, 'breakwater_breaker_state')).toEqual(states); // a second scrape adds nothing
    expect(await series(registry, 'breakwater_refused_total')).toEqual([
      `{http_request_method="GET",${server(up)},url_template="/status/:id",by="breaker"} 3`,
    ]);
    client.breakers.reset();
    expect(await series(registry, 'breakwater_breaker_state')).toEqual([]);
  });

  it('what its own breaker refuses, whatever an interceptor makes of the error', async () => {
    const registry = new Registry();
    const up = await upstream();
    const [client, other] = [clientWith({ breaker: {} }), clientWith({ breaker: {} })];
    const records: CallRecord[] = [];
    client.on('call', (record) => records.push(record));
    collect(client, { registry });
    other.breakers.open(`GET ${up.url}`);
    client.breakers.open(`GET ${up.url}cut`);
    const own = client.interceptors.response.use(undefined, () => Promise.reject(new Error("the application's own")));
    await rejection(client.get(`${up.url}cut`));
    client.interceptors.response.eject(own);
    client.interceptors.response.use(undefined, () => 'instead');
    expect(await client.get(`${up.url}cut`)).toBe('instead');
    client.interceptors.request.use((config) => other.get(up.url).then(() => config)); // a token, say
    await client.get(`${up.url}a`);
    expect(up.requests).toBe(0);
    expect(records.map(({ outcome, refusedBy }) => [outcome, refusedBy])).toEqual([
      ['error', 'breaker'],
      ['success', 'breaker'],
      ['success', undefined],
    ]);
    expect(await series(registry, 'breakwater_refused_total')).toEqual([
      `{http_request_method="GET",${server(up)},url_template="/cut",by="breaker"} 2`,
    ]);
  });

  it('what the limits refuse, and what is answered with something else', async () => {
    const registry = new Registry();
    const up = await upstream();
    const client = clientWith({ endpoint: 'one', limit: { concurrency: 1 }, fallback: { value: 'instead' } });
    collect(client, { registry });
    const first = client.get(`${up.url}delay/100`);
    const { data } = await client.get(up.url);
    await first;
    expect(data).toBe('instead');
    await client.get(up.url, { limit: { rate: 1, interval: 60_000 } });
    await client.get(up.url, { limit: { rate: 1, interval: 60_000 } });
    expect(await series(registry, 'breakwater_refused_total')).toEqual([
      '{breakwater_endpoint="one",by="concurrency"} 1',
      '{breakwater_endpoint="one",by="rate"} 1',
    ]);
    expect(await series(registry, 'breakwater_fallbacks_total')).toEqual(['{breakwater_endpoint="one",kind="value"} 2']);
  });

  it('beacons that are dropped, all of an event', async () => {
    const registry = new Registry();
    const refused = await upstream('refused');
    const client = clientWith();
    collect(client, { registry, name: 'main' });
    for (let i = 0; i < 3; i++) client.beacon(refused.url, { i });
    client.beacon('nowhere');
    await client.beacons.flush();
    await client.close(); // what has not been told of yet is
    expect(await series(registry, 'breakwater_beacons_dropped_total')).toEqual([
      '{client="main",reason="invalid_url"} 1',
      '{client="main",reason="network_error"} 3',
    ]);
  });

  it('alerts, while they fire', async () => {
    const registry = new Registry();
    const stall = await upstream('stall');
    const client = clientWith({ timeout: { read: 50 }, alerts: { frequent: { timeouts: 5 }, surge: false } });
    collect(client, { registry });
    await Promise.all(Array.from({ length: 5 }, () => rejection(client.get(stall.url))));
    expect(await series(registry, 'breakwater_alerts_firing')).toEqual([
      `{http_request_method="GET",${server(stall)},url_template="/",reason="frequent"} 1`,
    ]);
  });

  it('alerts, until they are resolved', async () => {
    const registry = new Registry();
    const events = new Events();
    const on = <T extends 'alert'>(type: T, handler: EventHandler<T>) => events.on(type, handler);
    collect({ on: on as Events['on'], breakers: { list: () => [] } }, { registry });
    const tell = (endpoint: string, status: Alert['status']) =>
      events.emit('alert', () => ({
        endpoint,
        status,
        reason: 'surge',
        rate: 1,
        baseline: 0,
        calls: 9,
        timeouts: 9,
        startedAt: 0,
        recent: [],
      }));
    tell('GET http://up.test/', 'firing');
    tell('one', 'resolved'); // had begun before
    tell('one', 'firing');
    tell('GET http://up.test/', 'resolved');
    expect(await series(registry, 'breakwater_alerts_firing')).toEqual([
      '{breakwater_endpoint="one",reason="surge"} 1',
      '{http_request_method="GET",server_address="up.test",server_port="80",url_template="/",reason="surge"} 0',
    ]);
  });
});

describe('several clients in one registry', () => {
  it('add up; the metrics go with the last', async () => {
    const registry = new Registry();
    const up = await upstream();
    const [one, other] = [clientWith({ breaker: {} }), clientWith({ breaker: {} })];
    const detach = [collect(one, { registry }), collect(other, { registry })];
    await one.get(up.url);
    await other.get(up.url);
    const labels = `{http_request_method="GET",${server(up)},url_template="/"`;
    expect(counted(await series(registry, COUNT))).toEqual([`${labels},http_response_status_code="200"} 2`]);
    expect(counted(await series(registry, 'breakwater_breaker_state'))).toEqual([`${labels},state="closed"} 2`]);
    detach[0]?.();
    detach[0]?.();
    await one.get(up.url);
    await other.get(up.url);
    expect(counted(await series(registry, COUNT))).toEqual([`${labels},http_response_status_code="200"} 3`]);
    expect(counted(await series(registry, 'breakwater_breaker_state'))).toEqual([`${labels},state="closed"} 1`]);
    detach[1]?.();
    expect(registry.getMetricsAsArray()).toEqual([]);
    await other.get(up.url);
    endings.push(collect(one, { registry }));
    expect(await series(registry, COUNT)).toEqual([]);
  });

  it('are told apart by name', async () => {
    const registry = new Registry();
    const up = await upstream();
    const [one, other] = [clientWith({ endpoint: 'here' }), clientWith({ endpoint: 'here' })];
    collect(one, { registry, name: 'one' });
    collect(other, { registry });
    await one.get(up.url);
    await other.get(up.url);
    const labels = `http_request_method="GET",${server(up)},breakwater_endpoint="here",http_response_status_code="200"`;
    expect(counted(await series(registry, COUNT))).toEqual([`{client="one",${labels}} 1`, `{${labels}} 1`]);
  });
});

it('a client that is collected into the registry already is refused, since it would count twice; once it is detached it may come back', async () => {
  const registry = new Registry();
  const up = await upstream();
  const client = clientWith();
  const detach = collect(client, { registry });
  expect(() => collect(client, { registry, name: 'again' })).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining('It is in this registry already.') }),
  );
  await client.get(up.url);
  const labels = `{http_request_method="GET",${server(up)},url_template="/",http_response_status_code="200"}`;
  expect(counted(await series(registry, COUNT))).toEqual([`${labels} 1`]);
  collect(client, { registry: new Registry() }); // which counts for itself
  detach();
  endings.push(collect(client, { registry }));
  detach();
  await client.get(up.url);
  expect(counted(await series(registry, COUNT))).toEqual([`${labels} 1`]);
});

describe('the registry', () => {
  it('keeps its own default labels and content type', async () => {
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    registry.setDefaultLabels({ service: 'shop' });
    const stall = await upstream('stall');
    const client = clientWith({ endpoint: 'one', timeout: { read: 100 } });
    const detach = collect(client, { registry });
    await rejection(client.get(stall.url));
    const text = await registry.metrics();
    expect(text).toContain('# TYPE breakwater_timeouts counter');
    expect(text).toMatch(/^breakwater_timeouts_total\{.*kind="read".*service="shop"\} 1$/m);
    detach();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('that is cleared gets new metrics with the next client, and does not lose them to the one before', async () => {
    const registry = new Registry();
    const up = await upstream();
    const [one, other] = [clientWith(), clientWith()];
    const detach = collect(one, { registry });
    registry.clear();
    collect(other, { registry });
    detach();
    await other.get(up.url);
    expect(counted(await series(registry, COUNT))).toHaveLength(1);
  });

  it.each([
    ['none', undefined],
    ['null', null],
    ['the module', { Registry }],
    ['the class', Registry],
  ])('is asked for where there is %s', (_, registry) => {
    expect(() => collect(clientWith(), { registry: registry as unknown as Registry })).toThrow(
      expect.objectContaining({
        code: 'ERR_BAD_OPTION_VALUE',
        message: expect.stringMatching(/^registry: .* is not valid\. It takes a registry/),
      }),
    );
    expect(() => (collect as unknown as (client: Client) => void)(clientWith())).toThrow(/^registry: undefined is not valid/);
  });

  it('that has a metric of that name is left as it was', () => {
    const registry = new Registry();
    new Counter({ name: 'breakwater_retries_total', help: 'Not ours.', registers: [registry] });
    expect(() => collect(clientWith(), { registry })).toThrow(/breakwater_retries_total that is not Breakwater's/);
    expect(registry.getMetricsAsArray()).toHaveLength(1);
  });

  it.each([
    ['none', undefined],
    ['null', null],
    ['an empty object', {}],
    ['an instance of axios', axios.create()],
    ['an emitter without breakers', { on: () => () => {} }],
  ])('is left as it was where the client is %s', (_, client) => {
    const registry = new Registry();
    expect(() => collect(client as unknown as Client, { registry })).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringMatching(/^client: .* is not valid\. It takes/) }),
    );
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it.each([[''], [7], [null]])('takes no client by the name of %j', (name) => {
    expect(() => collect(clientWith(), { registry: new Registry(), name: name as string })).toThrow(
      /^name: .* is not valid. It takes text that is not empty/,
    );
  });

  it('takes no option of another name, and none that is not an object', () => {
    expect(() => collect(clientWith(), { registry: new Registry(), client: 'a' } as never)).toThrow(
      /^client: 'a' .*There is no such option\. The options are registry, name\./,
    );
    expect(() => collect(clientWith(), null as never)).toThrow(/^options: null is not valid\. It takes an object\./);
  });
});
