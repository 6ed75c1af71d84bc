/** The latest timeouts of an alert, in the few fields that a reader of logs or alerts needs. Shared by the exporters that show alerts. */
import type { AttemptRecord } from '../telemetry/record';
import type { Phase } from '../words';

/** A timeout, as listed in an alert. Plain JSON data. */
export interface RecentTimeout {
  /** When the attempt began, or the call if that ended before its first: ISO 8601, UTC. */
  at: string;
  /** Without credentials, fragment, and query values other than those allowed. */
  url: string;
  /** Milliseconds since then. */
  elapsed_ms: number;
  /** Where the attempt was when it ran out. */
  phase: Phase | null;
  /** HTTP status; `null` if no headers arrived. */
  status: number | null;
  /** The trace of the call: 32 hexadecimal digits. */
  trace_id: string;
  /** 1 is the first; 0 if the call ended before it. */
  attempt: number;
}

export const recentTimeouts = (records: readonly AttemptRecord[]): RecentTimeout[] =>
  records.map(({ startedAt, url, elapsed, phase, status, traceId, attempt }) => ({
    at: new Date(startedAt).toISOString(),
    url,
    elapsed_ms: Math.round(elapsed),
    phase: phase ?? null,
    status: status ?? null,
    trace_id: traceId,
    attempt,
  }));
