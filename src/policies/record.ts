/** Reports the call when it settles, however it does. */
import type { AxiosResponse } from 'axios';
import type { Call, Policy } from '../call';
import { restoreIn } from '../call/outer';
import { answerOf, isCanceled, isLocal, isTimeout } from '../errors';
import { tellCaller } from '../errors/caller';
import { contain } from '../util/complain';
import type { Outcome } from '../words';

export const record: Policy = (next) => {
  /** Async, like all functions an error passes from here to the caller, so that its stack can say where the call was made. */
  const recorded = async (call: Call): Promise<AxiosResponse> => {
    let response: AxiosResponse;
    try {
      response = await next(call);
    } catch (error) {
      contain(restoreIn, error, call);
      contain(failed, call, error);
      contain(tellCaller, error, recorded);
      throw error;
    }
    contain(succeeded, call);
    return response;
  };
  return recorded;
};

/** The status is the attempt's: interceptors may have made anything of the response. */
const succeeded = (call: Call): void =>
  call.observer.callEnded(call, { outcome: 'success', elapsed: call.elapsed, error: undefined, status: call.attempt?.status });

function failed(call: Call, error: unknown): void {
  const answered = answerOf(error)?.status;
  const outcome = outcomeOf(call, error, answered);
  // If the body broke off, only the attempt has the status. A refusal on this side is about no response.
  const status = answered ?? (outcome === 'refused' ? undefined : call.attempt?.status);
  call.observer.callEnded(call, { outcome, elapsed: call.elapsed, error, status });
}

function outcomeOf({ ended }: Call, error: unknown, status: number | undefined): Outcome {
  if (isTimeout(error)) return 'timeout';
  if (isCanceled(error) || isCanceled(ended)) return 'canceled'; // even if an interceptor made another error of it
  if (isLocal(error)) return 'refused';
  return status === undefined ? 'error' : 'http-error';
}
