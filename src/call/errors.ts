/** The errors that we end a call with, built from what is known about it. */
import type { Call } from '../call';
import { LimitError, TimeoutError, type TimeoutFacts } from '../errors';
import { withoutStack } from '../errors/caller';
import { isBeforeSend } from '../words';

/** The error for a limit that ran out, with the facts of the current attempt if there is one. */
export function timeoutError(
  call: Call,
  { limit, limitMs, lag, elapsed }: Pick<TimeoutFacts, 'limit' | 'limitMs' | 'lag' | 'elapsed'>,
): TimeoutError {
  const { attempt } = call;
  const onNetwork = attempt && (!attempt.done || attempt.bodyOpen);
  const facts: TimeoutFacts = {
    limit,
    limitMs: Math.round(limitMs),
    lag: Math.round(lag),
    elapsed,
    phase: onNetwork ? attempt.clock.phase : 'waiting',
    timings: attempt?.clock.timings ?? {},
    attempts: call.attempts,
    safeToRetry: attempt ? !attempt.done && attempt.hops < 2 && isBeforeSend(attempt.clock.phase) : true,
    reusedSocket: attempt?.reusedSocket,
  };
  const doing = onNetwork ? undefined : limitMs ? whileOffNetwork(call) : 'before the call began';
  const said = call.reportedConfig.timeoutErrorMessage;
  // Raised by a timer, so a stack says nothing. Between two attempts the request is the last one made.
  return withoutStack(() => new TimeoutError(facts, call.target, call.config, doing, said, attempt?.request));
}

/** What a call waits for while nothing of it is on the network. */
function whileOffNetwork({ config, attempt, attempts, history }: Call): string {
  if (!config) return 'before the request was sent, in an interceptor or transform';
  if (!attempt) return 'before the request was sent, waiting for a limit of this client';
  return history.length === attempts ? 'between two attempts' : 'after the response had arrived, in an interceptor or transform';
}

/** Reports that a limit has no room, and returns the error to reject with. */
export function refuse(call: Call, limit: LimitError['limit'], retryAfter?: number, cause?: unknown): LimitError {
  call.refusedBy = limit;
  call.observer.limited(call, limit, retryAfter);
  return withoutStack(() => new LimitError({ limit, retryAfter, cause }, call.target, call.config));
}
