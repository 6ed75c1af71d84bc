/** One attempt through axios' XHR adapter, for upload progress and for those who ask for it. Its phases are marked by progress events. */
import axios, { type AxiosError, type AxiosProgressEvent, type InternalAxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call/attempt';
import { codeOf } from '../../errors';
import { runAdapter, type Transport } from '../run-adapter';
import { watchTimings } from './resource-timing';
import { isSentAtOnce, waitingBound } from './waiting';

export const xhrHandler: Transport = async (call) => {
  const { attempt, config } = call;
  const { clock } = attempt;
  attempt.hops = 1;
  clock.enter('waiting', waitingBound(attempt.limits, config));

  const { onUploadProgress, onDownloadProgress, validateStatus } = config;
  let thrown: { error: unknown } | undefined;
  const url = urlOf(config);
  const read = watchTimings(attempt, { url, by: 'xmlhttprequest', isUpload: !isSentAtOnce(config.data) });
  const answer = runAdapter(axios.getAdapter('xhr'), call, {
    // An upload listener makes a cross-origin request preflight, so there is one only if the user listens anyway.
    ...(onUploadProgress && {
      onUploadProgress: (event: AxiosProgressEvent) => {
        markUpload(event, attempt);
        onUploadProgress(event);
      },
    }),
    onDownloadProgress: (event: AxiosProgressEvent) => {
      markDownload(event, attempt);
      onDownloadProgress?.(event);
    },
    // axios calls this in an event listener: an error thrown there would be lost, and the call would hang despite its response.
    ...(validateStatus && {
      validateStatus: (status: number) => {
        attempt.status = status;
        attempt.isWhole = true;
        try {
          return validateStatus(status);
        } catch (error) {
          thrown = { error };
          return false;
        }
      },
    }),
  });
  const failed = (error: unknown): never => {
    const from = (error as AxiosError | undefined)?.request?.responseURL;
    if (from && url && from !== url.split('#')[0]) attempt.hops = 2;
    // All that axios says of a request has a code in words; what `open` or `setRequestHeader` refuse has not.
    if (!codeOf(error) && attempt.status === undefined) attempt.handedOver = false;
    throw thrown ? thrown.error : error;
  };
  return answer.catch(failed).finally(() => clock.stop(read()));
};

/** The URL as Resource Timing names it. */
function urlOf(config: InternalAxiosRequestConfig): string {
  try {
    return new Request(axios.getUri(config)).url;
  } catch {
    return ''; // a URL with credentials in it, or no Request, as in Jest's jsdom
  }
}

/** Upload progress means that there is a connection; the last byte, that the response is due. */
function markUpload({ loaded, total }: AxiosProgressEvent, { clock }: Attempt): void {
  if (clock.phase === 'waiting') clock.enter('send');
  if (clock.phase === 'send' && total !== undefined && loaded >= total) clock.enter('response');
}

/** axios throttles progress events to three a second, and tells the last one late; the XMLHttpRequest, once known, reports all in time. */
function markDownload({ event }: AxiosProgressEvent, attempt: Attempt): void {
  const { clock } = attempt;
  const request = (event as ProgressEvent<XMLHttpRequest> | undefined)?.target;
  if (clock.phase !== 'body') {
    clock.enter('body');
    attempt.status = request?.status;
    attempt.request = request;
    request?.addEventListener('progress', () => clock.progress());
  } else if (!request) clock.progress();
}
