/** The records of attempts and calls: plain JSON data without secrets. */
import type { Call } from '../call';
import type { Attempt, End } from '../call/attempt';
import { methodOf, redactedUrl } from '../endpoint';
import { codeOf, isTimeout, type TimeoutFacts } from '../errors';
import type { Trace } from '../trace';
import { type Kind, kindOf, type Outcome, type Phase, type RefusedBy, type Timings } from '../words';

/** One try of a call over the network. */
export interface AttemptRecord {
  /** The id of the call. */
  id: string;
  /** 1 for the first; 0 if the call ended before it. */
  attempt: number;
  /** `METHOD origin/path-template`, or the configured name. */
  endpoint: string;
  /** The HTTP method, in capitals. */
  method: string;
  /** Without credentials, fragment, and query values other than those allowed. */
  url: string;
  /** When it began: milliseconds since the epoch. */
  startedAt: number;
  /** How long it took, in milliseconds; in a `timeout` event of the deadline, how long the whole call took until then. */
  elapsed: number;
  /** Milliseconds per phase: in Node all that were passed, in a browser what Resource Timing reveals. */
  timings: Timings;
  /** Whether a limit or the deadline ran out. */
  timedOut: boolean;
  /** For a timeout: the option whose budget ran out. */
  limit?: TimeoutFacts['limit'];
  /** That budget, in milliseconds. */
  limitMs?: number;
  /** For a timeout: where the attempt was when it ran out. */
  phase?: Phase;
  /** The phase in the words people use. */
  kind?: Kind;
  /** HTTP status, if headers arrived. */
  status?: number;
  /** The error's code, such as `ETIMEDOUT` or `ECONNRESET`. */
  code?: string;
  /** How it ended. */
  outcome: Outcome;
  /** Whether the connection had served an earlier request. */
  reusedSocket?: boolean;
  /** Milliseconds by which a blocked event loop delayed the timeout, at most the limit. */
  lag?: number;
  /** 32 hexadecimal digits: from the request's `traceparent`, else the active OpenTelemetry span, else made for the call. */
  traceId: string;
  /** 16 hexadecimal digits: the span that the call was made under, if there is one. */
  parentSpanId?: string;
  /** Whether that span is sampled. */
  sampled?: boolean;
}

/** A whole call, from the caller's point of view, without its fallback. `timings` are those of the last attempt. */
export interface CallRecord extends Omit<AttemptRecord, 'attempt'> {
  /** Attempts begun. */
  attempts: number;
  /** If a limit or the breaker of this client refused it: which, whatever interceptors made of the error. */
  refusedBy?: RefusedBy;
}

export function attemptRecord(call: Call, attempt: Attempt | undefined, end: End): AttemptRecord {
  const { reportedConfig, trace } = call;
  const record: AttemptRecord = {
    id: call.id,
    attempt: attempt?.number ?? 0,
    endpoint: call.endpoint,
    method: methodOf(reportedConfig),
    url: redactedUrl(reportedConfig, call.policies.allowQueryValues),
    startedAt: attempt ? call.startedAtWall + attempt.startedAt - call.startedAt : call.startedAtWall,
    elapsed: end.elapsed,
    timings: attempt?.clock.timings ?? {},
    timedOut: end.outcome === 'timeout',
    outcome: end.outcome,
    traceId: trace.traceId,
  };
  addDetails(record, trace, attempt, end);
  return record;
}

/** Spelled out again: assembling a record from parts takes four times as long. */
export function callRecord(call: Call, end: End): CallRecord {
  const { reportedConfig, trace, attempt } = call;
  const record: CallRecord = {
    id: call.id,
    attempts: call.attempts,
    endpoint: call.endpoint,
    method: methodOf(reportedConfig),
    url: redactedUrl(reportedConfig, call.policies.allowQueryValues),
    startedAt: call.startedAtWall,
    elapsed: end.elapsed,
    timings: attempt?.clock.timings ?? {},
    timedOut: end.outcome === 'timeout',
    outcome: end.outcome,
    traceId: trace.traceId,
  };
  addDetails(record, trace, attempt, end);
  if (call.refusedBy !== undefined) record.refusedBy = call.refusedBy;
  return record;
}

/** The fields that only some records have: absent, not undefined. */
function addDetails(record: Omit<AttemptRecord, 'attempt'>, trace: Trace, attempt: Attempt | undefined, { error, status }: End): void {
  if (error !== undefined) {
    const code = codeOf(error);
    if (code !== undefined) record.code = code;
    if (isTimeout(error)) {
      const { limit, limitMs, phase, lag } = error;
      Object.assign(record, { limit, limitMs, phase, kind: kindOf(phase), lag });
    }
  }
  if (status !== undefined) record.status = status;
  if (attempt?.reusedSocket !== undefined) record.reusedSocket = attempt.reusedSocket;
  if (trace.parentSpanId === undefined) return;
  record.parentSpanId = trace.parentSpanId;
  record.sampled = (Number.parseInt(trace.flags, 16) & 1) === 1;
}
