// Finds the redis-server that tests start and, if there is none, installs the distribution's (on a fresh Debian, as root).
// Run as a script, it does so before the tests start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.mjs';
import { findProgram, installPackages, isExecutable, tell } from './tools.mjs';

/**
 * The path of a redis-server: REDIS_SERVER_PATH, else one on the PATH, else one in the usual place.
 * @returns {string | undefined}
 */
export function findRedis() {
  const chosen = process.env.REDIS_SERVER_PATH;
  if (chosen) return chosen;
  return findProgram(['redis-server']);
}

/** Like findRedis(), but installs one if possible, and otherwise throws, saying what to do. */
export function ensureRedis() {
  const found = findRedis() ?? (installPackages('redis-server') ? findRedis() : undefined);
  if (found && isExecutable(found)) return found;
  throw new Error(
    found
      ? `REDIS_SERVER_PATH is ${found}, which is not an executable file.`
      : 'The tests of the shared limiter need redis-server: install it, or set REDIS_SERVER_PATH to its executable.',
  );
}

/**
 * @typedef {object} RedisServer
 * @property {number} port
 * @property {(signal: 'SIGSTOP' | 'SIGCONT') => void} signal Freezes it with its connections open, or lets it go on.
 * @property {() => Promise<void>} kill Ends it as a crash would. Idempotent.
 */

/**
 * Starts a Redis that persists nothing to disk.
 * @param {number} [port]
 * @returns {Promise<RedisServer>}
 */
export async function startRedis(port) {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-redis-'));
  const chosen = port ?? (await freePort());
  const options = { port: String(chosen), bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, daemonize: 'no' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(ensureRedis(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  /** @type {string[]} */
  const said = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (!/ready to accept connections/i.test(line)) continue;
    child.stdout.resume();
    return { port: chosen, kill, signal: (signal) => void child.kill(signal) };
  }
  await kill();
  throw new Error(`redis-server did not start:\n${said.join('\n')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) tell(() => `Redis for the tests of the shared limiter: ${ensureRedis()}`);
