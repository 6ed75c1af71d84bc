/**
 * The errors a call can end with. All are AxiosErrors, so a handler written for axios goes on working,
 * and each is recognised by a registry symbol, so two copies of this package recognise each other's.
 */
import { AxiosError, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig, isAxiosError, isCancel } from 'axios';
import { isMarked, mark } from './errors/json';
import { define } from './util/define';
import {
  type AttemptSummary,
  type BreakerReason,
  type Kind,
  kindOf,
  type LimitName,
  type Phase,
  type StopReason,
  type Timings,
} from './words';

/** What each phase waits for, for messages. */
const WAITING_FOR: Record<Phase, string> = {
  queue: 'waiting for a free connection of the pool',
  lookup: 'looking up the host name',
  tcp: 'connecting',
  proxy: 'waiting for the proxy to open the tunnel',
  tls: 'in the TLS handshake',
  send: 'sending the request',
  response: 'waiting for the response headers',
  body: 'reading the response body',
  waiting: 'waiting for the response',
};

const TIMEOUT = /* @__PURE__ */ Symbol.for('breakwater.TimeoutError');

/** The facts of a timeout. */
export interface TimeoutFacts {
  /** The option whose budget ran out. */
  limit: LimitName | 'deadline';
  /** Where the attempt was when it ran out. */
  phase: Phase;
  /** The budget, in milliseconds. */
  limitMs: number;
  /** Milliseconds since the attempt began; for `deadline`, since the call began. */
  elapsed: number;
  /** Milliseconds spent in each phase of the attempt. */
  timings: Timings;
  /** Attempts begun; 0 if the call never got to its first, and in the error of a `withDeadline` itself, which knows of none. */
  attempts: number;
  /** Whether nothing of the request can have reached the peer, so that even a POST may be repeated. */
  safeToRetry: boolean;
  /** Milliseconds by which a blocked event loop (or a frozen page) delayed this timeout, at most the limit; already credited. */
  lag: number;
  /** Whether the connection had served an earlier request. */
  reusedSocket?: boolean | undefined;
}

/**
 * A budget ran out. `code` is `ETIMEDOUT`. Expected behaviour of a slow upstream, not a defect of the program.
 * Test for it with {@link isTimeout}.
 */
export class TimeoutError extends AxiosError implements TimeoutFacts {
  /** The same for all errors of this class. */
  declare code: 'ETIMEDOUT';
  declare limit: TimeoutFacts['limit'];
  declare phase: Phase;
  /** The phase in the words people use: `connect`, `read`, `write`, `queue` or `unknown`. */
  declare kind: Kind;
  declare limitMs: number;
  declare elapsed: number;
  declare timings: Timings;
  declare attempts: number;
  declare safeToRetry: boolean;
  declare lag: number;
  declare reusedSocket?: boolean | undefined;
  /** The attempts, oldest first; absent where `retry` is off, or the call ended before one was due. */
  declare history?: readonly AttemptSummary[];
  /** Why no further attempt was made; absent where `history` is. */
  declare retryStopped?: StopReason;

  /** @param said The user's own message, axios' `timeoutErrorMessage`. */
  constructor(
    facts: TimeoutFacts,
    target: string,
    config?: InternalAxiosRequestConfig,
    doing = WAITING_FOR[facts.phase],
    said?: string,
    request?: unknown,
  ) {
    const { limit, limitMs, elapsed, lag } = facts;
    const late = lag > 0 ? ` The event loop was blocked for ${lag} ms of it.` : '';
    const option = limit === 'deadline' ? limit : `timeout.${limit}`;
    super(
      said ||
        `${option} of ${limitMs} ms ran out ${doing}, after ${Math.round(elapsed)} ms: ${target}.${late} See docs/errors.md#${limit}.`,
      'ETIMEDOUT',
      config,
      request,
    );
    this.name = 'TimeoutError';
    mark(this, TIMEOUT, target, { ...facts, kind: kindOf(facts.phase) });
  }
}

/** Whether an error is a Breakwater timeout, whichever copy of the package made it. Narrow further with `error.limit` or `error.kind`. */
export function isTimeout(error: unknown): error is TimeoutError {
  return isMarked(error, TIMEOUT);
}

