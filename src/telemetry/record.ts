/** What is told of an attempt and of a call: plain data, no secrets, JSON. */
import type { Attempt, Call, End } from '../call';
import { codeOf, isTimeout, type TimeoutFacts } from '../errors';
import { type Kind, kindOf, type Outcome, type Phase, type Timings } from '../words';

/** One try of a call over the network. */
export interface AttemptRecord {
  /** The call's. */
  id: string;
  /** 1 for the first; 0 where the call ended before it. */
  attempt: number;
  /** `METHOD origin/path-template`, or the name it was given. */
  endpoint: string;
  /** The HTTP method, in capitals. */
  method: string;
  /** Without credentials, fragment and query values. */
  url: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Milliseconds. */
  elapsed: number;
  /** Milliseconds per phase. Node: all that were passed; a browser: what Resource Timing grants. */
  timings: Timings;
  /** Whether a limit or the deadline ran out. */
  timedOut: boolean;
  /** Of a timeout: the option whose budget ran out. */
  limit?: TimeoutFacts['limit'];
  /** That budget, in milliseconds. */
  limitMs?: number;
  /** Of a timeout: where the attempt was. */
  phase?: Phase;
  /** The phase in the words people use. */
  kind?: Kind;
  /** HTTP status, where headers came. */
  status?: number;
  /** The error's code, such as `ETIMEDOUT` or `ECONNRESET`. */
  code?: string;
  /** How it ended. */
  outcome: Outcome;
  /** Whether the connection had served an earlier request. */
  reusedSocket?: boolean;
  /** Milliseconds by which a blocked event loop delayed the timeout. */
  lag?: number;
  /** 32 hexadecimal digits: the outgoing `traceparent`'s, else the active OpenTelemetry span's, else made for the call. */
  traceId: string;
  /** 16 hexadecimal digits: the span that the call was made under, where there is one. */
  parentSpanId?: string;
  /** Whether that span is sampled. */
  sampled?: boolean;
}

/** A whole call, from the caller's point of view. `timings` are those of the last attempt. */
export interface CallRecord extends Omit<AttemptRecord, 'attempt'> {
  /** Attempts begun. */
  attempts: number;
}

export function attemptRecord(call: Call, attempt: Attempt | undefined, end: End): AttemptRecord {
  const startedAt = attempt ? call.startedAtWall + attempt.startedAt - call.startedAt : call.startedAtWall;
  const record = facts(call, attempt, end, startedAt) as AttemptRecord;
  record.attempt = attempt?.number ?? 0;
  return record;
}

export function callRecord(call: Call, end: End): CallRecord {
  const record = facts(call, call.attempt, end, call.startedAtWall) as CallRecord;
  record.attempts = call.attempts;
  return record;
}

/** What both records have. What only some have is absent otherwise, not undefined. */
function facts(call: Call, attempt: Attempt | undefined, end: End, startedAt: number): Omit<AttemptRecord, 'attempt'> {
  const { outcome, elapsed, error, status } = end;
  const { traceId, parentSpanId, flags } = call.trace;
  const record: Omit<AttemptRecord, 'attempt'> = {
    id: call.id,
    endpoint: call.endpoint,
    method: call.method,
    url: call.url,
    startedAt,
    elapsed,
    timings: attempt?.clock.timings ?? {},
    timedOut: outcome === 'timeout',
    outcome,
    traceId,
  };
  if (error !== undefined) setFailure(record, error);
  if (status !== undefined) record.status = status;
  if (attempt?.reusedSocket !== undefined) record.reusedSocket = attempt.reusedSocket;
  if (parentSpanId !== undefined) {
    record.parentSpanId = parentSpanId;
    record.sampled = (Number.parseInt(flags, 16) & 1) === 1;
  }
  return record;
}

function setFailure(record: Omit<AttemptRecord, 'attempt'>, error: unknown): void {
  const code = codeOf(error);
  if (code !== undefined) record.code = code;
  if (!isTimeout(error)) return;
  const { limit, limitMs, phase, lag } = error;
  Object.assign(record, { limit, limitMs, phase, kind: kindOf(phase), lag });
}
