/** One attempt through axios' fetch adapter: a wrapper around the platform's fetch sees the headers and every chunk of the body. */
import axios, { AxiosError, type AxiosHeaders, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import { now } from '../../clock';
import { define } from '../../util/define';
import { discard } from '../../util/discard';
import { isOurChoice, supports } from '../adapter';
import { addedHeaders } from '../added-headers';
import { type Changes, runAdapter, type Transport } from '../run-adapter';
import { watchBody } from './body';
import { watchTimings } from './resource-timing';
import { isSentAtOnce, waitingBound } from './waiting';
import { Watch } from './watched-body';

/** The key under which the attempt travels in `fetchOptions`. axios keeps every fetch it is ever given, so all attempts share one. */
const KEY = 'breakwater';

type Fetch = typeof globalThis.fetch;
type Init = RequestInit & { [KEY]?: Watch };

/**
 * Makes Requests that the attempt can abort. If axios were given the signal, it would chain another to it and wrap every stream; and a
 * signal passed beside a Request costs more than one inside it.
 */
function AbortableRequest(input: RequestInfo | URL, init?: Init): Request {
  const watch = init?.[KEY];
  return new Request(input, watch ? Object.assign(init, { signal: watch.attempt.signal }) : init);
}

/** If the user named no adapter, axios would use XHR: makes fetch send what XHR would. */
function asByXhr({ url, method, data, headers, withCredentials }: InternalAxiosRequestConfig, added: AxiosRequestConfig): object {
  const sent = new axios.AxiosHeaders((added.headers ?? headers) as AxiosHeaders);
  sent.set('User-Agent', null, false); // axios sets it for fetch, and where a browser sends it, other origins get a preflight
  if (data === undefined) sent.setContentType(null);
  return {
    ...added,
    url: url && String(url), // a URL, or a Location
    headers: sent,
    data: (!/^(get|head)$/i.test(`${method}`) && data) || undefined,
    withCredentials: withCredentials || undefined, // 'same-origin' and not 'omit'
    maxRedirects: undefined, // XHR follows all redirects; an opaque response would pass for a success
  };
}

export const fetchHandler: Transport = (call) => {
  const { attempt, config } = call;
  const isForXhr = isOurChoice(config) && supports('xhr'); // in a service worker axios itself uses fetch
  const isPlain = config.env?.Request === undefined && typeof Request === 'function';
  const env = { ...config.env, fetch: watchedFetch };
  if (isPlain) {
    AbortableRequest.prototype = Request.prototype; // axios feature-detects on it
    env.Request = AbortableRequest as unknown as typeof Request;
  }
  attempt.hops = 1;
  attempt.handedOver = false;
  attempt.clock.enter('waiting', waitingBound(attempt.limits, config));
  const added = addedHeaders(call);
  const watch = new Watch(attempt, config, isForXhr);
  const changes: Changes = {
    env,
    fetchOptions: { ...config.fetchOptions, [KEY]: watch },
    ...(isPlain && { signal: undefined }),
  };
  const adapter = axios.getAdapter('fetch', { env } as object);
  return runAdapter(adapter, call, changes, isForXhr ? asByXhr(config, added) : added).catch((error) => {
    if (!watch.isCut) throw error;
    // As axios reports a failed fetch. It does not know the words for a body: a Blob that was cut off is an AbortError in Firefox.
    const failure = new AxiosError('Network Error', AxiosError.ERR_NETWORK, config, attempt.request);
    define(failure, 'cause', new TypeError('Failed to fetch'));
    throw failure;
  });
};

async function watchedFetch(input: URL | Request | string, init?: Init): Promise<Response> {
  const options = init as Init; // axios made the object for this request; it has no prototype
  const watch = options[KEY] as Watch;
  const { attempt, config } = watch;
  delete options[KEY];
  const fetch = (config.env?.fetch ?? globalThis.fetch) as Fetch; // the user's own, if there is one
  const isRequest = typeof input === 'object' && 'url' in input;
  if (isRequest) attempt.request = input;
  const isUpload = !isSentAtOnce(config.data);
  const read = watchTimings(attempt, { url: isRequest ? input.url : String(input), by: 'fetch', isUpload });
  attempt.handedOver = !(isUpload && options.keepalive && supports('xhr')); // of which browsers, but not Node, take no more than that
  // Without options of the user's, axios passes none beside a Request; zone.js would take an explicit undefined for an object.
  const pending = config.fetchOptions != null || !isRequest ? fetch(input, options) : fetch(input);
  const begun = now();
  const response = await pending;
  if (attempt.aborted) {
    discard(response.body); // a custom fetch ignored the signal; nobody waits for the response any more
    return response;
  }
  attempt.status = response.status;
  attempt.headers = response.headers;
  if (response.redirected) attempt.hops = 2; // or more, which nobody is told
  attempt.clock.enter('body');
  watchBody(response, watch, () => read(begun));
  return response;
}
