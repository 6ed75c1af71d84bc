/** Statistics per endpoint, from records alone and in bounded memory. */
import { now } from '../clock';
import type { Kind } from '../words';
import { Latest } from './latest';
import type { AttemptRecord, CallRecord } from './record';
import { rateOf, Series, type SeriesPoint } from './series';
import type { SuggestedLimits } from './suggest';

/** The name under which endpoints beyond the cap are counted. */
export const OTHER = '_OTHER';

/** How many endpoints are told apart. */
const CAP = 200;

/** Milliseconds after which an endpoint that is no longer called makes room for another. */
const IDLE = 3_600_000;

/** How many timeouts are kept per endpoint. */
const RECENT = 5;

/** The statistics of an endpoint, as plain JSON data. */
export interface EndpointStats {
  /** The endpoint; `_OTHER` for all beyond the first 200, of which one that was idle for an hour makes room for another. */
  endpoint: string;
  /** Calls that ended, since the endpoint was first seen. */
  calls: number;
  /**
   * Attempts that ended, since the endpoint was first seen: all but those that the caller canceled. A call whose deadline ran out before
   * its first attempt counts as one, unless it was over before the call began.
   */
  attempts: number;
  /** Timeouts by kind, since the endpoint was first seen: of attempts, and of calls that count as one. */
  timeouts: Record<Kind, number>;
  /** Share of the latest attempts that timed out: of the last 5.5 to 11 minutes, or of longer where 200 took longer than 5.5. */
  timeoutRate: number;
  /** The median duration of the latest attempts in milliseconds, within 2 %; an hour at most. 0 before the first. */
  p50: number;
  /** The 95th percentile, likewise. */
  p95: number;
  /** The 99th percentile, likewise. */
  p99: number;
  /** The last 11 minutes in 66 buckets of 10 s, oldest first. */
  series: SeriesPoint[];
  /** The latest 5 timeouts, oldest first. */
  recentTimeouts: AttemptRecord[];
  /** Limits that would fit, once 200 responses were measured. */
  suggested?: SuggestedLimits;
}

class Endpoint {
  calls = 0;
  attempts = 0;
  readonly timeouts: Record<Kind, number> = { queue: 0, connect: 0, write: 0, read: 0, unknown: 0 };
  readonly series = new Series();
  readonly #latest = new Latest();
  #recent: AttemptRecord[] = [];
  usedAt = now();
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  ended(record: AttemptRecord): void {
    if (record.outcome === 'canceled') return;
    this.attempts++;
    this.series.add(record.elapsed, record.timedOut, this.usedAt);
    this.#latest.add(record, this.usedAt);
    if (!record.timedOut) return;
    this.timeouts[record.kind ?? 'unknown']++;
    this.#recent = [...this.#recent.slice(1 - RECENT), copyOf(record)]; // handlers that come after may change theirs
  }

  /** Copies, so that a reader may change them. */
  recentTimeouts(): AttemptRecord[] {
    return this.#recent.map(copyOf);
  }

  snapshot(): EndpointStats {
    const suggested = this.#latest.suggested();
    return {
      endpoint: this.name,
      calls: this.calls,
      attempts: this.attempts,
      timeouts: { ...this.timeouts },
      timeoutRate: rateOf(this.#latest.share()),
      p50: this.#latest.quantile(0.5),
      p95: this.#latest.quantile(0.95),
      p99: this.#latest.quantile(0.99),
      series: this.series.points(),
      recentTimeouts: this.recentTimeouts(),
      ...(suggested && { suggested }),
    };
  }
}

const copyOf = (record: AttemptRecord): AttemptRecord => ({ ...record, timings: { ...record.timings } });

/** What alerts are decided from. */
export type Watched = Pick<Endpoint, 'name' | 'series' | 'recentTimeouts'>;

export class Statistics {
  readonly #endpoints = new Map<string, Endpoint>();
  #other: Endpoint | undefined;
  /** The monotonic time before which no endpoint can have been idle for long enough to make room: until then none is looked for. */
  #roomAt = 0;

  attempt(record: AttemptRecord): void {
    this.#use(record.endpoint).ended(record);
  }

  call(record: CallRecord): void {
    this.#use(record.endpoint).calls++;
  }

  get(endpoint: string): EndpointStats | undefined {
    return this.#find(endpoint)?.snapshot();
  }

  list(): EndpointStats[] {
    return [...this.#endpoints.values(), ...(this.#other ? [this.#other] : [])].map((endpoint) => endpoint.snapshot());
  }

  /** The entry in which this endpoint's records are counted. */
  watched(endpoint: string): Watched | undefined {
    return this.#find(endpoint) ?? this.#other;
  }

  #find(name: string): Endpoint | undefined {
    return this.#endpoints.get(name) ?? (name === OTHER ? this.#other : undefined);
  }

  #use(name: string): Endpoint {
    const at = now();
    const endpoint = this.#endpoints.get(name) ?? this.#make(name, at);
    endpoint.usedAt = at;
    return endpoint;
  }

  #make(name: string, at: number): Endpoint {
    if (name === OTHER || !this.#hasRoom(at)) {
      this.#other ??= new Endpoint(OTHER);
      return this.#other;
    }
    const endpoint = new Endpoint(name);
    this.#endpoints.set(name, endpoint);
    return endpoint;
  }

  #hasRoom(at: number): boolean {
    if (this.#endpoints.size < CAP) return true;
    if (at < this.#roomAt) return false;
    const longestUnused = [...this.#endpoints.values()].reduce((a, b) => (b.usedAt < a.usedAt ? b : a));
    this.#roomAt = longestUnused.usedAt + IDLE;
    return at >= this.#roomAt && this.#endpoints.delete(longestUnused.name);
  }
}
