/**
 * The ways a caller can abort: a signal, or axios' CancelToken. However many calls share a signal, it has one listener, which is removed
 * when they are over.
 */
import type { AxiosRequestConfig, CancelToken, GenericAbortSignal } from 'axios';

export type Aborters = { [K in 'signal' | 'cancelToken']?: AxiosRequestConfig[K] | undefined };

/** Methods of axios' CancelToken that its types omit. Its promise would keep a listener for as long as the token lives. */
type Subscribable = CancelToken & Record<'subscribe' | 'unsubscribe', (listener: (reason: unknown) => void) => void>;

export const isAborted = ({ signal, cancelToken }: Aborters): boolean => Boolean(signal?.aborted || cancelToken?.reason);

/** Calls `abort` once: with a CancelToken's error, or with no reason for a signal. Returns a function that stops listening. */
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

/** What to run for each signal, and the one listener that does. */
const waiting = new WeakMap<GenericAbortSignal, { runs: Set<() => void>; abortAll: () => void }>();

/** Runs `run` when the signal aborts. Returns a function that stops listening. */
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
