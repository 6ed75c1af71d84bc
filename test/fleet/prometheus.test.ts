// A real Prometheus scrapes a real service: the metrics are there and well formed, the dashboard shows something, the alerts fire and reach
// a real Alertmanager.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab } from '../lab/index.mjs';
import { ensure } from '../setup/prometheus.mjs';
import { eventually, getJson, hurriedRules, type Started, shipped, startAlertmanager, startPrometheus, startService } from './servers';

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

const endings: (() => unknown)[] = [];
let service: Started;
let alertmanager: Started;
let prometheus: Started;

function ending<T extends { close(): Promise<void> }>(started: T): T {
  endings.push(() => started.close());
  return started;
}

beforeAll(async () => {
  const lab = ending(await startLab({ only: ['healthy', 'stall', 'refused'] }));
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-rules-'));
  endings.push(() => rm(folder, { recursive: true }));
  const rules = join(folder, 'rules.yml');
  await hurriedRules(rules);
  service = ending(await startService({ healthy: lab.url('healthy'), stall: lab.url('stall'), refused: lab.url('refused') }));
  alertmanager = ending(await startAlertmanager('http://127.0.0.1:9/'));
  prometheus = ending(await startPrometheus(service, rules, alertmanager));
});

afterAll(async () => {
  for (const end of endings.reverse()) await end();
});

async function query(expression: string): Promise<Sample[]> {
  const { data } = await getJson<{ data: { result: Sample[] } }>(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  return data.result;
}

/** What an expression gives, as soon as it gives something. */
const result = (expression: string): Promise<Sample[]> =>
  eventually(expression, async () => {
    const samples = await query(expression);
    return samples.length ? samples : undefined;
  });

describe('the metrics', () => {
  it('are as Prometheus wants them', async () => {
    const text = await (await fetch(service.url)).text();
    const { status, stdout, stderr } = spawnSync(ensure('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(`${status}: ${stdout}${stderr}`).toBe('0: ');
  });

  it('are all scraped', async () => {
    const text = await (await fetch(service.url)).text();
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].map(([, name, type]) => (type === 'histogram' ? `${name}_count` : name));
    expect(names).toHaveLength(8);
    for (const name of names) await result(`${name}{job="shop"}`);
  });

  it('tell the timeouts of one endpoint from the answers of another', async () => {
    const shares = await eventually('both endpoints have a share', async () => {
      const samples = await query('breakwater:timeout_share:rate1m{url_template=~"/|/users/:id"}');
      return samples.length === 2 ? samples : undefined;
    });
    expect(Object.fromEntries(shares.map(({ metric, value }) => [metric.url_template, Number(value[1])]))).toEqual({
      '/': 1,
      '/users/:id': 0,
    });
  });
});

describe('the dashboard', () => {
  it('has something to show in every panel', async () => {
    const dashboard = JSON.parse(await readFile(shipped('breakwater.dashboard.json'), 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(10);
    for (const expression of expressions) await result(expression.replaceAll('$__rate_interval', '5s').replace(/\$(job|server)/g, '.*'));
  });
});

describe('the alerts', () => {
  it.each([
    ['BreakwaterTimeoutsFrequent', { server_address: '127.0.0.1', url_template: '/', http_request_method: 'GET' }],
    ['BreakwaterBreakerOpen', { server_address: '127.0.0.1', url_template: '/status/:id', http_request_method: 'GET' }],
    ['BreakwaterBeaconsDropped', { reason: 'network_error' }],
  ])('%s fires, and reaches Alertmanager', async (alertname, labels) => {
    await result(`ALERTS{alertname="${alertname}", alertstate="firing"}`);
    const alerts = await eventually('Alertmanager has it', async () => {
      const all = await getJson<{ labels: Record<string, string> }[]>(`${alertmanager.url}/api/v2/alerts`);
      const these = all.filter((alert) => alert.labels.alertname === alertname);
      return these.length ? these : undefined;
    });
    expect(alerts).toEqual([expect.objectContaining({ labels: expect.objectContaining({ ...labels, job: 'shop', severity: 'warning' }) })]);
  });
});
