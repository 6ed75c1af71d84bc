/** One attempt through axios' fetch adapter: headers and each chunk of the body are seen by a fetch wrapped round the platform's. */
import axios, { type InternalAxiosRequestConfig } from 'axios';
import type { Attempt, Handler } from '../../call';
import { now } from '../../clock';
import { runAdapter } from '../adapter';
import { type ReadTimings, watchTimings } from './resource-timing';
import { isSentAtOnce, waitingBound } from './waiting';

/** The key under which the attempt travels in `fetchOptions`: axios keeps every fetch it was ever given, so there can only be one. */
const KEY = 'breakwater';

type Fetch = typeof globalThis.fetch;

class Watch {
  readonly attempt: Attempt;
  readonly fetch: Fetch;
  readonly isUpload: boolean;
  constructor(attempt: Attempt, fetch: Fetch, isUpload: boolean) {
    this.attempt = attempt;
    this.fetch = fetch;
    this.isUpload = isUpload;
  }
}

export const fetchHandler: Handler = (call) => {
  const attempt = call.attempt as Attempt;
  const config = call.config as InternalAxiosRequestConfig;
  const platform: Fetch = config.env?.fetch ?? ((input, init) => globalThis.fetch(input, init));
  attempt.hops = 1;
  attempt.clock.enter('waiting', waitingBound(attempt.limits, config));
  return runAdapter(axios.getAdapter('fetch', { env: { ...config.env, fetch: watchedFetch } } as object), call, attempt, {
    env: { ...config.env, fetch: watchedFetch },
    fetchOptions: { ...config.fetchOptions, [KEY]: new Watch(attempt, platform, !isSentAtOnce(config.data)) },
  });
};

async function watchedFetch(input: URL | Request | string, init?: RequestInit): Promise<Response> {
  const { [KEY]: watch, ...rest } = init as RequestInit & { [KEY]: Watch };
  const { attempt, fetch, isUpload } = watch;
  const read = watchTimings(attempt, { url: input instanceof Request ? input.url : String(input), by: 'fetch', isUpload });
  const pending = fetch(input, rest);
  const begun = now();
  const response = await pending;
  attempt.status = response.status;
  attempt.clock.enter('body');
  if (!response.body) {
    attempt.clock.stop(read(begun));
    return response;
  }
  const { status, statusText, headers } = response;
  return new Response(
    watched(response.body, attempt, () => read(begun)),
    { status, statusText, headers },
  );
}

/** The body, chunk by chunk as it is asked for: while nobody asks, the silence is the consumer's. */
function watched(body: ReadableStream<Uint8Array>, attempt: Attempt, measured: ReadTimings): ReadableStream<Uint8Array> {
  const { clock } = attempt;
  const reader = body.getReader();
  attempt.bodyOpen = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        clock.pause(); // until somebody asks
        attempt.onAbort((reason) => {
          controller.error(reason);
          reader.cancel(reason).catch(() => {});
        });
      },
      async pull(controller) {
        clock.resume();
        try {
          const { done, value } = await reader.read();
          if (done) {
            clock.stop(measured());
            attempt.bodyEnded();
            controller.close();
            return;
          }
          clock.progress();
          clock.pause();
          controller.enqueue(value);
        } catch (error) {
          attempt.bodyEnded(error);
          controller.error(error);
        }
      },
      cancel(reason) {
        attempt.bodyEnded(null);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
