// Shared by the tests of what is not an upstream's fault: errors caught and timed, a blocked event loop, a lab in another process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { isTimeout, type TimeoutError } from '../bare';

export interface Failure {
  error: unknown;
  /** Milliseconds by the monotonic clock, from the call of this function. */
  took: number;
}

/** What the promise rejects with; that it rejects is asserted. */
export async function failureOf(work: () => Promise<unknown>): Promise<Failure> {
  const startedAt = performance.now();
  try {
    await work();
  } catch (error) {
    return { error, took: performance.now() - startedAt };
  }
  throw new Error('it did not fail');
}

/** Far beyond any limit of these tests, well below "never": a busy machine is late, a hung call later. */
export const GENEROUS = 3_000; // ms

/** The timeout that the work ends with: by this limit, not early, and not much later. */
export async function timeoutOf(
  work: () => Promise<unknown>,
  limit: TimeoutError['limit'],
  limitMs: number,
): Promise<TimeoutError & { took: number }> {
  const { error, took } = await failureOf(work);
  if (!isTimeout(error)) throw error;
  expect(error.limit).toBe(limit);
  expect(error.limitMs).toBe(limitMs);
  expect(error.code).toBe('ETIMEDOUT');
  expect(error.elapsed).toBeGreaterThanOrEqual(limitMs);
  expect(took).toBeGreaterThanOrEqual(limitMs);
  expect(took).toBeLessThan(limitMs + GENEROUS);
  return Object.assign(error, { took });
}

const asleep = new Int32Array(new SharedArrayBuffer(4));

/** Keeps the event loop from turning, and leaves the core to others, such as the process of the upstream. */
export function block(ms: number): void {
  const until = performance.now() + ms;
  for (let left = ms; left > 0; left = until - performance.now()) Atomics.wait(asleep, 0, 0, left);
}

/** Collects what no promise handler caught; `none()` asserts that there was nothing, late ones included. */
export function watchUnhandled(): { none(): Promise<void> } {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => void seen.push(reason);
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
  return {
    async none() {
      await new Promise((resolve) => setTimeout(resolve, 50));
      process.off('unhandledRejection', note);
      process.off('uncaughtExceptionMonitor', note);
      expect(seen).toEqual([]);
    },
  };
}

const CLI = fileURLToPath(new URL('../lab/cli.mjs', import.meta.url));

export interface ForkedLab {
  url(name: string, path?: string): string;
  /** Freezes the process and lets it go on: the kernel meanwhile takes connections and bytes for it. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** A lab in a process of its own, so that blocking this one does not stop the upstreams. */
export async function forkLab(...names: string[]): Promise<ForkedLab> {
  const child = spawn(process.execPath, [CLI, ...names], { stdio: ['ignore', 'pipe', 'inherit'] });
  const urls = new Map<string, string>();
  const lines = createInterface(child.stdout);
  for await (const line of lines) {
    const [, name, url] = /^(\S+).*?(https?:\/\/\S+)/.exec(line) ?? [];
    if (name && url) urls.set(name, url);
    if (urls.size === names.length) break;
  }
  return {
    url: (name, path = '/') => new URL(path, urls.get(name)).href,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async close() {
      if (child.exitCode !== null) return;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
