// What a fleet has: a Prometheus and an Alertmanager, each a process of its own with its own folder, and a service they watch.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { freePort } from '../setup/ports.mjs';
import { ensure } from '../setup/prometheus.mjs';

/** How long anything may take on a busy machine, in milliseconds. */
const PATIENCE = 90_000;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file that is shipped with breakwater/prometheus. */
export const shipped = (name: string): string => join(root, 'src/exporters/prometheus', name);

export interface Started {
  url: string;
  close(): Promise<void>;
}

/** What `find` finds in the end; fails with what it last said where it never does. */
export async function eventually<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await find();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`still waiting: ${what}`, { cause: last });
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Runs a server in a folder of its own until it says that it is ready. JSON is YAML, so that is what a config is written as. */
async function start(executable: string, config: object, argumentsFor: (folder: string, port: number) => string[]): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-fleet-'));
  const port = await freePort();
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn(executable, argumentsFor(folder, port), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const close = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually(`${executable} is ready`, async () => {
      if (child.exitCode !== null) return 'ended';
      return (await fetch(`${url}/-/ready`)).ok ? 'ready' : undefined;
    });
    if (child.exitCode !== null) throw new Error(`${executable} ended:\n${said.join('')}`);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Scrapes a service four times a second, under a file of rules, and sends alerts to an Alertmanager. */
export async function startPrometheus(target: Started, rules: string, alertmanager: Started): Promise<Started> {
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '500ms' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [new URL(target.url).host] }] }],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }] },
  };
  return start(ensure('prometheus'), config, (folder, port) => [
    '--config.file=config.yml',
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ]);
}

/** Tells a receiver at once. */
export async function startAlertmanager(webhook: string): Promise<Started> {
  const config = {
    route: { receiver: 'test', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
    receivers: [{ name: 'test', webhook_configs: [{ url: webhook }] }],
  };
  return start(ensure('alertmanager'), config, (folder, port) => [
    '--config.file=config.yml',
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ]);
}

/** The shipped rules with windows that a test can wait for; all else is as it is shipped. */
export async function hurriedRules(file: string): Promise<void> {
  const seconds: Record<string, string> = { '1m': '5s', '5m': '5s', '10m': '10s', '1h': '20s', '3m': '1s' };
  const text = await readFile(shipped('breakwater.rules.yml'), 'utf8');
  const hurried = text
    .replace(/\[(\w+)\]/g, (_, window: string) => `[${seconds[window]}]`)
    .replace(/offset \w+/g, 'offset 5s')
    .replace(/for: \w+/g, 'for: 1s');
  await writeFile(file, hurried);
}

/** A process that is scraped while it talks to the upstreams of a lab: see service.ts. */
export async function startService(upstreams: Record<string, string>): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-service-'));
  const outfile = join(folder, 'service.cjs');
  await build({
    entryPoints: [join(root, 'test/fleet/service.ts')],
    alias: { '#platform': join(root, 'src/transport/node/index.ts') },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    outfile,
  });
  const child = spawn(process.execPath, [outfile, JSON.stringify(upstreams)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const close = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const [port] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (child.exitCode === null) return { url: `http://127.0.0.1:${port}`, close };
  await close();
  throw new Error('the service ended at once');
}
