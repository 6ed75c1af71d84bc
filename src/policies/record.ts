/** Reports the call when the caller has its answer, whatever that is. */
import type { AxiosResponse } from 'axios';
import type { Call, Policy } from '../call';
import { answerOf, isCanceled, isLocal, isTimeout } from '../errors';
import { tellCaller } from '../errors/caller';
import { contain } from '../util/complain';
import type { Outcome } from '../words';

export const record: Policy = (next) => {
  /** Async, as all are that an error passes on its way to the caller from here: its stack says where that is. */
  const recorded = async (call: Call): Promise<AxiosResponse> => {
    let response: AxiosResponse;
    try {
      response = await next(call);
    } catch (error) {
      contain(failed, call, error);
      contain(tellCaller, error, recorded);
      throw error;
    }
    contain(succeeded, call);
    return response;
  };
  return recorded;
};

/** What the interceptors made of the response may be anything; the status is the attempt's. */
const succeeded = (call: Call): void =>
  call.observer.callEnded(call, { outcome: 'success', elapsed: call.elapsed, error: undefined, status: call.attempt?.status });

function failed(call: Call, error: unknown): void {
  const status = answerOf(error)?.status;
  call.observer.callEnded(call, { outcome: outcomeOf(call, error, status), elapsed: call.elapsed, error, status });
}

function outcomeOf({ ended }: Call, error: unknown, status: number | undefined): Outcome {
  if (isTimeout(error)) return 'timeout';
  if (isCanceled(error) || isCanceled(ended)) return 'canceled'; // whatever interceptors make of an abort
  if (isLocal(error)) return 'refused';
  return status === undefined ? 'error' : 'http-error';
}
