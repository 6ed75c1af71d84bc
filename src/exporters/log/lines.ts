/** The lines: plain JSON with stable names, each with a message that is safe in any logger. */
import type { BeaconEvent } from '../../beacon/drops';
import type { BreakerEvent } from '../../policies/breaker';
import type { Alert } from '../../telemetry/alerts';
import type { AttemptRecord } from '../../telemetry/record';
import type { Kind, Phase } from '../../words';
import { defined } from '../defined';
import { type RecentTimeout, recentTimeouts } from '../recent-timeouts';

/** A limit or the deadline ran out. At most one per second and endpoint. */
export interface TimeoutLine {
  /** The kind of line. */
  event: 'timeout';
  /** `METHOD origin/path-template`, or the configured name. */
  endpoint: string;
  /** The method, in capitals. */
  'http.request.method': string;
  /** Without credentials, fragment, and query values other than those allowed. */
  'url.full': string;
  /** HTTP status, if headers arrived. */
  'http.response.status_code'?: number;
  /** 1 for the first retry; absent before. */
  'http.request.resend_count'?: number;
  /** The same as in the metrics. */
  'error.type': 'timeout';
  /** The option whose budget ran out, or `deadline`. */
  'breakwater.limit': NonNullable<AttemptRecord['limit']>;
  /** That budget, in milliseconds. */
  'breakwater.limit_ms': number;
  /** Where the attempt was when it ran out. */
  'breakwater.phase': Phase;
  /** The phase in the words people use: `connect`, `read`, `write`, `queue` or `unknown`. */
  'breakwater.kind': Kind;
  /** Milliseconds of the attempt; for a deadline, of the whole call. */
  'breakwater.elapsed_ms': number;
  /** Milliseconds by which this program's own blocked event loop delayed the timeout, at most the limit; absent if it did not. */
  'breakwater.lag_ms'?: number;
  /** The id of the call, the same in all its lines. */
  'breakwater.call_id': string;
  /** The trace of the call: 32 hexadecimal digits. */
  trace_id: string;
  /**
   * Timeouts of the endpoint since its previous line, this one not counted, that got no line of their own; absent if there are none.
   * Endpoints beyond the first 200 in a second share one line per second and one count.
   */
  suppressed?: number;
}

/** A circuit breaker changed its state. */
export interface BreakerLine {
  /** The kind of line. */
  event: 'breaker';
  /** The endpoint, or with `per: 'origin'` the origin. */
  endpoint: string;
  /** The state before. */
  'breakwater.breaker.from': BreakerEvent['from'];
  /** The new state. */
  'breakwater.breaker.to': BreakerEvent['to'];
  /** What changed it. */
  'breakwater.breaker.reason': BreakerEvent['reason'];
  /** Calls counted in the window. */
  'breakwater.breaker.calls': number;
  /** Share of them that failed, 0 to 1. */
  'breakwater.breaker.failure_rate': number;
  /** Slow or hanging calls, as a share of them plus those hanging, 0 to 1. */
  'breakwater.breaker.slow_rate': number;
  /** Milliseconds until calls are let through again; absent if they are now, or if only an operator knows. */
  'breakwater.breaker.retry_after_ms'?: number;
}

/** An endpoint times out too often (`firing`), or no longer does (`resolved`). */
export interface AlertLine {
  /** The kind of line. */
  event: 'alert';
  /** The endpoint; `_OTHER` for all beyond the first 200. */
  endpoint: string;
  /** `firing` when it begins, `resolved` when it is over. */
  'breakwater.alert.status': Alert['status'];
  /** `frequent`, or `surge`: many more than before. */
  'breakwater.alert.reason': Alert['reason'];
  /** Share of the attempts of the last 60 s that timed out, 0 to 1. */
  'breakwater.alert.rate': number;
  /** The same for the 10 minutes before, as of when the alert began. */
  'breakwater.alert.baseline': number;
  /** Attempts of the last 60 s. */
  'breakwater.alert.calls': number;
  /** Timeouts among them. */
  'breakwater.alert.timeouts': number;
  /** When it began: ISO 8601, UTC. */
  'breakwater.alert.started_at': string;
  /** When it was resolved: ISO 8601, UTC. Absent while it fires. */
  'breakwater.alert.ended_at'?: string;
  /** The latest 5 timeouts, oldest first. */
  recent_timeouts: RecentTimeout[];
}

