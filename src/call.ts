/**
 * A call and its current attempt: what policies and transports pass to each other. They depend on this, never on one another.
 */
import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Attempt, End } from './call/attempt';
import { LOOKS, since, Timer } from './clock';
import type { Deadline } from './deadline';
import { describeRequest, endpointOf, originOfRequest } from './endpoint';
import { codeOf, isTimeout, responseOf, type TimeoutError } from './errors';
import type { Policies, Settings } from './options';
import { activeTrace, newTrace, type Trace, traceIn } from './trace';
import { consult, contain } from './util/complain';
import { NONE, plus } from './util/few';
import type { AttemptSummary, Limits, RefusedBy, StopReason } from './words';

/** A call with an attempt in progress: axios has built its config by then. */
export type CallUnderWay = Call & { attempt: Attempt; config: InternalAxiosRequestConfig };

/** Runs a call, or what remains of it below a policy. */
export type Handler = (call: Call) => Promise<AxiosResponse>;

/** Wraps a handler. One policy per file, and none knows another. */
export type Policy = (next: Handler) => Handler;

/** What policies report; the client turns it into records and events. */
export interface Observer {
  attemptEnded(call: Call, attempt: Attempt, end: End): void;
  callEnded(call: Call, end: End): void;
  timedOut(call: Call, attempt: Attempt | undefined, error: TimeoutError): void;
  retried(call: Call, decision: { retry: true; delay: number } | { retry: false; reason: StopReason }, failed: AttemptSummary): void;
  limited(call: Call, limit: 'rate' | 'concurrency', retryAfter: number | undefined): void;
  fellBack(call: Call, kind: 'stale' | 'use' | 'value', error: unknown, age: number | undefined): void;
}

export type CallInit = Pick<
  Call,
  'startedAt' | 'request' | 'merged' | 'requested' | 'policies' | 'settings' | 'bodyFactory' | 'limits' | 'deadline' | 'observer'
>;

let calls = 0;

/** Distinguishes call ids from those of another process or page. */
const PROCESS = /* @__PURE__ */ Math.random().toString(36).slice(2, 8);

/** One `client.request()`, from the caller's point of view. */
export class Call {
  readonly id = `${(++calls).toString(36)}-${PROCESS}`;
  readonly startedAt: number;
  readonly startedAtWall = Date.now();
  /** What the caller passed, minus our policies. */
  readonly request: AxiosRequestConfig;
  /** `request` merged over the instance's defaults. */
  readonly merged: () => AxiosRequestConfig;
  /** The policies named in this request alone. */
  readonly requested: Policies;
  /** The client's policies with this request's merged over them. */
  readonly policies: Policies;
  /** The resolved settings of retry, breaker, limit and fallback. */
  readonly settings: Settings;
  /** Creates a fresh body for each attempt; set if the caller passed a function as `data`. */
  readonly bodyFactory: (() => unknown) | undefined;
  /** The attempts that failed, oldest first. */
  history: readonly AttemptSummary[] = NONE;
  readonly observer: Observer;
  /** The limits of each attempt. An interceptor that sets `timeout` changes them. */
  limits: Limits;
  readonly deadline: Deadline | undefined;
  /** The one platform timer behind the deadline and the limits of every attempt. */
  readonly timer: Timer;
  /** axios' own config, interceptors and transforms applied; `undefined` until axios reaches its adapter. */
  config: InternalAxiosRequestConfig | undefined;
  /** What an adapter of the user's added to the config. */
  noted: Set<PropertyKey> | undefined;
  /** Whether the body that `bodyFactory` made reached the adapter as it was. If not, a new one lacks what was made of it on the way. */
  isBodyAsMade = true;
  attempts = 0;
  /** When the next attempt will have waited long enough, in all queues together; set by the first of them if there is a `maxWait`. */
  waitUntil: number | undefined;
  /** How often it has waited out a pause that the upstream requested in answer to other calls. */
  pauses = 0;
  /** The attempt in progress, or the last one. */
  attempt: Attempt | undefined;
  /** What of this client refused it; its error need not say so, once interceptors have seen it. */
  refusedBy: RefusedBy | undefined;
  /** Why the call was ended from outside; the work inside may not have noticed yet. */
  ended: unknown;
  /** Whether the request has a `Content-Length` of its own, not that of a body that `bodyFactory` made. */
  #hasLength = true;
  #endpoint: string | undefined;
  /** Captured when the call is made: later another span may be active. */
  #trace = activeTrace();
  /** Set once axios has built its config: until then an interceptor may add a `traceparent`. */
  #isTraceFinal = false;
  #endings: readonly ((call: Call) => void)[] = NONE;

