// An alert of a client, posted to a real Alertmanager: it shows it, tells its receiver of it, and is told when it is over.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { toAlertmanager } from '../../src/exporters/prometheus';
import { type Alert, createClient } from '../../src/index';
import { startUpstream } from '../lab/index.mjs';
import { eventually, getJson, type Started, startAlertmanager } from './servers';

/** What Alertmanager sends to its receivers. */
interface Notification {
  status: string;
  alerts: { labels: Record<string, string>; annotations: Record<string, string>; startsAt: string; endsAt: string }[];
}

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function receiver(): Promise<{ url: string; received: Notification[] }> {
  const received: Notification[] = [];
  const server = createServer(async (request, response) => {
    received.push(JSON.parse(await text(request)));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}

/** An alert that a client raises by itself. */
async function alertOfHangingUpstream(): Promise<Alert> {
  const upstream = await startUpstream('stall');
  const client = createClient({ proxy: false, retry: false, breaker: false, timeout: { read: 100 } });
  endings.push(
    () => upstream.close(),
    () => client.close(),
  );
  const alert = new Promise<Alert>((resolve) => client.on('alert', resolve));
  const calls = Array.from({ length: 10 }, (_, id) => client.get(`${upstream.url}users/${id}?token=hunter2`));
  await Promise.allSettled(calls);
  return alert;
}

async function post({ url }: Started, alerts: ReturnType<typeof toAlertmanager>): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers, body: JSON.stringify(alerts) });
  expect([response.status, await response.text()]).toEqual([200, '']);
}

it('is shown with its labels and its latest timeouts, and goes when it is resolved', async () => {
  const { url, received } = await receiver();
  const alertmanager = await startAlertmanager(url);
  endings.push(() => alertmanager.close());
  const shown = () => getJson<{ labels: object; annotations: Record<string, string> }[]>(`${alertmanager.url}/api/v2/alerts`);
  const alert = await alertOfHangingUpstream();

  await post(alertmanager, toAlertmanager(alert));
  const [firing] = await eventually('it is shown', async () => ((await shown()).length ? shown() : undefined));
  expect(firing?.labels).toEqual({
    alertname: 'HttpEndpointTimeouts',
    severity: 'warning',
    reason: alert.reason,
    http_request_method: 'GET',
    server_address: '127.0.0.1',
    server_port: expect.stringMatching(/^\d+$/),
    url_template: '/users/:id',
  });
  const recent = JSON.parse(firing?.annotations.recent_timeouts ?? '');
  expect(recent).toHaveLength(5);
  expect(recent[0]).toMatchObject({ phase: 'response', status: null, url: expect.stringMatching(/\/users\/\d\?token=REDACTED$/) });
  expect(JSON.stringify(firing)).not.toContain('hunter2');
  const told = await eventually('its receiver is told', async () => received.find(({ status }) => status === 'firing'));
  expect(told.alerts).toMatchObject([{ labels: firing?.labels, annotations: firing?.annotations }]);

  await post(alertmanager, toAlertmanager({ ...alert, status: 'resolved', endedAt: Date.now() }));
  await eventually('it is gone', async () => ((await shown()).length ? undefined : true));
  const over = await eventually('its receiver is told that it is over', async () => received.find(({ status }) => status === 'resolved'));
  expect(over.alerts).toMatchObject([{ labels: firing?.labels }]);
});

it('is one of several in one request, and without an end until it has one', async () => {
  const { url } = await receiver();
  const alertmanager = await startAlertmanager(url);
  endings.push(() => alertmanager.close());
  const alert = await alertOfHangingUpstream();
  const alerts = [alert, { ...alert, endpoint: 'named by the user: "ünïcode"' }, { ...alert, endpoint: '_OTHER' }];
  await post(alertmanager, alerts.flatMap(toAlertmanager));
  const shown = await eventually('all are shown', async () => {
    const all = await getJson<{ labels: Record<string, string>; startsAt: string; endsAt: string }[]>(`${alertmanager.url}/api/v2/alerts`);
    return all.length === 3 ? all : undefined;
  });
  expect(shown.map(({ labels }) => labels.breakwater_endpoint).sort()).toEqual(['_OTHER', 'named by the user: "ünïcode"', undefined]);
  for (const { startsAt, endsAt } of shown) {
    expect(Date.parse(startsAt)).toBe(alert.startedAt);
    expect(Date.parse(endsAt)).toBeGreaterThan(Date.now()); // what Alertmanager gives it: its resolve_timeout
  }
});
