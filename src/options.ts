/**
 * What users may set, the defaults, and the checks that turn an invalid value into a readable error.
 * Options merge field by field: defaults, then the axios instance, then the client, then the request.
 */
import type { AxiosRequestConfig, CreateAxiosDefaults } from 'axios';
import type { Deadline } from './deadline';
import { badOption } from './errors/bad-option';
import type { AlertOptions } from './options/alerts';
import type { BeaconChannelOptions } from './options/beacon';
import { type BreakerOptions, type BreakerSettings, mergeBreaker } from './options/breaker';
import { check, type Rule } from './options/check';
import { type FallbackFunction, type FallbackOptions, type FallbackSettings, mergeFallback } from './options/fallback';
import { type LimitOptions, type LimitSettings, mergeLimit } from './options/limit';
import { mergeRetry, type RetryOptions, type RetrySettings } from './options/retry';
import { isDuration, type TimeoutInput } from './options/timeout';
import { own } from './util/own';
import { isDate, tagOf } from './util/tag';
import { parseUrl } from './util/url';
import type { Limits } from './words';

/**
 * Everything that protects a call. A client and a request take the same names; a request's are merged over the client's, field by field.
 * `undefined` changes nothing. `false` turns a policy off, and takes away any option whose default is none, the rules, or another option.
 * An invalid value is refused with `ERR_BAD_OPTION_VALUE`: `createClient` and `protect` throw it, a request rejects with it before
 * anything is sent.
 */
export interface Policies {
  /**
   * The limits of one attempt, in milliseconds: `total`, or `[connect, read]`, or an object with any of the limits.
   * @default { connect: 3000, read: 10000 }
   */
  timeout?: TimeoutInput | undefined;
  /**
   * The hard end of the whole call, whatever hangs inside it: milliseconds, a `Date`, or a {@link Deadline}. Whichever ends sooner applies,
   * this or an enclosing `withDeadline`. `false` leaves only an enclosing one.
   * @default 30000, or 2000 more than `total` (or `connect` and `read` together) if that is longer
   */
  deadline?: number | Date | Deadline | false | undefined;
  /** Retry with back-off: options, a number of retries, or `false`. @default 2 retries, 0.5 s then 1 s, of what is safe to repeat */
  retry?: RetryOptions | number | false | undefined;
  /** The circuit breaker of the endpoint, or `false`. @default opens for 60 s when more than half of the calls fail */
  breaker?: BreakerOptions | false | undefined;
  /** Rate and concurrency limits, or `false`. @default none */
  limit?: LimitOptions | false | undefined;
  /** An answer instead of an error: options, a function from the error to the data, or `false`. @default none */
  fallback?: FallbackOptions | FallbackFunction | false | undefined;
  /** Names the endpoint, the key of breakers, limits and statistics. @default `METHOD origin/path` with `:id` in place of identifiers */
  endpoint?: string | ((config: AxiosRequestConfig) => string) | false | undefined;
  /**
   * The request header that carries what is left of the deadline upstream, in milliseconds. Dropped on a redirect to another origin, but
   * not by fetch, which follows redirects unseen. @default false
   */
  deadlineHeader?: string | false | undefined;
  /**
   * Sends the call's trace upstream in `traceparent` (W3C Trace Context), unless the request has one. `true`: in Node to every host, in a
   * browser to the page's own origin, since any other costs a preflight. A list names the origins that get it: in Node those alone, in a
   * browser those as well. Dropped on a redirect to another origin, but not by fetch. @default false
   */
  propagateTrace?: boolean | readonly (string | RegExp)[] | undefined;
  /** Query parameters whose values may be shown in records, logs and messages; of all others only the name is shown. @default none */
  allowQueryValues?: readonly string[] | false | undefined;
}

/** axios' request config with Breakwater's policies. */
// biome-ignore lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
export interface RequestConfig<D = any, P = any> extends Omit<AxiosRequestConfig<D, P>, keyof Policies>, Policies {}

/** axios' instance config with Breakwater's policies. */
export interface ClientConfig extends Omit<CreateAxiosDefaults, keyof ClientPolicies>, ClientPolicies {}

/** Policies, and the options of the client as a whole. */
export interface ClientPolicies extends Policies, ClientOptions {}

/** Options of the client as a whole, which a request cannot change. */
export interface ClientOptions {
  /** The best-effort channel of `client.beacon()`. @default 100 items, 256 KiB, 2 s, 2 at a time per origin */
  beacons?: BeaconChannelOptions | undefined;
  /** When to emit an `alert` that an endpoint times out too often, or `false`. @default 20 % in 60 s, or 3 times the 10 minutes before */
  alerts?: AlertOptions | false | undefined;
}

const DEFAULT_DEADLINE = 30_000;

/** By how much the outer deadline exceeds what it guards, so that the inner limit, which knows more, fires first. */
const DEADLINE_MARGIN = 2_000;

