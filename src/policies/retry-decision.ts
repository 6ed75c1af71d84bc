/** Decides whether and when a failed attempt is repeated, from the failure, the request, the deadline and the budget. */
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Call } from '../call';
import type { Attempt } from '../call/attempt';
import { MAX_DELAY } from '../clock';
import { codeOf, isBreakerOpen, isCanceled, isLocal, isTimeout, responseOf } from '../errors';
import type { RetrySettings } from '../options/retry';
import { consult } from '../util/complain';
import { define } from '../util/define';
import { plus } from '../util/few';
import { retryAfterOf } from '../util/retry-after';
import { type AttemptSummary, isBeforeSend, type StopReason } from '../words';
import type { RetryBudget } from './retry-budget';

export type Decision = { retry: true; delay: number } | { retry: false; reason: StopReason };

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'QUERY', 'TRACE']);

/** Statuses that may be transient. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Failures before anything was sent, as Node names them. */
const NOT_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'];

/** Failures of a request in flight, as Node, axios and fetch name them. */
const BROKEN_OFF = [
  ...['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_NETWORK', 'UND_ERR_SOCKET'],
  ...['ERR_HTTP2_STREAM_ERROR', 'ERR_HTTP2_SESSION_ERROR', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_STREAM_CANCEL'],
];

/** Failures of the network, after which a repeat may succeed. */
const isNetwork = (code: string): boolean => NOT_SENT.includes(code) || BROKEN_OFF.includes(code);

/** The least time for which an attempt is worth beginning, in milliseconds. */
const MIN_ATTEMPT = 100;

export function decide(call: Call, error: unknown, budget: RetryBudget): Decision {
  if (call.ended) return { retry: false, reason: 'canceled' };
  const decision = judge(call, error, call.settings.retry as RetrySettings, budget);
  // A refusal on this side was no attempt.
  const attempted = isUntold(call);
  const failed = call.lastAttempt(error, attempted);
  if (attempted) call.history = plus(call.history, { ...failed, ...(decision.retry && { delay: decision.delay }) });
  const waitsOn = decision.retry && !attempted;
  if (waitsOn) call.refusedBy = undefined;
  if (!isCanceled(error) && call.attempts > 0 && !waitsOn) call.observer.retried(call, decision, failed);
  if (!decision.retry) {
    tell(error, 'history', [...call.history]);
    tell(error, 'retryStopped', decision.reason);
  }
  return decision;
}

/** For a call ended from outside, by its deadline or by the user: that error lists the attempts as well. */
export function conclude(call: Call): void {
  tell(call.ended, 'history', attemptsOf(call, call.ended));
  tell(call.ended, 'retryStopped', (isTimeout(call.ended) ? 'deadline' : 'canceled') satisfies StopReason);
}

/** Whether the last attempt is not in the history yet. */
const isUntold = (call: Call): boolean => call.attempts > call.history.length;

/** The attempts so far, the last one included. */
const attemptsOf = (call: Call, error: unknown): AttemptSummary[] =>
  isUntold(call) ? [...call.history, call.lastAttempt(error)] : [...call.history];

/** Adds a property to an error, if it allows that: users' adapters have errors of their own. Only enumerable ones show in its JSON. */
function tell(error: unknown, name: string, value: unknown, enumerable = false): void {
  if (typeof error === 'object' && error !== null) define(error, name, value, enumerable);
}

function judge(call: Call, error: unknown, settings: RetrySettings, budget: RetryBudget): Decision {
  const no = (reason: StopReason): Decision => ({ retry: false, reason });
  if (isCanceled(error)) return no('canceled');
  const remaining = call.deadline?.remaining ?? Infinity;
  const room = remaining - Math.min(MIN_ATTEMPT, call.limits.total ?? MIN_ATTEMPT);
  const longest = Math.min(settings.maxRetryAfter, room, MAX_DELAY);
  // The call has waited as told, but another was told to wait longer, if only by the time between the two responses.
  if (isBreakerOpen(error) && error.reason === 'throttled' && call.attempts > 0 && call.pauses < settings.retries) {
    call.pauses++;
    return error.retryAfter > longest ? no('retry-after') : { retry: true, delay: error.retryAfter };
  }
  if (isLocal(error)) return no('local');
  // No attempt was made: the factory failed to make a fresh body.
  if (!isUntold(call)) return no('body');

  const response = responseOf(error);
  const config = call.config as InternalAxiosRequestConfig;
  const hint = retryAfterOf((response ?? call.attempt)?.headers);
  if (hint !== undefined) tell(error, 'retryAfter', hint, true);
  const verdict = judgeFailure(call, error, response, hint !== undefined);
  if (settings.when) {
    const context = { attempt: call.attempts, safe: verdict === undefined, remaining, history: attemptsOf(call, error) };
    const answer = consult(settings.when, [error, context], false, '`retry.when` failed; the request is not repeated.');
    if (answer !== true) return no('when');
  } else if (verdict) {
    return no(verdict);
  }
  if (call.attempts > settings.retries) return no('retries');
  if (!isReplayable(config.data) && !(call.bodyFactory && call.isBodyAsMade)) return no('body');

  if (hint !== undefined && hint > longest) return no('retry-after');
  const delay = Math.max(hint ?? 0, backOff(call.attempts, settings));
  if (delay > room) return no('deadline');
  if (settings.budget && !budget.take(call.endpoint, settings.budget)) return no('budget');
  return { retry: true, delay };
}

/** Why the failure itself rules out a repeat; `undefined` if it does not. */
function judgeFailure(call: Call, error: unknown, response: AxiosResponse | undefined, hinted: boolean): StopReason | undefined {
  const { method = 'get', headers } = call.config as InternalAxiosRequestConfig;
  const harmless = IDEMPOTENT.has(method.toUpperCase()) || Boolean(headers?.get('Idempotency-Key'));
  if (isCutShort(call, error, response)) return harmless ? undefined : 'unsafe';
  if (response) {
    if (!PASSING.has(response.status)) return 'permanent';
    // The peer itself says that it did not do the work. Behind a redirect, the place that was asked first may have done it.
    const refused = response.status === 425 || response.status === 429 || (response.status === 503 && hinted);
    return harmless || (refused && !isRedirected(call)) || isTunnelRefused(call) ? undefined : 'unsafe';
  }
  if (isTimeout(error)) return error.limit === 'deadline' ? 'deadline' : harmless || error.safeToRetry ? undefined : 'unsafe';
  const code = codeOf(error);
  if (!code || !isNetwork(code)) return 'permanent';
  return harmless || isUnsent(call, error, code) ? undefined : 'unsafe';
}

/**
 * Whether a response broke off in its body: a good one, or one with a passing status of which the error says nothing. Each axios adapter
 * has its own error for that, unlike the one for a size limit.
 */
function isCutShort(call: Call, error: unknown, response: AxiosResponse | undefined): boolean {
  const status = response?.status ?? call.attempt?.status;
  if (isTimeout(error) || call.attempt?.clock.phase !== 'body' || status === undefined) return false;
  if (status >= 400 && (response || !PASSING.has(status))) return false;
  const code = codeOf(error);
  if (code === 'ERR_BAD_RESPONSE') return response !== undefined && call.config?.validateStatus?.(status) !== false;
  if (code !== undefined) return isNetwork(code);
  // A mistake in the user's own functions may be a TypeError too, but comes after the last byte, or before a stream was read.
  return (error as Error | null)?.name === 'TypeError' && !call.attempt.isWhole && call.config?.responseType !== 'stream';
}

const isRedirected = ({ attempt }: Call): boolean => (attempt as Attempt).hops > 1;

/** Whether the response is a proxy's, to CONNECT: the request itself was never sent. An answer to a request comes in a later phase. */
const isTunnelRefused = ({ attempt }: Call): boolean => attempt?.hops === 1 && attempt.clock.phase === 'proxy';

/** Whether the failure came before the first byte was sent: going by its code, or because the connection was still being made. */
function isUnsent({ attempt }: Call, error: unknown, code: string): boolean {
  if (!attempt || attempt.hops > 1) return false;
  return (NOT_SENT.includes(code) && !IN_USE.test((error as Error).message)) || (attempt.hops === 1 && isBeforeSend(attempt.clock.phase));
}

/** Of a connection in use: if the route to the peer is gone, the system has the same codes for that (`read EHOSTUNREACH`). */
const IN_USE = /^(read|write) /;

/** The delay after the nth attempt: exponential, then capped, then jittered: what is at the cap must not come in step. */
export function backOff(
  attempt: number,
  { baseDelay, factor, maxDelay, jitter }: RetrySettings,
  random: () => number = Math.random,
): number {
  const delay = baseDelay && Math.min(baseDelay * factor ** (attempt - 1), maxDelay, MAX_DELAY);
  return jitter === 'none' ? delay : Math.round(jitter === 'full' ? random() * delay : delay / 2 + random() * (delay / 2));
}

/** Whether a body can be sent again as it is: it is no stream, as FormData of the `form-data` package is. */
export function isReplayable(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return true;
  const stream = data as { pipe?: unknown; getReader?: unknown };
  return typeof stream.pipe !== 'function' && typeof stream.getReader !== 'function';
}
