// The packed tarball in workerd, the runtime of Cloudflare Workers: no timer and no request there outlives the invocation that began it, but
// a client does. What it shares between calls must go on all the same.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { freePort } from '../../setup/ports.mjs';
import { run } from '../run.ts';
import { install } from './install.ts';

const { consumer } = inject('packed');

const config = (port: number): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "loopback", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "bundle.mjs")], compatibilityDate = "2026-11-01", globalOutbound = "loopback"
);
`;

const upstream = createServer((request, response) => {
  if (request.url !== '/stall') response.setHeader('content-type', 'application/json').end('{"ok":true}');
});

let binary: string;
let worker: ChildProcess | undefined;
let origin: string;
let url: (path: string) => string;

/** What an invocation of the worker comes to. */
async function invoke(outcome: string, query: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(`${origin}/${outcome}?${new URLSearchParams(query)}`);
  return response.json();
}
const call = (path: string, client = 'limited'): Promise<unknown> => invoke('call', { url: url(path), client });

beforeAll(async () => {
  const folder = await install(consumer, 'workerd', ['workerd@1']);
  binary = join(folder, 'node_modules/.bin/workerd');
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  url = (path) => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}${path}`;
  await build({
    entryPoints: [join(folder, 'worker.mjs')],
    bundle: true,
    format: 'esm',
    outfile: join(folder, 'bundle.mjs'),
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    logLevel: 'silent',
  });
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  writeFileSync(join(folder, 'config.capnp'), config(port));
  worker = spawn(binary, ['serve', 'config.capnp'], { cwd: folder, stdio: 'ignore' });
  await vi.waitFor(() => invoke('alerts'), { timeout: 30_000, interval: 100 });
});

afterAll(() => {
  worker?.kill();
  upstream.closeAllConnections();
  upstream.close();
});

describe('Cloudflare Workers', () => {
  it('version', async ({ task }) => {
    task.meta.detail = (await run(binary, ['--version'], { cwd: consumer })).replace('workerd', '').trim();
  });

  it('calls', async () => {
    expect(await call('/healthy')).toEqual({ status: 200 });
    expect(await call('/stall')).toEqual({ code: 'ETIMEDOUT', limit: 'total' });
  });

  it('calls that wait for the rate, each in an invocation of its own', async () => {
    const calls = Array.from({ length: 4 }, () => call('/healthy', 'queued'));
    expect(await Promise.all(calls)).toEqual(Array(4).fill({ status: 200 }));
  });

  it('beacons after some that went with their invocation', async () => {
    for (let i = 0; i < 3; i++) expect(await invoke('beacon', { url: url('/stall') })).toEqual({ accepted: true, flushed: false });
    await expect
      .poll(() => invoke('beacon', { url: url('/healthy') }), { timeout: 30_000, interval: 700 })
      .toEqual({ accepted: true, flushed: true });
  });

  it('alerts', async () => {
    for (let i = 0; i < 5; i++) await call('/stall');
    expect(await invoke('alerts')).toEqual(['firing']);
    for (let i = 0; i < 60; i++) await call('/healthy');
    const resolved = async (): Promise<unknown> => {
      await call('/healthy'); // it is looked at with a call
      return invoke('alerts');
    };
    await expect.poll(resolved, { timeout: 90_000, interval: 3_000 }).toEqual(['firing', 'resolved']);
  });
});
