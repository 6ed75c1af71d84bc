/**
 * The user's own abort, by `signal` or `cancelToken`: the call ends at once, even inside a hung interceptor or an adapter that ignores the
 * signal. The CanceledError travels back through axios, whose interceptors may handle it, unless one of them is holding the call up.
 */
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Call, Policy } from '../call';
import { bodyOf, canceled, isTimeout } from '../errors';
import { type Aborters, onAbort } from '../util/aborting';
import { endOpen, whenRead } from '../util/discard';

/** Far more turns of the microtask queue than axios takes to tell its interceptors of an abort, or of a response. */
const TURNS = 100;

/** Microtasks, since those a caller's fake timers leave alone. */
async function axiosTurns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await undefined;
}

/** Calls whose adapter is running. */
const atWork = new WeakSet<Call>();

/** Above axios: the caller's own signal or token. */
export const cancellation: Policy = (next) => (call) => {
  const { signal, cancelToken } = call.request;
  if (!signal && !cancelToken) return next(call);
  const early = signal?.aborted ? canceled(call.reportedConfig) : cancelToken?.reason;
  if (early) {
    call.end(early); // axios still runs its interceptors, but sends nothing
    return next(call);
  }
  return new Promise((resolve, reject) => {
    let body: unknown;
    const release = onAbort(call.request, (reason = canceledBy(call)) => {
      const isAtWork = atWork.has(call);
      call.end(reason);
      endOpen(body, reason, call.attempt?.request);
      if (!isAtWork) axiosTurns().then(() => reject(reason)); // if an interceptor holds the call up
    });
    // Not after an abort by an interceptor's signal: the caller still waits for what axios makes of it, and may abort that.
    call.onEnd(() => {
      if (isTimeout(call.ended)) release();
    });
    // The user can still abort a stream that was handed out, also while its last bytes are here but not read.
    const answer = next(call);
    answer.then(resolve, reject);
    bodyIn(answer)
      .then((given) => {
        body = given;
        call.whenOver(() => whenRead(body, release));
      })
      .catch(release);
  });
};

/** Below axios: a signal or token that an interceptor added. Whatever ends the call from above ends it here too. */
export const cancellationBelow: Policy = (next) => (call) => {
  const { signal, cancelToken } = call.request;
  const brought = broughtTo(call);
  if (!signal && !cancelToken && !brought) return next(call);
  if (brought?.signal?.aborted) call.end(reasonOf(brought, call));
  if (call.ended) return Promise.reject(call.ended);
  return new Promise((resolve, reject) => {
    atWork.add(call);
    let body: unknown;
    const release =
      brought &&
      onAbort(brought, (reason = reasonOf(brought, call)) => {
        call.end(reason);
        if (isTimeout(reason)) call.observer.timedOut(call, call.attempt, reason);
        endOpen(body, reason, call.attempt?.request);
      });
    call.onEnd(() => {
      release?.();
      reject(call.ended);
      queueMicrotask(() => atWork.delete(call)); // later: the caller's own signal may have caused this abort, and fires next
    });
    if (call.ended) return;
    const answer = next(call);
    answer.then(resolve, reject);
    bodyIn(answer)
      .then((given) => {
        body = given;
        if (release) call.whenOver(() => whenRead(body, release));
      })
      .catch(() => release?.()) // the response may be an object that throws when read
      .then(() => atWork.delete(call));
  });
};

/** The body of a response, or of the response that an error carries. Interceptors may have made anything of them. */
const bodyIn = (answer: Promise<AxiosResponse | undefined>): Promise<unknown> => answer.then((response) => response?.data, bodyOf);

function broughtTo({ request, config }: Call): Aborters | undefined {
  const given = config as InternalAxiosRequestConfig; // axios has built it by now
  const signal = given.signal === request.signal ? undefined : given.signal;
  const cancelToken = given.cancelToken === request.cancelToken ? undefined : given.cancelToken;
  return signal || cancelToken ? { signal, cancelToken } : undefined;
}

/** A client that is protected again aborts the outer one's work when a limit of its own runs out: that was nobody's abort. */
function reasonOf({ signal }: Aborters, call: Call): unknown {
  const { reason } = (signal ?? {}) as { reason?: unknown };
  return isTimeout(reason) ? reason : canceledBy(call);
}

const canceledBy = (call: Call): unknown => canceled(call.reportedConfig, call.attempt?.request);