/** The deadline of a call that names none: wider than what it guards, and at least 30 s. */
export function defaultDeadline({ total = 0, connect = 0, read = 0 }: Limits): number {
  return Math.max(DEFAULT_DEADLINE, total + DEADLINE_MARGIN, connect + read + DEADLINE_MARGIN);
}

/** The rules for policies without options of their own. Each takes `false` as well. */
const RULES = /* @__PURE__ */ own<{ [K in keyof Policies]: Rule }>({
  deadline: [isDeadline, 'It takes milliseconds greater than 0, a valid Date, a Deadline, or false.'],
  endpoint: [
    (value) => typeof value === 'function' || isName(value, /./s),
    'It takes a name, or a function from the request config to a name, or false.',
  ],
  deadlineHeader: [(value) => isName(value, /^[\w-]+$/), "It takes a header name, such as 'x-request-timeout-ms', or false."],
  propagateTrace: [
    (value) => value === true || isListOf(value, isOrigin),
    "It takes true, false, or a list of origins and regular expressions, such as ['https://api.example.com'].",
  ],
  allowQueryValues: [
    (value) => isListOf(value, (name) => typeof name === 'string'),
    "It takes a list of parameter names, such as ['page'], or false.",
  ],
});

/** Checks what {@link mergeLimits} and {@link mergeSettings} do not. Throws before anything is sent. */
export function checkPolicies(policies: Policies): void {
  for (const name of POLICY_NAMES) {
    const rule = RULES[name];
    const value = policies[name];
    if (rule && value !== undefined && value !== false) check(rule, name, value);
  }
}

const isName = (value: unknown, like: RegExp): boolean => typeof value === 'string' && like.test(value);

const isListOf = (value: unknown, isGood: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(isGood);

/** A RegExp, or an origin as the URL standard serialises it: no path, no default port. One with a * would never match. */
function isOrigin(value: unknown): boolean {
  return tagOf(value) === 'RegExp' || (isName(value, /^[^*]+$/) && parseUrl(value as string)?.origin === value);
}

function isDeadline(value: unknown): boolean {
  if (isDuration(value)) return true;
  if (isDate(value)) return !Number.isNaN(Number(value));
  if (typeof value !== 'object' || value === null) return false;
  const { remaining } = value as { remaining?: unknown };
  return typeof remaining === 'number' && !Number.isNaN(remaining);
}

const POLICY_NAMES = [
  'timeout',
  'deadline',
  'retry',
  'breaker',
  'limit',
  'fallback',
  'endpoint',
  'deadlineHeader',
  'propagateTrace',
  'allowQueryValues',
] as const;

const isPolicy = (name: unknown): boolean => (POLICY_NAMES as readonly unknown[]).includes(name);

/** The resolved settings of the policies with options of their own; `false` is off. */
export interface Settings {
  readonly retry: RetrySettings | false;
  readonly breaker: BreakerSettings | false;
  readonly limit: LimitSettings | false;
  readonly fallback: FallbackSettings | false;
}

/** Merges policies over `base`, or over the defaults without one. Returns `base` itself if nothing changes. */
export function mergeSettings(base: Settings | undefined, { retry, breaker, limit, fallback }: Policies): Settings {
  if (base && retry === undefined && breaker === undefined && limit === undefined && fallback === undefined) return base;
  return {
    retry: mergeRetry(base?.retry, retry),
    breaker: mergeBreaker(base?.breaker, breaker),
    limit: mergeLimit(base?.limit, limit),
    fallback: mergeFallback(base?.fallback, fallback),
  };
}

/** Shared by all requests that name no policies, as most do not. */
export const NO_POLICIES: Policies = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ own({}));

/** Splits a config into the policies it names and axios' own options. What pollutes `Object.prototype` is neither. */
export function liftPolicies<C extends Policies>(config: C): [policies: Policies, rest: Omit<C, keyof Policies>] {
  const given = own(config); // axios accepts null, which gives an empty config
  if (!POLICY_NAMES.some((name) => given[name] !== undefined)) return [NO_POLICIES, given];
  const policies = own({}) as C;
  const rest = own({}) as C;
  for (const name of Reflect.ownKeys(given) as (keyof C)[]) {
    if (!isPolicy(name)) rest[name] = given[name];
    else if (given[name] !== undefined) policies[name] = given[name];
  }
  return [policies, rest];
}

/** Refuses unknown names where only policies are expected. */
export function checkPolicyNames(policies: object): void {
  for (const name of Object.keys(policies)) {
    if (!isPolicy(name)) {
      throw badOption(
        name,
        (policies as Record<string, unknown>)[name],
        `There is no such policy. The policies are ${POLICY_NAMES.join(', ')}.`,
      );
    }
  }
}

/** Whether a deadline leaves too little room for the total to fire first. */
export function isTooTight(deadline: Policies['deadline'], { total }: Limits): boolean {
  return typeof deadline === 'number' && total !== undefined && deadline < total + DEADLINE_MARGIN / 2;
}