  constructor({ startedAt, request, merged, requested, policies, settings, bodyFactory, limits, deadline, observer }: CallInit) {
    this.startedAt = startedAt;
    this.request = request;
    this.merged = merged;
    this.requested = requested;
    this.policies = policies;
    this.settings = settings;
    this.bodyFactory = bodyFactory;
    this.limits = limits;
    this.deadline = deadline;
    this.timer = new Timer(soonestOf(limits));
    this.observer = observer;
  }

  get elapsed(): number {
    return since(this.startedAt);
  }

  /** The trace the call belongs to. */
  get trace(): Trace {
    if (this.#trace && this.#isTraceFinal) return this.#trace;
    this.#trace = traceIn(this.reportedConfig.headers) ?? this.#trace ?? newTrace();
    this.#isTraceFinal = this.config !== undefined;
    return this.#trace;
  }

  /** The config to report: axios' own, or the merged request until there is one. */
  get reportedConfig(): InternalAxiosRequestConfig {
    return this.config ?? (this.merged() as InternalAxiosRequestConfig);
  }

  /** `METHOD origin/path-template`, or the configured name. Final once axios has built its config. */
  get endpoint(): string {
    if (this.#endpoint !== undefined) return this.#endpoint;
    const name = nameOf(this.policies.endpoint, this.reportedConfig);
    if (this.config) this.#endpoint = name;
    return name;
  }

  /** The key that shared state is kept under: the endpoint, the origin, or one for the whole client. */
  keyOf(per: 'endpoint' | 'origin' | 'client'): string {
    return per === 'client' ? '' : per === 'origin' ? originOfRequest(this.reportedConfig) : this.endpoint;
  }

  /**
   * Summarises the last attempt: as it ended, or as it ends now by this error.
   *
   * @param made Whether the error is an attempt's, not a refusal's after it. Not all errors of a body that broke off have the status.
   */
  lastAttempt(failure: unknown, made = true): AttemptSummary {
    const end = made ? this.attempt?.end : undefined;
    const error = end ? end.error : failure;
    const code = codeOf(error);
    const status = responseOf(error)?.status ?? (made ? this.attempt?.status : undefined);
    return {
      attempt: this.attempts,
      ...(code !== undefined && { code }),
      ...(status !== undefined && { status }),
      ...(isTimeout(error) && { phase: error.phase }),
      elapsed: (end ?? this.attempt)?.elapsed ?? 0,
    };
  }

  /** `METHOD url` for messages, without credentials and with only the allowed query values. */
  get target(): string {
    return describeRequest(this.reportedConfig, this.policies.allowQueryValues);
  }

  /** Compares what reached the adapter with what `bodyFactory` made. */
  noteBody(made: unknown): void {
    this.isBodyAsMade = this.config?.data === made;
    this.#hasLength = this.config?.headers.has('Content-Length') ?? true;
  }

  /** Puts another body in place of the last, and lets an adapter measure it anew. */
  replaceBody(body: unknown): void {
    if (!this.config) return;
    this.config.data = body;
    if (!this.#hasLength) this.config.headers.delete('Content-Length');
  }

  /** Runs `run` once nothing of the call is on the network any more, including a stream that was handed out. */
  whenOver(run: () => void): void {
    if (this.attempt) this.attempt.whenOver(run);
    else run();
  }

  /** Runs `run` when the call is ended from outside, or at once if it was: work that hangs inside would never notice. */
  onEnd(run: (call: Call) => void): void {
    if (this.ended) run(this);
    else this.#endings = plus(this.#endings, run);
  }

  /** Stops only the attempt in progress, and releases what it left open, which nobody will use. */
  abandon(reason: unknown): void {
    this.attempt?.stop(reason);
  }

  /** Ends the call from outside: stops what is in progress and lets nothing new begin. */
  end(reason: unknown): void {
    if (this.ended) return;
    this.ended = reason;
    for (const run of this.#endings) contain(run, this);
    this.attempt?.stop(reason);
  }
}

let last: { limits: Limits; soonest: number } | undefined;

/** The lowest of the limits, in milliseconds. Remembered, since most calls of a program have the same. */
function soonestOf(limits: Limits): number {
  if (last?.limits !== limits) last = { limits, soonest: Math.min(...Object.values(limits), (limits.read ?? Infinity) / LOOKS) };
  return last.soonest;
}

function nameOf(endpoint: Policies['endpoint'], config: AxiosRequestConfig): string {
  const failed = 'the `endpoint` function failed; the automatic name is used.';
  const name = typeof endpoint === 'function' ? consult(endpoint, [config], '', failed) : endpoint;
  return typeof name === 'string' && name ? name : endpointOf(config);
}
