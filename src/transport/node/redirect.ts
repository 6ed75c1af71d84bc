/**
 * The first hop without follow-redirects, which costs every request a fifth and is of use to those alone that are redirected. One that is
 * goes through axios' adapter once more, this time with follow-redirects, whose first request is given the answer that is already there:
 * so what happens then is axios' own doing.
 */
import { channel } from 'node:diagnostics_channel';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { format } from 'node:url';
import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';

/** Whether the adapter may be run twice: the body, if any, is there as a whole, and nobody but Node would see a request too many. */
export function canRunTwice({
  data,
  maxRedirects,
  onUploadProgress,
  maxRate,
  socketPath,
  transport,
  sensitiveHeaders,
}: InternalAxiosRequestConfig & { transport?: unknown }): boolean {
  const isWhole =
    data === undefined || data === null || typeof data === 'string' || data instanceof Uint8Array || data instanceof ArrayBuffer;
  // axios checks these for follow-redirects alone, and refuses what is no list before it sends anything.
  const isList = sensitiveHeaders === undefined || sensitiveHeaders === null || isStrings(sensitiveHeaders);
  return isWhole && isList && maxRedirects !== 0 && !onUploadProgress && !maxRate && !socketPath && !transport && isNodes();
}

const isStrings = (list: unknown): boolean => Array.isArray(list) && list.every((entry) => typeof entry === 'string');

let known = { http: undefined as unknown, https: undefined as unknown, nodes: false };

/** Where tracers hear of each request that is made (Node 22 and later), sent or not. */
const CREATED = channel('http.client.request.created');

/**
 * Whether `request` is Node's own, and nobody listens: a mock (nock, msw) would answer twice, and a tracer wait for the end of a request that
 * is never sent.
 */
function isNodes(): boolean {
  if (CREATED.hasSubscribers) return false;
  if (known.http !== http.request || known.https !== https.request) {
    known = { http: http.request, https: https.request, nodes: [http.request, https.request].every(isWrittenByNode) };
  }
  return known.nodes;
}

const isWrittenByNode = (request: unknown): boolean =>
  /^function request\(.*\bClientRequest\b/s.test(Function.prototype.toString.call(request));

type OnResponse = (response: IncomingMessage) => void;

/** A transport for axios that makes one hop. */
export function firstHop(redirected: OnResponse): NonNullable<AxiosRequestConfig['transport']> {
  return {
    request(options: RequestOptions, onResponse: OnResponse): ClientRequest {
      const req = (options.protocol === 'https:' ? https : http).request(options, (response) => {
        if (isRedirect(response)) {
          followed.add(response);
          return redirected(response);
        }
        // What follow-redirects tells of an answer.
        Object.assign(response, { responseUrl: urlOf(options), redirects: [] });
        onResponse(response);
      });
      return Object.assign(req, { _redirectable: new Unredirected(req, options) });
    },
  };
}

/** What programs read of follow-redirects' own request, in `response.request._redirectable` and in `error.request`. */
class Unredirected {
  readonly _redirectCount = 0;
  readonly _redirects: unknown[] = [];
  readonly _ended = true;
  readonly _currentRequest: ClientRequest;
  readonly _options: RequestOptions;

  constructor(request: ClientRequest, options: RequestOptions) {
    this._currentRequest = request;
    this._options = options;
  }

  get _currentUrl(): string {
    return urlOf(this._options);
  }
}

/** Makes of the request of a failure what axios gives then: follow-redirects' own. After an answer it is Node's in any case. */
export function tellRequest(error: unknown): void {
  const { request } = error as { request?: ClientRequest & { _redirectable?: unknown; res?: unknown } };
  const facts = request?._redirectable;
  if (facts instanceof Unredirected && !request?.res) Object.assign(request as object, facts, { _currentUrl: facts._currentUrl });
}

const followed = new WeakSet<IncomingMessage>();

/** Whether an answer is not the last: its body is of no interest. */
export const isFollowed = (response: IncomingMessage): boolean => followed.has(response);

const isRedirect = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  statusCode >= 300 && statusCode < 400 && Boolean(headers.location);

/** As follow-redirects puts it; the short way where there is nothing to escape. */
function urlOf(options: RequestOptions): string {
  const { protocol, auth, hostname, port, path = '/' } = options;
  if (auth || hostname?.includes(':') || path?.includes('#') || !path?.startsWith('/')) {
    const [pathname, search] = splitPath(path ?? '/');
    return format({ ...options, pathname, search } as Parameters<typeof format>[0]);
  }
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${path}`;
}

function splitPath(path: string): [pathname: string, search: string] {
  const at = path.indexOf('?');
  return at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at)];
}

/** An answer that is there before its request is made: the first request that asks gets it. */
export class GivenAnswer {
  #response: IncomingMessage | undefined;

  constructor(response: IncomingMessage) {
    this.#response = response;
  }

  /** Whether there was one to give. */
  to(req: ClientRequest): boolean {
    const response = this.#response;
    if (!response) return false;
    this.#response = undefined;
    process.nextTick(() => req.emit('response', response));
    return true;
  }

  /** Lets go of it, and of its connection, where nobody asked. */
  drop(): void {
    this.#response?.destroy();
    this.#response = undefined;
  }
}
