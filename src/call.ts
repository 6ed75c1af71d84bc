/**
 * One call and its attempt in progress: what the policies and the transports hand to each other. They know this, and not one another.
 */
import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Attempt, End } from './call/attempt';
import { now, Timer } from './clock';
import type { Deadline } from './deadline';
import { describeRequest, endpointOf, originOfRequest } from './endpoint';
import { codeOf, isTimeout, type TimeoutError } from './errors';
import type { Policies, Settings } from './options';
import { activeTrace, newTrace, type Trace, traceIn } from './trace';
import { consult, contain } from './util/complain';
import type { AttemptSummary, Limits, StopReason } from './words';

/** Does a call, or the rest of it. */
export type Handler = (call: Call) => Promise<AxiosResponse>;

/** Puts itself round a handler. One policy, one file, and none knows another. */
export type Policy = (next: Handler) => Handler;

/** What the policies report; the client makes records and events of it. */
export interface Observer {
  attemptEnded(call: Call, attempt: Attempt, end: End): void;
  callEnded(call: Call, end: End): void;
  timedOut(call: Call, attempt: Attempt | undefined, error: TimeoutError): void;
  retried(call: Call, decision: { retry: true; delay: number } | { retry: false; reason: StopReason }, error: unknown): void;
  limited(call: Call, limit: 'rate' | 'concurrency', retryAfter: number | undefined): void;
  fellBack(call: Call, kind: 'stale' | 'use' | 'value', error: unknown, age: number | undefined): void;
}

/** What a call is made of. */
export type CallInit = Pick<
  Call,
  'startedAt' | 'request' | 'merged' | 'requested' | 'policies' | 'settings' | 'bodyFactory' | 'limits' | 'deadline' | 'observer'
>;

let calls = 0;

/** Tells the calls of one process, or page, from another's. */
const PROCESS = Math.random().toString(36).slice(2, 8);

/** One `client.request()`, from the caller's point of view. */
export class Call {
  readonly id = `${(++calls).toString(36)}-${PROCESS}`;
  readonly startedAt: number;
  readonly startedAtWall = Date.now();
  /** What the caller asked for, without our policies. */
  readonly request: AxiosRequestConfig;
  /** That, with the defaults of the instance. */
  readonly merged: () => AxiosRequestConfig;
  /** The policies that the caller named with this request. */
  readonly requested: Policies;
  /** The policies in force. */
  readonly policies: Policies;
  /** The settings of the policies below the deadline. */
  readonly settings: Settings;
  /** Makes the body anew for each attempt, where the caller gave a function for `data`. */
  readonly bodyFactory: (() => unknown) | undefined;
  /** The attempts that failed, oldest first. */
  readonly history: AttemptSummary[] = [];
  readonly observer: Observer;
  /** The limits of each attempt. */
  limits: Limits;
  readonly deadline: Deadline | undefined;
  /** Of its deadline, and of its attempts. */
  readonly timer: Timer;
  /** What axios made of the request: interceptors and transforms applied. Until then, undefined. */
  config: InternalAxiosRequestConfig | undefined;
  attempts = 0;
  /** How often it waited for the end of a pause that the upstream had asked other calls for. */
  pauses = 0;
  /** The attempt in progress, or the last one. */
  attempt: Attempt | undefined;
  /** Why the call is over although it may not know it yet. */
  ended: unknown;
  #stop: ((reason: unknown) => void) | undefined;
  #endpoint: string | undefined;
  /** Of the span in which the call was made: later another may be active. */
  #trace = activeTrace();
  /** Known for good once axios has made its config. */
  #isTraceFinal = false;
  /** As few as the alarms of a timer, and kept like them. */
  #endings: readonly ((call: Call) => void)[] = [];

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
    this.timer = new Timer(Math.min(...Object.values(limits)));
    this.observer = observer;
  }

  get elapsed(): number {
    return now() - this.startedAt;
  }

  /** The trace it belongs to. */
  get trace(): Trace {
    if (this.#trace && this.#isTraceFinal) return this.#trace;
    this.#trace = traceIn(this.reportedConfig.headers) ?? this.#trace ?? newTrace();
    this.#isTraceFinal = this.config !== undefined;
    return this.#trace;
  }

  /** The config to report: axios' own where there is one yet. */
  get reportedConfig(): InternalAxiosRequestConfig {
    return this.config ?? (this.merged() as InternalAxiosRequestConfig);
  }

  /** `METHOD origin/path-template`, or the name it was given. Known for good once axios has made its config. */
  get endpoint(): string {
    if (this.#endpoint !== undefined) return this.#endpoint;
    const name = nameOf(this.policies.endpoint, this.reportedConfig);
    if (this.config) this.#endpoint = name;
    return name;
  }

  /** What state is kept under: the endpoint's, the origin's, or the client's. */
  keyOf(per: 'endpoint' | 'origin' | 'client'): string {
    return per === 'client' ? '' : per === 'origin' ? originOfRequest(this.reportedConfig) : this.endpoint;
  }

  /** The attempt that has just failed. */
  lastAttempt(error: unknown): AttemptSummary {
    const code = codeOf(error);
    const status = (error as { response?: AxiosResponse } | undefined)?.response?.status;
    return {
      attempt: this.attempts,
      ...(code !== undefined && { code }),
      ...(status !== undefined && { status }),
      ...(isTimeout(error) && { phase: error.phase }),
      elapsed: this.attempt?.elapsed ?? 0,
    };
  }

  /** `METHOD url` for messages; no credentials, and no query values but those allowed. */
  get target(): string {
    return describeRequest(this.reportedConfig, this.policies.allowQueryValues);
  }

  /** Says how the attempt in progress is stopped; `undefined` when there is none to stop. */
  stopWith(stop: ((reason: unknown) => void) | undefined): void {
    this.#stop = stop;
  }

  /** Runs once nothing of the call is on the network any more, a stream that was handed out included. */
  whenOver(run: () => void): void {
    if (this.attempt) this.attempt.whenOver(run);
    else run();
  }

  /** Runs when the call is ended from outside, at once where it has been: what hangs inside will never say so. */
  onEnd(run: (call: Call) => void): void {
    if (this.ended) run(this);
    else this.#endings = [...this.#endings, run];
  }

  /** Stops the attempt in progress, and only that: what it left open is nobody's any more. */
  abandon(reason: unknown): void {
    this.#stop?.(reason);
  }

  /** Ends the call from outside: stops what is in progress and lets nothing new begin. */
  end(reason: unknown): void {
    if (this.ended) return;
    this.ended = reason;
    for (const run of this.#endings) contain(run, this);
    this.#stop?.(reason);
  }
}

function nameOf(endpoint: Policies['endpoint'], config: AxiosRequestConfig): string {
  const failed = 'the `endpoint` function failed; the automatic name is used.';
  const name = typeof endpoint === 'function' ? consult(endpoint, [config], '', failed) : endpoint;
  return typeof name === 'string' && name ? name : endpointOf(config);
}
