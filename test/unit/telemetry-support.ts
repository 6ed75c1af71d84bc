// Records as a client makes them, what watches them, and traffic with a seed. For the fake clock.
import { vi } from 'vitest';
import { type AlertOptions, alertSettings } from '../../src/options/alerts';
import type { Alert } from '../../src/telemetry/alerts';
import { Events } from '../../src/telemetry/events';
import type { AttemptRecord, CallRecord } from '../../src/telemetry/record';
import type { Statistics } from '../../src/telemetry/stats';
import { watch } from '../../src/telemetry/watch';

export const ENDPOINT = 'GET https://up.test/users/:id';

/** An attempt that was answered in 100 ms, unless told otherwise. */
export function attemptOf(facts: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    id: 'a-1',
    attempt: 1,
    endpoint: ENDPOINT,
    method: 'GET',
    url: 'https://up.test/users/1',
    startedAt: Date.now(),
    elapsed: 100,
    timings: {},
    timedOut: false,
    status: 200,
    outcome: 'success',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    ...facts,
  };
}

/** An attempt whose connection broke before there was a status. */
export function failureOf(facts: Partial<AttemptRecord> = {}): AttemptRecord {
  const { status: _, ...rest } = attemptOf();
  return { ...rest, outcome: 'error', code: 'ECONNRESET', ...facts };
}

/** An attempt that timed out waiting for the headers. */
export function timeoutOf(facts: Partial<AttemptRecord> = {}): AttemptRecord {
  const expiry = { limit: 'read', phase: 'response', kind: 'read', lag: 0 } as const;
  return failureOf({ outcome: 'timeout', code: 'ETIMEDOUT', timedOut: true, elapsed: 10_000, ...expiry, ...facts });
}

/** The call of an attempt. */
export function callOf({ attempt: _, ...record }: AttemptRecord, attempts = 1): CallRecord {
  return { ...record, attempts };
}

/** What a client makes of its events. */
export class Watching {
  readonly alerts: Alert[] = [];
  readonly statistics: Statistics;
  readonly close: () => void;
  readonly #events = new Events();

  constructor(options?: AlertOptions | false) {
    this.#events.on('alert', (alert) => this.alerts.push(alert));
    const { statistics, close } = watch(this.#events, alertSettings(options));
    this.statistics = statistics;
    this.close = close;
  }

  onAlert(handler: (alert: Alert) => void): void {
    this.#events.on('alert', handler);
  }

  attempt(record: AttemptRecord): void {
    this.#events.emit('attempt', () => record);
  }

  timeout(record: AttemptRecord): void {
    this.#events.emit('timeout', () => record);
  }

  call(record: CallRecord): void {
    this.#events.emit('call', () => record);
  }

  /** So many attempts at once that are answered. */
  answers(times: number, endpoint = ENDPOINT): void {
    for (let i = 0; i < times; i++) this.attempt(attemptOf({ endpoint }));
  }

  /** So many attempts at once that time out. */
  timeouts(times: number, endpoint = ENDPOINT): void {
    for (let i = 0; i < times; i++) this.attempt(timeoutOf({ endpoint }));
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Attempts that arrive by chance (Poisson), so many a second, each timing out by chance, or several at once. */
export interface Traffic {
  random: () => number;
  rps: number;
  /** The share of the attempts that time out. */
  rate: number;
  /** Whether the timeouts come 3 to 8 at once, as they do when an upstream halts for a moment. */
  inBursts?: boolean;
}

/** Lets so much time pass, and tells of each arrival whether it times out. */
export function* arrivals({ random, rps, rate, inBursts = false }: Traffic, milliseconds: number): Generator<boolean> {
  const MEAN_BURST = 5.5;
  const chance = inBursts ? rate / (MEAN_BURST * (1 - rate) + rate) : rate;
  for (let left = milliseconds; ; ) {
    const gap = (-Math.log(1 - random()) * 1_000) / rps;
    vi.advanceTimersByTime(Math.min(gap, left));
    left -= gap;
    if (left <= 0) return;
    const timesOut = random() < chance;
    yield timesOut;
    if (timesOut && inBursts) for (let more = 2 + Math.floor(random() * 6); more > 0; more--) yield true;
  }
}
