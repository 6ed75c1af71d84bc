/**
 * The user's own abort, by `signal` or `cancelToken`: the caller gets axios' CanceledError at once, even from inside a hung interceptor
 * or an adapter that ignores the signal. One listener a call, taken off when the call ends, so a signal shared by many retains nothing.
 */
import type { CancelToken } from 'axios';
import type { Policy } from '../call';
import { canceled } from '../errors';

/** What axios' CancelToken has and its types do not say. */
type Subscribable = CancelToken & {
  subscribe(listener: (reason: unknown) => void): void;
  unsubscribe(listener: (reason: unknown) => void): void;
};

export const cancellation: Policy = (next) => (call) => {
  const { signal } = call.request;
  const token = call.request.cancelToken as Subscribable | undefined;
  if (!signal && !token) return next(call);
  if (signal?.aborted) return Promise.reject(canceled(call.config));

  return new Promise((resolve, reject) => {
    const cancel = (reason: unknown): void => {
      release();
      reject(reason);
      call.end(reason);
    };
    const onAbort = (): void => cancel(canceled(call.config));
    const release = (): void => {
      signal?.removeEventListener?.('abort', onAbort);
      token?.unsubscribe(cancel);
    };
    signal?.addEventListener?.('abort', onAbort);
    token?.subscribe(cancel);
    if (call.ended) return;
    // A stream that was handed out is still the user's to abort.
    const done = (): void => call.whenOver(release);
    next(call).then(resolve, reject).then(done);
  });
};
