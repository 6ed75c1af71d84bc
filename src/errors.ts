/**
 * The errors a call can end with. All are AxiosErrors, so a handler written for axios goes on working,
 * and each is recognised by a registry symbol, so two copies of this package recognise each other's.
 */
import { AxiosError, CanceledError, type InternalAxiosRequestConfig, isCancel } from 'axios';
import { type Kind, kindOf, type LimitName, type Phase, type Timings } from './words';

/** What was being waited for, in words. */
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

const TIMEOUT = Symbol.for('breakwater.TimeoutError');

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
  /** Attempts begun; 0 where the call never got to its first. */
  attempts: number;
  /** Whether nothing of the request can have reached the peer, so that even a POST may be repeated. */
  safeToRetry: boolean;
  /** Milliseconds by which a blocked event loop (or a frozen page) delayed this timeout; already credited. */
  lag: number;
  /** Whether the connection had served an earlier request. */
  reusedSocket?: boolean | undefined;
}

/**
 * A budget ran out. `code` is `ETIMEDOUT`. Expected behaviour of a slow upstream, not a defect of the program.
 * Test for it with {@link isTimeout}.
 */
export class TimeoutError extends AxiosError implements TimeoutFacts {
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

  constructor(facts: TimeoutFacts, target: string, config?: InternalAxiosRequestConfig, doing = WAITING_FOR[facts.phase]) {
    const { limit, limitMs, elapsed, lag } = facts;
    const late = lag > 0 ? ` The event loop was blocked for ${lag} ms of it.` : '';
    super(`${limit} limit of ${limitMs} ms ran out ${doing}, after ${Math.round(elapsed)} ms: ${target}.${late}`, 'ETIMEDOUT', config);
    this.name = 'TimeoutError';
    Object.assign(this, facts, { kind: kindOf(facts.phase) });
    Object.defineProperty(this, TIMEOUT, { value: true });
  }
}

/** axios' JSON of an error, and the facts of the timeout. */
TimeoutError.prototype.toJSON = function (this: TimeoutError) {
  const { limit, phase, kind, limitMs, elapsed, timings, attempts, safeToRetry, lag } = this;
  return { ...AxiosError.prototype.toJSON.call(this), limit, phase, kind, limitMs, elapsed, timings, attempts, safeToRetry, lag };
};

/** Whether an error is a Breakwater timeout, whichever copy of the package made it. Narrow further with `error.limit` or `error.kind`. */
export function isTimeout(error: unknown): error is TimeoutError {
  return typeof error === 'object' && error !== null && TIMEOUT in error;
}

/** An option that cannot be meant: names the option, the value, and what it takes. */
export function badOption(name: string, value: unknown, takes: string): AxiosError {
  return new AxiosError(`${name}: ${show(value)} is not valid. ${takes}`, AxiosError.ERR_BAD_OPTION_VALUE);
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}

/** The user's own abort, as axios reports it. */
export const canceled = (config?: InternalAxiosRequestConfig): CanceledError<unknown> => new CanceledError(undefined, config);

export const isCanceled = (error: unknown): boolean => isCancel(error);
