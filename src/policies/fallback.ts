/** An answer instead of an error: the last good response, or one of the user's. Outermost, so that it covers all errors. */
import type { AxiosResponse } from 'axios';
import type { Call, Policy } from '../call';
import { now } from '../clock';
import { bodyOf, canceled, codeOf, isAxiosError, isCanceled, responseOf } from '../errors';
import type { FallbackSettings } from '../options/fallback';
import { isAborted, onAbort } from '../util/aborting';
import { complain, contain } from '../util/complain';
import { causedBy } from '../util/define';
import { discardUnless } from '../util/discard';
import { within } from '../util/within';
import { askedBy } from './fallback-asked';
import { variantOf } from './fallback-key';

/** How many good responses are kept. */
const CAP = 100;

/** The least time that the user's function gets, even if the deadline has little or nothing left, in milliseconds. */
const GRACE = 1_000;

/** Where a response that is not the upstream's came from. */
export type FallbackKind = 'stale' | 'use' | 'value';

/** A response that stands in for an error. */
export interface FallbackResponse extends AxiosResponse {
  /** Where it came from. */
  fallback: FallbackKind;
  /** For a stale response: milliseconds since it was received. */
  age?: number;
}

type Answer = Omit<AxiosResponse, 'config' | 'request'>;

interface Kept {
  answer: Answer;
  /** `status` and `vary` as the upstream sent them, whatever interceptors made of them. */
  status: number;
  vary: string;
  variant: string;
  at: number;
}

export const fallback: Policy = (next) => {
  const kept = new Map<string, Kept>();
  const orElse = async (call: Call, settings: FallbackSettings): Promise<AxiosResponse> => {
    let response: AxiosResponse;
    try {
      response = await next(call);
    } catch (error) {
      // An interceptor may have turned an abort into an error of its own.
      if (isCanceled(error) || isCanceled(call.ended) || isRefusal(error, call)) throw error;
      const data = bodyOf(error);
      const instead = contain(stale, kept, call, settings) ?? (await standIn(call, settings, error));
      if (!instead) throw error;
      call.observer.fellBack(call, instead.fallback, error, instead.age);
      // At once, not only when its stream has closed: the next call may need its place.
      if (discardUnless(instead.data, data)) call.abandon(error);
      return instead;
    }
    if (settings.staleFor) contain(keep, kept, call, response);
    return response;
  };
  return (call) => (call.settings.fallback ? orElse(call, call.settings.fallback) : next(call));
};

/** A 3xx, and a 4xx other than 408 and 429, is the upstream's answer to what was asked, not a failure to answer. */
const isAnswer = (status: number): boolean => status < 500 && status !== 408 && status !== 429;

function isRefusal(error: unknown, { attempt }: Call): boolean {
  const given = responseOf(error)?.status;
  if (given !== undefined) return given >= 300 && isAnswer(given);
  // An interceptor or `validateStatus` may have made an error of its own of a 4xx, which axios' fetch adapter wraps without a code; axios'
  // and ours are about something else.
  const status = attempt?.status ?? 0;
  return status >= 400 && isAnswer(status) && !(isAxiosError(error) && codeOf(error));
}

function keep(kept: Map<string, Kept>, call: Call, response: unknown): void {
  const asked = askedBy(call);
  if (!asked?.answered || !isAnswer(asked.answered.status)) return;
  // An interceptor may have turned the response into something else.
  if (typeof response !== 'object' || response === null || !('status' in response && 'data' in response)) return;
  const { key, answered } = asked;
  if ((kept.get(key)?.at ?? 0) > answered.at) return; // interceptors took longer than with a later one
  kept.delete(key);
  const variant = variantOf(asked, answered.vary);
  if (variant === undefined) return;
  try {
    const { request: _, config: __, ...answer } = response as AxiosResponse; // a call that is served it gets its own
    kept.set(key, { answer: duplicate(answer), ...answered, variant });
  } catch (error) {
    return complain(kept, '`staleFor` keeps no answer that cannot be copied, since each caller is to have his own.', error);
  }
  const [eldest] = kept.keys();
  if (kept.size > CAP && eldest !== undefined) kept.delete(eldest);
}

function stale(kept: Map<string, Kept>, call: Call, { staleFor }: FallbackSettings): FallbackResponse | undefined {
  const asked = askedBy(call);
  const found = asked && kept.get(asked.key);
  if (!found || !staleFor || variantOf(asked, found.vary) !== found.variant || !asked.accepts(found.status)) return undefined;
  const age = Math.round(now() - found.at);
  return age <= staleFor ? { ...duplicate(found.answer), config: call.reportedConfig, fallback: 'stale', age } : undefined;
}

/** A copy, so that a caller who changes the response changes neither the kept one nor the next. */
function duplicate({ data, headers, ...rest }: Answer): Answer {
  const own = Object.assign(Object.create(Object.getPrototypeOf(headers ?? {})), copyOf({ ...headers })); // Set-Cookie is a list
  return { ...copyOf(rest), data: copy(data), headers: own };
}

/** A deep copy that refuses class instances: `structuredClone` would make plain objects of them, and a Uint8Array of a Buffer. */
function copy<T>(data: T): T {
  if (typeof data === 'function') throw new TypeError('a function is not to be copied');
  if (typeof data !== 'object' || data === null || (typeof Blob === 'function' && data instanceof Blob)) return data; // immutable
  if (data instanceof ArrayBuffer) return data.slice(0) as T;
  if (ArrayBuffer.isView(data) && !(data instanceof DataView)) return Uint8Array.prototype.slice.call(data) as T;
  const prototype = Object.getPrototypeOf(data);
  if (Array.isArray(data) && Array.isArray(prototype)) return data.map(copy) as T; // of any realm, but of no subclass
  if (prototype === Date.prototype) return new Date(Number(data)) as T;
  if (prototype === Map.prototype) return new Map([...(data as unknown as Map<unknown, unknown>)].map(copy)) as T;
  if (prototype === Set.prototype) return new Set([...(data as unknown as Set<unknown>)].map(copy)) as T;
  // In any realm, only a plain object's prototype has no prototype itself.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new TypeError(`a ${prototype.constructor?.name} is not to be copied`);
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, copy(value)])) as T;
}

/** What is not the upstream's is shared if it cannot be copied. */
function copyOf<T>(value: T): T {
  try {
    return copy(value);
  } catch {
    return value;
  }
}

async function standIn(call: Call, settings: FallbackSettings, error: unknown): Promise<FallbackResponse | undefined> {
  if (!settings.use && !('value' in settings)) return undefined;
  const data = settings.use ? await useOf(settings.use, call, error) : copyOf(settings.value);
  const config = call.reportedConfig;
  return { data, status: 200, statusText: 'Fallback', headers: {}, config, fallback: settings.use ? 'use' : 'value' };
}

/** The user's function cannot make the call hang: it gets what is left of the deadline, and the caller may still abort. */
async function useOf(use: NonNullable<FallbackSettings['use']>, call: Call, error: unknown): Promise<unknown> {
  const data = bodyOf(error);
  const time = call.deadline ? Math.max(call.deadline.remaining, GRACE) : Infinity;
  let release = (): void => {};
  try {
    if (isAborted(call.request)) throw canceled(call.reportedConfig);
    return await within(time, error, (stop) => {
      release = onAbort(call.request, () => stop(canceled(call.reportedConfig)));
      return use(error, call.reportedConfig);
    });
  } catch (failure) {
    if (failure !== error && !isCanceled(failure)) causedBy(failure, error);
    discardUnless(failure, data); // after an abort nothing else leads the caller to it
    throw failure;
  } finally {
    release();
  }
}
