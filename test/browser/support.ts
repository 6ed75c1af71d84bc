// What the browser tests share: upstreams of their own, clients that are closed, timeouts taken apart, and a watch for stray rejections.
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { type Client, type ClientConfig, createClient, isTimeout, type TimeoutError, type TimeoutFacts } from '../bare';
import type { Seen } from '../setup/control';

/** Beyond this after its limit, a timeout is late even on a crowded machine. */
const GENEROUS = 4_000;

async function control<T>(path: string, query: Record<string, string | number>): Promise<T> {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const response = await fetch(`${inject('control')}/${path}?${parameters}`, { method: 'POST' });
  const value = await response.json();
  if (!response.ok) throw new Error(String(value));
  return value as T;
}

/** An upstream of the lab, in another process. */
export interface Peer {
  url: string;
  /** The same origin, another path. */
  at(path: string): string;
  seen(): Promise<Seen>;
  /** Resolves when n connections have been closed by the browser, rejects after `ms`. */
  closed(n?: number, ms?: number): Promise<void>;
}

const peers = new Set<string>();
const clients = new Set<Client>();

/** Starts an upstream with this fault, for one test. */
export async function meet(fault: string): Promise<Peer> {
  const url = await control<string>('start', { name: fault });
  peers.add(url);
  return {
    url,
    at: (path) => new URL(path, url).href,
    seen: () => control('seen', { url }),
    closed: (n = 1, ms = 15_000) => control('closed', { url, n, ms }),
  };
}

/** A client that is closed after the test. Its limits are those given, and no others. */
export function clientWith(config: ClientConfig = {}): Client {
  const { timeout, ...rest } = config;
  const limits = typeof timeout === 'object' && !Array.isArray(timeout) ? { connect: false, read: false, ...timeout } : timeout;
  const client = createClient({ deadline: false, ...rest, timeout: limits } as ClientConfig);
  clients.add(client);
  return client;
}

/** What became of a promise that must end in a timeout, and how long that took by the wall clock. */
export async function failure(work: () => Promise<unknown>): Promise<{ error: TimeoutError; took: number }> {
  const began = performance.now();
  const error: unknown = await work().then(
    (value) => new Error(`expected a timeout, got ${JSON.stringify(value)?.slice(0, 300)}`),
    (reason: unknown) => reason,
  );
  const took = performance.now() - began;
  if (!isTimeout(error)) throw error;
  return { error, took };
}

/** Asserts what every timeout must say, that it was not early, and that it was not late. */
export async function expectTimeout(
  work: () => Promise<unknown>,
  facts: Pick<TimeoutFacts, 'limit' | 'phase' | 'limitMs'> & { kind: TimeoutError['kind'] },
): Promise<TimeoutError> {
  const { error, took } = await failure(work);
  const { name, code, limit, phase, kind, limitMs } = error;
  expect({ name, code, limit, phase, kind, limitMs }).toEqual({ name: 'TimeoutError', code: 'ETIMEDOUT', ...facts });
  expect(error.elapsed).toBeGreaterThanOrEqual(facts.limitMs);
  expect(took).toBeGreaterThanOrEqual(facts.limitMs);
  expect(took).toBeLessThan(facts.limitMs + GENEROUS);
  return error;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps the main thread from doing anything else. */
export function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** For every test of the file: nothing may reach `unhandledrejection` or `error`, and what was started is stopped. Call at the top. */
export function cleanly(): void {
  const strays: string[] = [];
  const onRejection = ({ reason }: PromiseRejectionEvent): void => void strays.push(`unhandled rejection: ${reason}`);
  const onError = ({ message }: ErrorEvent): void => void strays.push(`uncaught: ${message}`);
  beforeAll(() => {
    window.addEventListener('unhandledrejection', onRejection);
    window.addEventListener('error', onError);
  });
  afterEach(async () => {
    for (const client of clients) await client.close();
    for (const url of peers) await control('stop', { url });
    clients.clear();
    peers.clear();
    await sleep(20); // rejections are reported in a task of their own
    expect(strays.splice(0)).toEqual([]);
  });
  afterAll(() => {
    window.removeEventListener('unhandledrejection', onRejection);
    window.removeEventListener('error', onError);
  });
}
