/**
 * The first hop without follow-redirects, which costs every request a fifth and is of use to those alone that are redirected. One that is
 * goes through axios' adapter once more, this time with follow-redirects, whose first request is given the answer that is already there:
 * so what happens then is axios' own doing.
 */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { format } from 'node:url';
import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call';

/** Whether the body, if any, is there as a whole: then the adapter may be run twice. */
export function canRunTwice({
  data,
  maxRedirects,
  onUploadProgress,
  maxRate,
  socketPath,
  transport,
}: InternalAxiosRequestConfig & { transport?: unknown }): boolean {
  const isWhole =
    data === undefined || data === null || typeof data === 'string' || data instanceof Uint8Array || data instanceof ArrayBuffer;
  return isWhole && maxRedirects !== 0 && !onUploadProgress && !maxRate && !socketPath && !transport;
}

type OnResponse = (response: IncomingMessage) => void;

/** Node's http is mocked (nock, msw): the request did not ask the agent for a connection, so it could not be given an answer either. */
export const MOCKED = Symbol('mocked');

/** A transport for axios that makes one hop. @throws MOCKED before anything is sent */
export function firstHop(attempt: Attempt, redirected: OnResponse): NonNullable<AxiosRequestConfig['transport']> {
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
      if (attempt.hops || attempt.aborted) return req;
      req.on('error', () => {}).destroy();
      throw MOCKED;
    },
  };
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
    process.nextTick(() => {
      Object.assign(response, { req });
      req.emit('response', response);
    });
    return true;
  }
}
