/**
 * The user's own abort, by `signal` or `cancelToken`: the call ends at once, even from inside a hung interceptor or an adapter that ignores the
 * signal. From its adapter axios' CanceledError goes back through axios, whose interceptors may make something of it.
 */
import type { InternalAxiosRequestConfig } from 'axios';
import type { Call, Policy } from '../call';
import { canceled, isTimeout } from '../errors';
import { type Aborters, onAbort } from '../util/aborting';

/** Calls whose adapter is at work. */
const atWork = new WeakSet<Call>();

/** Above axios: what the caller aborts by. */
export const cancellation: Policy = (next) => (call) => {
  const { signal, cancelToken } = call.request;
  if (!signal && !cancelToken) return next(call);
  const early = signal?.aborted ? canceled(call.reportedConfig) : cancelToken?.reason;
  if (early) {
    call.end(early); // axios asks its interceptors all the same, and sends nothing
    return next(call);
  }
  return new Promise((resolve, reject) => {
    const release = onAbort(call.request, (reason = canceledBy(call)) => {
      const isAtWork = atWork.has(call);
      call.end(reason);
      if (!isAtWork) reject(reason);
    });
    // After an abort that an interceptor brought, the caller still waits for what axios makes of it, and may abort that.
    call.onEnd(() => {
      if (isTimeout(call.ended)) release();
    });
    // A stream that was handed out is still the user's to abort.
    next(call)
      .then(resolve, reject)
      .then(() => call.whenOver(release));
  });
};

/** Below axios: what an interceptor brought to abort by; and whatever ends the call from above ends it here. */
export const cancellationBelow: Policy = (next) => (call) => {
  const { signal, cancelToken } = call.request;
  const brought = broughtTo(call);
  if (!signal && !cancelToken && !brought) return next(call);
  if (brought?.signal?.aborted) call.end(canceled(call.reportedConfig));
  if (call.ended) return Promise.reject(call.ended);
  return new Promise((resolve, reject) => {
    atWork.add(call);
    const release = brought && onAbort(brought, (reason = canceledBy(call)) => call.end(reason));
    call.onEnd(() => {
      release?.();
      reject(call.ended);
      queueMicrotask(() => atWork.delete(call)); // what the caller aborts by may be what made that abort
    });
    if (call.ended) return;
    next(call)
      .then(resolve, reject)
      .then(() => {
        atWork.delete(call);
        call.whenOver(() => release?.());
      });
  });
};

function broughtTo({ request, config }: Call): Aborters | undefined {
  const given = config as InternalAxiosRequestConfig; // axios has made it
  const signal = given.signal === request.signal ? undefined : given.signal;
  const cancelToken = given.cancelToken === request.cancelToken ? undefined : given.cancelToken;
  return signal || cancelToken ? { signal, cancelToken } : undefined;
}

const canceledBy = (call: Call): unknown => canceled(call.reportedConfig, call.attempt?.request);
