// The lab in a process of its own, so that the soak measures the client alone. When forked, this file is that process; when imported, it
// can start one.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startLab, startUpstream } from '../lab/index.mjs';
import { portsOf } from '../lab/kernel.mjs';
import { startGarbage } from './garbage.mjs';

/** @typedef {{ url: string, port: number, socketPath: string }} Place */
/** @typedef {{ ca: string, at: Record<string, Place> }} Started */
/** @typedef {Started & { open(): Promise<Record<string, number>>, close(): Promise<void> }} Lab */

const NAMES = [
  ...['healthy', 'tls-healthy', 'stall', 'header-drip', 'interim-drip', 'redirect-to-stall', 'body-stall', 'body-drip', 'reset-mid-body'],
  ...['black-hole', 'refused', 'tls-silence', 'dns-hang', 'http2-healthy', 'http2-stall', 'http2-body-stall', 'unix-healthy', 'unix-stall'],
  ...['proxy-healthy', 'proxy-silence', 'proxy-refuses', 'early-413', 'never-reads'],
];

/** The lab's process: reports where everything is and then, whenever asked, how many connections are open. */
async function serve() {
  const lab = await startLab({ only: NAMES });
  // Separate from the upstream whose responses are checked, since it drops the connections of other calls, too.
  const dropper = await startUpstream('healthy');
  /** @type {(readonly [name: string, upstream: import('../lab/types.mjs').Upstream])[]} */
  const upstreams = [
    ...NAMES.map((name) => /** @type {const} */ ([name, lab.upstream(name)])),
    ['dropper', dropper],
    ['garbage', await startGarbage()],
  ];
  /** @type {Started} */
  const started = {
    ca: lab.ca,
    at: Object.fromEntries(upstreams.map(([name, { url, port, socketPath = '' }]) => [name, { url, port, socketPath }])),
  };
  process.on('message', () => process.send?.(Object.fromEntries(upstreams.map(([name, { open }]) => [name, open]))));
  process.on('disconnect', () => process.exit());
  process.send?.(started);
}

/** @returns {Promise<Lab>} */
export async function startLabProcess() {
  const child = fork(fileURLToPath(import.meta.url), { execArgv: [], env: { ...process.env, SOAK_LAB: '1' } });
  const [started] = /** @type {[Started]} */ (await once(child, 'message'));
  return {
    ...started,
    async open() {
      child.send('open?');
      const [open] = await once(child, 'message');
      return open;
    },
    async close() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** How many connections to a port the callers on this machine hold. @param {number} port */
export const held = (port) => [...(portsOf('connected') ?? [])].filter((ports) => ports.endsWith(`>${port}`)).length;

if (process.env.SOAK_LAB) await serve();
