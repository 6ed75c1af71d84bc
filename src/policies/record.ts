/** Reports the call when the caller has its answer, whatever that is. */
import type { Policy } from '../call';
import { isCanceled, isLocal, isTimeout } from '../errors';

export const record: Policy = (next) => (call) =>
  next(call).then(
    (response) => {
      // What the interceptors made of the response may be anything; the status is the attempt's.
      call.observer.callEnded(call, { outcome: 'success', elapsed: call.elapsed, error: undefined, status: call.attempt?.status });
      return response;
    },
    (error) => {
      const status: number | undefined = error?.response?.status;
      const outcome = isTimeout(error)
        ? 'timeout'
        : isCanceled(error)
          ? 'canceled'
          : isLocal(error)
            ? 'refused'
            : status === undefined
              ? 'error'
              : 'http-error';
      call.observer.callEnded(call, { outcome, elapsed: call.elapsed, error, status });
      throw error;
    },
  );