/** Beacons were dropped. At most one line per 60 s, for all dropped since the previous line. */
export interface BeaconLine {
  /** The kind of line. */
  event: 'beacon';
  /** How many were dropped. */
  'breakwater.beacon.dropped': number;
  /** The same by reason, such as `{ timeout: 3, queue_full: 40 }`. */
  'breakwater.beacon.reasons': Partial<Record<BeaconEvent['reason'], number>>;
  /** The URL of the last one, without credentials and query values; empty if it was no text. */
  'url.full': string;
}

/** One line: a plain JSON object without headers, bodies, stacks or secrets. `event` tells which kind. */
export type LogLine = TimeoutLine | BreakerLine | AlertLine | BeaconLine;

/** A line, and its message for people. */
export type Told = readonly [line: LogLine, message: string];

export function timeoutLine(record: AttemptRecord, suppressed: number): Told {
  const { endpoint, attempt, limit, phase } = record;
  const elapsed = Math.round(record.elapsed);
  const line = defined<TimeoutLine>({
    event: 'timeout',
    endpoint,
    'http.request.method': record.method,
    'url.full': record.url,
    'http.response.status_code': record.status,
    'http.request.resend_count': attempt > 1 ? attempt - 1 : undefined,
    'error.type': 'timeout',
    'breakwater.limit': limit,
    'breakwater.limit_ms': record.limitMs,
    'breakwater.phase': phase,
    'breakwater.kind': record.kind,
    'breakwater.elapsed_ms': elapsed,
    'breakwater.lag_ms': Math.round(record.lag ?? 0) || undefined,
    'breakwater.call_id': record.id,
    trace_id: record.traceId,
    suppressed: suppressed || undefined,
  });
  const others = suppressed ? `; ${suppressed} more since the line before` : '';
  return [line, printable(`${endpoint} timed out after ${elapsed} ms (limit ${limit}, phase ${phase})${others}`)];
}

export function breakerLine({ endpoint, from, to, reason, snapshot: { calls, failureRate, slowRate, retryAfter } }: BreakerEvent): Told {
  const line = defined<BreakerLine>({
    event: 'breaker',
    endpoint,
    'breakwater.breaker.from': from,
    'breakwater.breaker.to': to,
    'breakwater.breaker.reason': reason,
    'breakwater.breaker.calls': calls,
    'breakwater.breaker.failure_rate': share(failureRate),
    'breakwater.breaker.slow_rate': share(slowRate),
    'breakwater.breaker.retry_after_ms': retryAfter > 0 && retryAfter < Number.MAX_SAFE_INTEGER ? Math.round(retryAfter) : undefined,
  });
  return [line, printable(`Breaker of ${endpoint}: ${from} -> ${to} (${reason})`)];
}

export function alertLine({ endpoint, status, reason, rate, baseline, calls, timeouts, startedAt, endedAt, recent }: Alert): Told {
  const line = defined<AlertLine>({
    event: 'alert',
    endpoint,
    'breakwater.alert.status': status,
    'breakwater.alert.reason': reason,
    'breakwater.alert.rate': share(rate),
    'breakwater.alert.baseline': share(baseline),
    'breakwater.alert.calls': calls,
    'breakwater.alert.timeouts': timeouts,
    'breakwater.alert.started_at': new Date(startedAt).toISOString(),
    'breakwater.alert.ended_at': endedAt === undefined ? undefined : new Date(endedAt).toISOString(),
    recent_timeouts: recentTimeouts(recent),
  });
  return [line, printable(`Alert ${status} for ${endpoint} (${reason}): ${timeouts} of ${calls} attempts timed out in the last 60 s`)];
}

/** What was dropped since the previous line. */
export interface Drops {
  reasons: Partial<Record<BeaconEvent['reason'], number>>;
  url: string;
}

export function beaconLine({ reasons, url }: Drops): Told {
  const dropped = Object.values(reasons).reduce((total, count) => total + count, 0);
  const byReason = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  return [
    { event: 'beacon', 'breakwater.beacon.dropped': dropped, 'breakwater.beacon.reasons': { ...reasons }, 'url.full': url },
    printable(`${dropped} ${dropped === 1 ? 'beacon' : 'beacons'} dropped (${byReason.join(', ')})`),
  ];
}

const share = (rate: number): number => Math.round(rate * 1_000) / 1_000;

/**
 * A name may contain `%c3`, which console and winston take for a placeholder that swallows the fields, or a line break, which would forge
 * a line. The fields have it in full.
 */
const printable = (message: string): string => message.replace(/(?:%(?:[\da-f]{2})?|[\p{Cc}\p{Zl}\p{Zp}])+/giu, '…');
