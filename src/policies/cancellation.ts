/**
 * The user's own abort, by `signal` or `cancelToken`: the caller gets axios' CanceledError at once, even from inside a hung interceptor
 * or an adapter that ignores the signal. However many calls share a signal, it has one listener, and none when they are over.
 */
import type { CancelToken, GenericAbortSignal } from 'axios';
import type { Call, Policy } from '../call';
import { canceled, isTimeout } from '../errors';

/** What axios' CancelToken has and its types do not say. */
type Subscribable = CancelToken & Record<'subscribe' | 'unsubscribe', (listener: (reason: unknown) => void) => void>;

export const cancellation: Policy = (next) => (call) => {
  const { signal, token } = aborters(call);
  if (!signal && !token) return next(call);
  if (signal?.aborted) return Promise.reject(canceled(call.reportedConfig));

  const isCallers = call.config === undefined;
  return new Promise((resolve, reject) => {
    const cancel = (reason: unknown): void => {
      release();
      reject(reason);
      call.end(reason);
    };
    const unlisten = signal && listen(signal, () => cancel(canceled(call.reportedConfig, call.attempt?.request)));
    const release = (): void => {
      unlisten?.();
      token?.unsubscribe(cancel);
    };
    token?.subscribe(cancel);
    if (call.ended) return;
    // After an abort that an interceptor brought, the caller still waits for what axios makes of it, and may abort that.
    call.onEnd(() => {
      if (!isCallers || isTimeout(call.ended)) release();
    });
    // A stream that was handed out is still the user's to abort.
    next(call)
      .then(resolve, reject)
      .then(() => call.whenOver(release));
  });
};

/** What may abort the call here: the caller's, and below axios only what an interceptor brought. */
function aborters({ request, config }: Call): { signal: GenericAbortSignal | undefined; token: Subscribable | undefined } {
  const { signal, cancelToken } = config ?? request;
  return {
    signal: config && signal === request.signal ? undefined : signal,
    token: (config && cancelToken === request.cancelToken ? undefined : cancelToken) as Subscribable | undefined,
  };
}

/** The calls that wait for each signal, and the listener they share. */
const waiting = new WeakMap<GenericAbortSignal, { runs: Set<() => void>; abortAll: () => void }>();

/** Runs when the signal aborts. Returns what stops listening. */
function listen(signal: GenericAbortSignal, run: () => void): () => void {
  const { runs, abortAll } = waiting.get(signal) ?? share(signal);
  if (runs.size === 0) signal.addEventListener?.('abort', abortAll);
  runs.add(run);
  return () => {
    if (runs.delete(run) && runs.size === 0) signal.removeEventListener?.('abort', abortAll);
  };
}

function share(signal: GenericAbortSignal): { runs: Set<() => void>; abortAll: () => void } {
  const runs = new Set<() => void>();
  const shared = {
    runs,
    abortAll: () => {
      for (const run of [...runs]) run();
    },
  };
  waiting.set(signal, shared);
  return shared;
}