/** The user's own abort, as axios reports it. */
export const canceled = (config?: InternalAxiosRequestConfig, request?: unknown): CanceledError<unknown> =>
  new CanceledError(undefined, config, request);

export { isAxiosError, isCancel as isCanceled };

/** The error's code, if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The response that an error carries. */
export const responseOf = (error: unknown): AxiosResponse | undefined =>
  (error as { response?: AxiosResponse } | null | undefined)?.response;

/** The body of the response that an error carries. */
export const bodyOf = (error: unknown): unknown => responseOf(error)?.data;

/** The response an error is about. A success whose body broke off does not count: some of axios' errors carry it, some do not. */
export function answerOf(error: unknown): AxiosResponse | undefined {
  const response = responseOf(error);
  const isCut = response && response.status < 300 && response.data === undefined;
  return isCut ? undefined : response;
}

const BREAKER_OPEN = /* @__PURE__ */ Symbol.for('breakwater.BreakerOpenError');
const LIMITED = /* @__PURE__ */ Symbol.for('breakwater.LimitError');

/** The endpoint is cut off: the attempt was not sent. `code` is `EBREAKEROPEN`. Test for it with {@link isBreakerOpen}. */
export class BreakerOpenError extends AxiosError {
  /** The same for all errors of this class. */
  declare code: 'EBREAKEROPEN';
  /** What is cut off: the endpoint, or with `per: 'origin'` the origin. */
  declare endpoint: string;
  /** Milliseconds until calls are let through again; `Number.MAX_SAFE_INTEGER` while an operator holds it open. */
  declare retryAfter: number;
  /** What opened it, or `throttled` if the upstream asked for a pause. */
  declare reason: BreakerReason;
  /** The attempts before this one, oldest first; absent where `retry` is off. */
  declare history?: readonly AttemptSummary[];
  /** Why no further attempt was made; absent where `history` is. */
  declare retryStopped?: StopReason;

  constructor(facts: Pick<BreakerOpenError, 'endpoint' | 'retryAfter' | 'reason'>, target: string, config?: InternalAxiosRequestConfig) {
    const until = facts.retryAfter < Number.MAX_SAFE_INTEGER ? ` for another ${facts.retryAfter} ms` : '';
    super(`${facts.endpoint} is cut off (${facts.reason})${until}: ${target}. See docs/errors.md#ebreakeropen.`, 'EBREAKEROPEN', config);
    this.name = 'BreakerOpenError';
    mark(this, BREAKER_OPEN, target, facts);
  }
}

/** A limit of this client refused the attempt, which was not sent. `code` is `ELIMITED`. Test for it with {@link isLimited}. */
export class LimitError extends AxiosError {
  /** The same for all errors of this class. */
  declare code: 'ELIMITED';
  /** Which limit: `rate` or `concurrency`. */
  declare limit: 'rate' | 'concurrency';
  /** Milliseconds until there is room; absent if unknown. */
  declare retryAfter?: number;
  /** The attempts before this one, oldest first; absent where `retry` is off. */
  declare history?: readonly AttemptSummary[];
  /** Why no further attempt was made; absent where `history` is. */
  declare retryStopped?: StopReason;

  constructor(
    facts: { limit: 'rate' | 'concurrency'; retryAfter?: number | undefined; cause?: unknown },
    target: string,
    config?: InternalAxiosRequestConfig,
  ) {
    const { limit, retryAfter, cause } = facts;
    const until = retryAfter ? ` There is room in ${retryAfter} ms.` : '';
    const which = cause === undefined ? `${limit} has no room` : 'limiter is not available';
    super(`limit.${which}: ${target}.${until} See docs/errors.md#elimited.`, 'ELIMITED', config);
    this.name = 'LimitError';
    if (cause !== undefined) define(this, 'cause', cause);
    mark(this, LIMITED, target, { limit, ...(retryAfter !== undefined && { retryAfter }) });
  }
}

/** Whether a call was refused because its endpoint is cut off. */
export const isBreakerOpen = (error: unknown): error is BreakerOpenError => isMarked(error, BREAKER_OPEN);

/** Whether a call was refused by a limit of this client. */
export const isLimited = (error: unknown): error is LimitError => isMarked(error, LIMITED);

/** Whether a call was refused on this side, which says nothing about the upstream. */
export const isLocal = (error: unknown): boolean => isBreakerOpen(error) || isLimited(error);
