/** One attempt through axios' fetch adapter: headers and each chunk of the body are seen by a fetch wrapped round the platform's. */
import axios, { type InternalAxiosRequestConfig } from 'axios';
import type { Attempt, Handler } from '../../call';
import { now } from '../../clock';
import { runAdapter } from '../adapter';
import { watchBody } from './body';
import { watchTimings } from './resource-timing';
import { isSentAtOnce, waitingBound } from './waiting';

/** The key under which the attempt travels in `fetchOptions`: axios keeps every fetch it was ever given, so there can only be one. */
const KEY = 'breakwater';

type Fetch = typeof globalThis.fetch;
type Init = RequestInit & { [KEY]?: Watch };

class Watch {
  readonly attempt: Attempt;
  /** The user's own, if there is one. */
  readonly fetch: Fetch | undefined;
  readonly isUpload: boolean;
  readonly hasOptions: boolean;
  /** Whether axios takes the body as a stream. */
  readonly isStreamed: boolean;
  constructor(attempt: Attempt, config: InternalAxiosRequestConfig) {
    this.attempt = attempt;
    this.fetch = config.env?.fetch as Fetch | undefined;
    this.isUpload = !isSentAtOnce(config.data);
    this.hasOptions = config.fetchOptions != null;
    const { responseType, onDownloadProgress, maxContentLength } = config;
    const type = String(responseType).toLowerCase();
    // 'response' is text to axios, which takes it from a stream where there is a signal.
    this.isStreamed = type === 'stream' || (type === 'response' && !!this.fetch) || !!onDownloadProgress || Number(maxContentLength) > -1;
  }

  /** `init` is an object that axios made for this request, and has no prototype. */
  send(input: URL | Request | string, init: Init): Promise<Response> {
    delete init[KEY];
    const { fetch } = this;
    if (!fetch) return globalThis.fetch(input, Object.assign(init, { signal: this.attempt.signal }));
    // Where the user gave no options, axios gives none beside a Request.
    return fetch(input, this.hasOptions || !(input instanceof Request) ? init : undefined);
  }
}

export const fetchHandler: Handler = (call) => {
  const attempt = call.attempt as Attempt;
  const config = call.config as InternalAxiosRequestConfig;
  const env = { ...config.env, fetch: watchedFetch };
  attempt.hops = 1;
  attempt.clock.enter('waiting', waitingBound(attempt.limits, config));
  const watch = new Watch(attempt, config);
  return runAdapter(axios.getAdapter('fetch', { env } as object), call, attempt, {
    env,
    fetchOptions: { ...config.fetchOptions, [KEY]: watch },
    // The platform's fetch takes the signal from us: axios would chain another to it, and wrap every stream. The user's has it in the Request.
    ...(!watch.fetch && { signal: undefined }),
  });
};

async function watchedFetch(input: URL | Request | string, init?: Init): Promise<Response> {
  const { [KEY]: watch } = init as Init & { [KEY]: Watch };
  const { attempt, isUpload } = watch;
  const read = watchTimings(attempt, { url: input instanceof Request ? input.url : String(input), by: 'fetch', isUpload });
  const pending = watch.send(input, init as Init);
  const begun = now();
  const response = await pending;
  attempt.status = response.status;
  attempt.clock.enter('body');
  return watchBody(response, attempt, () => read(begun), watch.isStreamed);
}
