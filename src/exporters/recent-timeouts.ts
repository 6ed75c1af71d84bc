/** The latest timeouts of an alert, in the few fields that a reader of logs or alerts asks for. The exporters that show alerts share it. */
import type { AttemptRecord } from '../telemetry/record';
import type { Phase } from '../words';

/** A timeout, as an alert tells of it. JSON. */
export interface RecentTimeout {
  /** When the attempt began: ISO 8601, UTC. */
  at: string;
  /** Without credentials, fragment and query values. */
  url: string;
  /** Milliseconds; of a deadline, those of the whole call. */
  elapsed_ms: number;
  /** Where the attempt was. */
  phase: Phase | null;
  /** HTTP status; `null` where no headers came. */
  status: number | null;
  /** The call's: 32 hexadecimal digits. */
  trace_id: string;
  /** 1 is the first; 0 where the call ended before it. */
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
