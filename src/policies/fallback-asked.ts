/**
 * What a call asked for and how the upstream answered, noted where axios does its I/O: by the time a fallback looks, handlers may have
 * changed the config, interceptors the response, and a page its cookies.
 */
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Call, Policy } from '../call';
import { now } from '../clock';
import { consult, contain } from '../util/complain';
import { textOf } from '../util/header';
import { keyOf, type Varying } from './fallback-key';

export interface Asked extends Varying {
  /** Identifies what is asked for, and who asks. */
  readonly key: string;
  /** Whether the request's `validateStatus` accepts this status. */
  accepts(status: number): boolean;
  /** `at` is when: interceptors may hold the response back. */
  answered?: { readonly status: number; readonly vary: string; readonly at: number };
}

const noted = new WeakMap<Call, Asked>();

/** `undefined` if nothing was asked for yet, or it cannot be told from other requests. */
export const askedBy = (call: Call): Asked | undefined => noted.get(call);

export const noteAsked: Policy = (next) => (call) => {
  const { fallback } = call.settings;
  const staleFor = fallback ? fallback.staleFor : undefined;
  const asked = staleFor ? contain(note, call) : undefined;
  if (!asked) return next(call);
  return next(call).then((response) => {
    contain(noteAnswer, asked, response);
    return response;
  });
};

function note(call: Call): Asked | undefined {
  const { headers, decompress, validateStatus } = call.config as InternalAxiosRequestConfig;
  const key = keyOf(call);
  if (key === undefined) return undefined;
  const failed = '`validateStatus` failed; no stale answer is given.';
  const accepts = (status: number): boolean => !status || !validateStatus || consult(validateStatus, [status], false, failed);
  const asked: Asked = { key, headers: { ...headers }, decompress, accepts };
  noted.set(call, asked);
  return asked;
}

function noteAnswer(asked: Asked, response: AxiosResponse | undefined): void {
  const { status = 0, headers, request } = (response ?? {}) as Partial<AxiosResponse>; // a user's adapter may respond with nothing
  const vary = textOf(headers, 'vary');
  const isForUnseen = /\bcookie\b/i.test(vary) && hasUnseenCookies(request, asked);
  asked.answered = { status, vary: isForUnseen ? '*' : vary, at: now() };
}

/** In Node, an agent with a cookie jar adds cookies later, and whose they will be the next time is not known in advance. */
function hasUnseenCookies(request: { getHeader?(name: string): unknown } | undefined, { headers }: Asked): boolean {
  const sent = request?.getHeader?.('cookie');
  return sent !== undefined && String(sent) !== textOf(headers, 'cookie');
}
