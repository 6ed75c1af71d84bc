/**
 * What a caller aborts by: a signal, or axios' CancelToken. However many calls wait for a signal, it has one listener, and none when they are
 * over.
 */
import type { AxiosRequestConfig, CancelToken, GenericAbortSignal } from 'axios';

export type Aborters = { [K in 'signal' | 'cancelToken']?: AxiosRequestConfig[K] | undefined };

/** What axios' CancelToken has and its types do not say. Its promise would keep a listener for as long as the token lives. */
type Subscribable = CancelToken & Record<'subscribe' | 'unsubscribe', (listener: (reason: unknown) => void) => void>;

export const isAborted = ({ signal, cancelToken }: Aborters): boolean => Boolean(signal?.aborted || cancelToken?.reason);

/** Hears of an abort, once, and of its reason where that is axios' error. Returns what stops listening. */
export function onAbort({ signal, cancelToken }: Aborters, abort: (reason?: unknown) => void): () => void {
  const token = cancelToken as Subscribable | undefined;
  const cancel = (reason?: unknown): void => {
    release();
    abort(reason);
  };
  const unlisten = signal && listen(signal, () => cancel());
  const release = (): void => {
    unlisten?.();
    token?.unsubscribe(cancel);
  };
  token?.subscribe(cancel);
  return release;
}

/** Who waits for each signal, and the listener they share. */
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
