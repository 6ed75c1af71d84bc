/** What a caller gets instead of an error. */
import type { AxiosRequestConfig } from 'axios';
import { own } from '../util/own';
import { anything, duration, fields, fn, orNone } from './check';

/** Makes the data of a response out of an error. */
export type FallbackFunction = (error: unknown, config: AxiosRequestConfig) => unknown;

/** An answer instead of an error. Never for a 3xx, or a 4xx other than 408 and 429, which is an answer, nor for the user's own abort. */
export interface FallbackOptions {
  /** The data to answer with. @default none */
  value?: unknown;
  /**
   * Makes the data, within what is left of the deadline but at least 1 s. What it throws becomes the call's error, with the original as
   * `cause`. @default none
   */
  use?: FallbackFunction | false | undefined;
  /**
   * Serves the last good response to the same GET from the same requester (headers, agents, options; `Vary` is respected), if it is at most
   * this many milliseconds old. It is kept in memory, whatever its `Cache-Control` says. Tried before `use` and `value`. @default none
   */
  staleFor?: number | false | undefined;
}

/** The fallback in force. */
export interface FallbackSettings {
  value?: unknown;
  use?: FallbackFunction | undefined;
  staleFor?: number | undefined;
}

/** Merges a `fallback` option over the settings so far. */
export function mergeFallback(
  base: FallbackSettings | false | undefined,
  fallback: FallbackOptions | FallbackFunction | false | undefined,
): FallbackSettings | false {
  if (fallback === undefined) return base ?? false;
  if (fallback === false) return false;
  if (typeof fallback === 'function') return own({ ...(base || {}), use: fallback });
  // A `value` set later replaces a `use` set earlier.
  const before = fallback?.value === undefined ? base || {} : { ...base, use: undefined };
  const rules = { value: anything, use: orNone(fn), staleFor: orNone(duration) };
  return fields<FallbackSettings>('fallback', before, fallback, rules, 'an object, a function, or false');
}
