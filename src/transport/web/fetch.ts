/** One attempt through axios' fetch adapter: headers and each chunk of the body are seen by a fetch wrapped round the platform's. */
import axios, { type AxiosHeaders, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import type { Attempt, Handler } from '../../call';
import { now } from '../../clock';
import { discard } from '../../util/discard';
import { type Changes, isOurChoice, runAdapter, supports } from '../adapter';
import { addedHeaders } from '../added-headers';
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
  /** Whether axios may take the body as a stream; when it does depends on much, so it may take it by a method all the same. */
  readonly isStreamed: boolean;
  readonly isForXhr: boolean;
  readonly most: number;
  constructor(attempt: Attempt, config: InternalAxiosRequestConfig, isForXhr: boolean) {
    this.attempt = attempt;
    this.fetch = (config.env?.fetch ?? undefined) as Fetch | undefined;
    this.isUpload = !isSentAtOnce(config.data);
    this.hasOptions = config.fetchOptions != null;
    this.isForXhr = isForXhr;
    const { responseType, onDownloadProgress, maxContentLength } = config;
    this.most = typeof maxContentLength === 'number' && maxContentLength > -1 ? maxContentLength : Infinity;
    this.isStreamed = /^(stream|response)$/i.test(String(responseType)) || !!onDownloadProgress || maxContentLength !== -1;
  }
}

/**
 * Makes Requests that the attempt can abort. Given the signal itself axios would chain another to it, and wrap every stream; and a signal
 * beside a Request costs more than one in it.
 */
function AbortableRequest(input: RequestInfo | URL, init?: Init): Request {
  const watch = init?.[KEY];
  return new Request(input, watch ? Object.assign(init, { signal: watch.attempt.signal }) : init);
}

/** Where the user named no adapter axios takes XHR: what makes fetch send what that sends. */
function asByXhr({ url, method, data, headers, withCredentials }: InternalAxiosRequestConfig, added: AxiosRequestConfig): object {
  const sent = new axios.AxiosHeaders((added.headers ?? headers) as AxiosHeaders);
  sent.set('User-Agent', null, false); // axios names itself to fetch, and where a browser sends that, other origins are asked for leave first
  if (data === undefined) sent.setContentType(null);
  return {
    ...added,
    url: url && String(url), // a URL, or a Location
    headers: sent,
    data: (!/^(get|head)$/i.test(`${method}`) && data) || undefined,
    withCredentials: withCredentials || undefined, // 'same-origin' and not 'omit'
    maxRedirects: undefined, // XHR follows them all; an answer that is not to be seen would pass for a success
  };
}

export const fetchHandler: Handler = (call) => {
  const attempt = call.attempt as Attempt;
  const config = call.config as InternalAxiosRequestConfig;
  const isForXhr = isOurChoice(config) && supports('xhr'); // in a service worker axios takes fetch itself
  const isPlain = config.env?.Request === undefined && typeof Request === 'function';
  if (isPlain) AbortableRequest.prototype = Request.prototype; // axios asks it what it can do
  const env = isPlain
    ? { ...config.env, fetch: watchedFetch, Request: AbortableRequest as unknown as typeof Request }
    : { ...config.env, fetch: watchedFetch };
  attempt.hops = 1;
  attempt.handedOver = false;
  attempt.clock.enter('waiting', waitingBound(attempt.limits, config));
  const added = addedHeaders(call, config);
  const changes: Changes = {
    env,
    fetchOptions: { ...config.fetchOptions, [KEY]: new Watch(attempt, config, isForXhr) },
    ...(isPlain && { signal: undefined }),
  };
  return runAdapter(axios.getAdapter('fetch', { env } as object), call, attempt, changes, isForXhr ? asByXhr(config, added) : added);
};

async function watchedFetch(input: URL | Request | string, init?: Init): Promise<Response> {
  const options = init as Init; // an object that axios made for this request; it has no prototype
  const watch = options[KEY] as Watch;
  const { attempt, fetch = globalThis.fetch, isUpload, hasOptions } = watch;
  delete options[KEY];
  const isRequest = typeof input === 'object' && 'url' in input;
  const read = watchTimings(attempt, { url: isRequest ? input.url : String(input), by: 'fetch', isUpload });
  attempt.handedOver = true;
  // Where the user gave no options, axios gives none beside a Request; to zone.js an undefined that is passed is an object.
  const pending = hasOptions || !isRequest ? fetch(input, options) : fetch(input);
  const begun = now();
  const response = await pending;
  if (attempt.aborted) {
    discard(response.body); // a fetch of the user's heeded no signal: nobody waits for the answer any more
    return response;
  }
  attempt.status = response.status;
  attempt.clock.enter('body');
  return watchBody(response, attempt, () => read(begun), watch);
}
