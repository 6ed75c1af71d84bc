/**
 * What is axios' own doing after a redirect. A first request is made without follow-redirects, which costs every request a fifth and is of use
 * to those alone that are redirected. One that is goes through axios' adapter, with follow-redirects, whose first request is given the answer
 * that is already there.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { format } from 'node:url';

/** What programs read of follow-redirects' own request, in `response.request._redirectable` and in `error.request`. */
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

/** Makes of the request of a failure what axios gives then: follow-redirects' own. */
export function tellRequest(request: ClientRequest & { _redirectable?: unknown }): void {
  const facts = request._redirectable;
  if (facts instanceof Unredirected) Object.assign(request, facts, { _currentUrl: facts._currentUrl });
}

/** What follow-redirects tells of an answer. */
export const tellAnswer = (response: IncomingMessage, request: ClientRequest, options: RequestOptions): void =>
  void Object.assign(response, { responseUrl: urlOf(request, options), redirects: [] });

const followed = new WeakSet<IncomingMessage>();

/** Marks an answer that is not the last. */
export function follow(response: IncomingMessage): IncomingMessage {
  followed.add(response);
  return response;
}

/** Whether an answer is not the last: its body is of no interest. */
export const isFollowed = (response: IncomingMessage): boolean => followed.has(response);

export const isRedirect = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  statusCode >= 300 && statusCode < 400 && Boolean(headers.location);

/** As follow-redirects puts it; the short way where there is nothing to escape. A proxy is asked for the whole URL, without credentials. */
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
