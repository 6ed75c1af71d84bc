// Shared by the tests of real faults: a call that must time out, with every fact of its timeout checked; clients, agents, upstreams.
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type AttemptRecord,
  type Client,
  type ClientConfig,
  createClient,
  isTimeout,
  type Kind,
  type LimitName,
  type Phase,
  type TimeoutError,
} from '../bare';
import { type Exchange, httpUpstream } from '../lab/http.mjs';
import type { Upstream } from '../lab/types.mjs';

/** Far beyond any limit of these tests, well below "never": a busy machine is late, a hung call later. */
export const GENEROUS = 4_000; // ms

/** A lookup of the lab, as Node's types want it. */
export const asLookup = (lookup: unknown): LookupFunction => lookup as LookupFunction;

/** The same, as axios' types want it. */
export const forAxios = (lookup: unknown): NonNullable<ClientConfig['lookup']> => lookup as NonNullable<ClientConfig['lookup']>;

/** The TimeoutError that a promise rejects with; anything else it does is a failure of the test. */
export async function failure(promise: Promise<unknown>): Promise<TimeoutError> {
  const error = await rejection(promise);
  if (!isTimeout(error)) throw error;
  return error;
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** How a call must time out. */
export interface Expected {
  limit: LimitName | 'deadline';
  /** Milliseconds. */
  ms: number;
  phase: Phase;
  kind: Kind;
}

/** Runs a call that must time out, and checks every fact: which limit, where, not early, not much late. */
export async function timesOut(run: () => Promise<unknown>, { limit, ms, phase, kind }: Expected): Promise<TimeoutError> {
  const startedAt = performance.now();
  const error = await failure(run());
  const took = performance.now() - startedAt;
  expect({ limit: error.limit, limitMs: error.limitMs, phase: error.phase, kind: error.kind }).toEqual({ limit, limitMs: ms, phase, kind });
  expect(error.code).toBe('ETIMEDOUT');
  expect(error.elapsed).toBeGreaterThanOrEqual(ms);
  expect(took).toBeGreaterThanOrEqual(ms);
  expect(took).toBeLessThan(ms + GENEROUS);
  return error;
}

/** Milliseconds that a promise takes, whichever way it goes. */
export async function duration(promise: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await promise.then(
    () => {},
    () => {},
  );
  return performance.now() - startedAt;
}

/** An agent that trusts the lab's certificate. Keeps connections alive unless told otherwise; destroy it afterwards. */
export const trusting = (lab: { ca: string }, options: https.AgentOptions = {}): https.Agent =>
  new https.Agent({ ca: lab.ca, keepAlive: true, ...options });

/**
 * Clients for one test file that go past any proxy of the machine; `close` closes them all.
 * The deadline is far away, so that it is the limits that are tested.
 */
export function clients(): { client(config?: ClientConfig): Client; close(): Promise<void> } {
  const made: Client[] = [];
  return {
    client(config = {}) {
      const client = createClient({ proxy: false, ...config });
      made.push(client);
      return client;
    },
    async close() {
      await Promise.all(made.splice(0).map((client) => client.close()));
    },
  };
}

/** The attempts of a client, as they end. */
export function attemptsOf(client: Client): AttemptRecord[] {
  const records: AttemptRecord[] = [];
  client.on('attempt', (record) => void records.push(record));
  return records;
}

/** An interceptor that keeps a call until it is told to go on. */
export function holding(client: Client): { entered: Promise<void>; goOn(): void } {
  let goOn = (): void => {};
  const released = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const entered = new Promise<void>((resolve) => {
    client.interceptors.request.use(async (config) => {
      resolve();
      await released;
      return config;
    });
  });
  return { entered, goOn: () => goOn() };
}

/** An upstream of the test's own making. */
export const upstreamOf = (
  handler: (exchange: Exchange) => void,
  options: Parameters<typeof httpUpstream>[1] = {},
  place: { host?: string; port?: number } = {},
): Promise<Upstream> => httpUpstream(handler, options)({ name: 'own', path: '/', ...place });

/** Waits until something holds; fails where it does not within a generous time. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + GENEROUS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`still waiting until ${what}`);
    await sleep(5);
  }
}

/** Reads a stream on, and tells how many bytes have come. */
export function counted(stream: Readable): () => number {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  return () => bytes;
}
