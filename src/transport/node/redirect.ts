/**
 * Leaves redirects to axios. A first request is made without follow-redirects, which makes every request a fifth more expensive but only
 * serves those that are redirected. If one is, it goes through axios' adapter with follow-redirects, whose first request is given the
 * response that has already arrived.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { format } from 'node:url';

/** What programs read from follow-redirects' request, by `response.request._redirectable` and `error.request`. */
export class Unredirected {
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
    return urlOf(this._currentRequest, this._options);
  }
}

/** Gives a failed request the properties of follow-redirects' own, which is what axios would report. */
export function tellRequest(request: ClientRequest & { _redirectable?: unknown }): void {
  const facts = request._redirectable;
  if (facts instanceof Unredirected) Object.assign(request, facts, { _currentUrl: facts._currentUrl });
}

/** Adds the properties that follow-redirects puts on a response. */
export const tellAnswer = (response: IncomingMessage, request: ClientRequest, options: RequestOptions): void =>
  void Object.assign(response, { responseUrl: urlOf(request, options), redirects: [] });

const followed = new WeakSet<IncomingMessage>();

/** Marks a response as a redirect that is being followed. */
export function follow(response: IncomingMessage): IncomingMessage {
  followed.add(response);
  return response;
}

/** Whether a response is a redirect being followed, whose body is of no interest. */
export const isFollowed = (response: IncomingMessage): boolean => followed.has(response);

export const isRedirect = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  statusCode >= 300 && statusCode < 400 && Boolean(headers.location);

/** The URL as follow-redirects formats it; the fast path has nothing to escape. A proxied request's path is the absolute URL already. */
function urlOf(request: ClientRequest, options: RequestOptions): string {
  if (!request.path.startsWith('/')) return request.path;
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

/** A response that arrived before its request is made: the first request to ask gets it. */
export class GivenAnswer {
  #response: IncomingMessage | undefined;

  constructor(response: IncomingMessage) {
    this.#response = response;
  }

  /** Gives the response to a request; false if it is gone. */
  to(req: ClientRequest): boolean {
    const response = this.#response;
    if (!response) return false;
    this.#response = undefined;
    process.nextTick(() => req.emit('response', response));
    return true;
  }

  /** Releases the response and its connection if no request asked for it. */
  drop(): void {
    this.#response?.destroy();
    this.#response = undefined;
  }
}
