/** One attempt through axios' fetch adapter: headers and each chunk of the body are seen by a fetch wrapped round the platform's. */
import axios, { type AxiosHeaders, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import type { Handler } from '../../call';
import type { Attempt } from '../../call/attempt';
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

/** Of a class, since axios copies what is plain. */
class Watch {
  readonly attempt: Attempt;
  readonly config: InternalAxiosRequestConfig;
  readonly isForXhr: boolean;
  constructor(attempt: Attempt, config: InternalAxiosRequestConfig, isForXhr: boolean) {
    this.attempt = attempt;
    this.config = config;
    this.isForXhr = isForXhr;
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
  const { attempt, config, isForXhr } = options[KEY] as Watch;
  delete options[KEY];
  const fetch = (config.env?.fetch ?? globalThis.fetch) as Fetch; // the user's own, if there is one
  const isRequest = typeof input === 'object' && 'url' in input;
  const isUpload = !isSentAtOnce(config.data);
  const read = watchTimings(attempt, { url: isRequest ? input.url : String(input), by: 'fetch', isUpload });
  attempt.handedOver = true;
  // Where the user gave no options, axios gives none beside a Request; to zone.js an undefined that is passed is an object.
  const pending = config.fetchOptions != null || !isRequest ? fetch(input, options) : fetch(input);
  const begun = now();
  const response = await pending;
  if (attempt.aborted) {
    discard(response.body); // a fetch of the user's heeded no signal: nobody waits for the answer any more
    return response;
  }
  attempt.status = response.status;
  attempt.clock.enter('body');
  const { responseType, onDownloadProgress, maxContentLength } = config;
  const isRemade = !!onDownloadProgress || maxContentLength !== -1; // axios makes a Response of its own of it
  const isStream = /^stream$/i.test(String(responseType));
  return watchBody(response, attempt, () => read(begun), {
    isStream,
    // Whether axios may take it as a stream; when it does depends on much, so it may take it by a method all the same.
    isStreamed: isRemade || isStream || /^response$/i.test(String(responseType)),
    isRemade,
    isForXhr,
    most: typeof maxContentLength === 'number' && maxContentLength > -1 ? maxContentLength : Infinity,
  });
}
