/**
 * What a user may set, what it is when he does not, and the checks that turn a bad value into a sentence.
 * Options merge field by field: defaults, then the axios instance, then the client, then the request.
 */
import type { AxiosRequestConfig, CreateAxiosDefaults } from 'axios';
import type { Deadline } from './deadline';
import { badOption } from './errors';
import type { BeaconChannelOptions } from './options/beacon';
import { type BreakerOptions, type BreakerSettings, mergeBreaker } from './options/breaker';
import { type FallbackFunction, type FallbackOptions, mergeFallback } from './options/fallback';
import { type LimitOptions, type LimitSettings, mergeLimit } from './options/limit';
import { mergeRetry, type RetryOptions, type RetrySettings } from './options/retry';
import { LIMIT_NAMES, type LimitName, type Limits } from './words';

/** A duration in milliseconds, greater than 0. `false` means no limit. */
export type Limit = number | false;

/**
 * The limits of one attempt, each in milliseconds. `false` turns a limit off; a limit that is not named keeps its default.
 * What a browser can enforce of them is in the README's table.
 */
export interface TimeoutOptions {
  /** Waiting for a free connection of the pool. Counted apart from `connect`, as in httpx (`pool`). @default none */
  queue?: Limit | undefined;
  /** Everything until a new connection stands: lookup, TCP, proxy and TLS together. Not counted on a reused connection. As in requests, httpx, reqwest. @default 3000 */
  connect?: Limit | undefined;
  /** Part of `connect`: resolving the host name. As `lookup` in got. @default none */
  lookup?: Limit | undefined;
  /** Part of `connect`: the TCP handshake, all addresses together. As `connect` in got. @default none */
  tcp?: Limit | undefined;
  /** Part of `connect`: the proxy's answer to CONNECT. @default none */
  proxy?: Limit | undefined;
  /** Part of `connect`: the TLS handshake. As `secureConnect` in got. @default none */
  tls?: Limit | undefined;
  /** From the connection being ready until the whole request is written: until the kernel has taken it, some megabytes before a slow peer has. As `send` in got. @default none */
  send?: Limit | undefined;
  /** From the request being written until the final response headers; interim 1xx responses do not stop it. As `ResponseHeaderTimeout` in Go. @default none */
  response?: Limit | undefined;
  /** Silence: the longest wait for the next byte, the first included. Not counted while the consumer of a stream holds it back. As `read` in requests and httpx. @default 10000 */
  read?: Limit | undefined;
  /** From the response headers until the last byte of the body; time the consumer holds the stream back is not counted. As `read` in got. @default none */
  body?: Limit | undefined;
  /** The whole attempt, redirects and body included. As `timeout` in axios' fetch adapter, `total` in aiohttp. @default none */
  total?: Limit | undefined;
}

/** A number is `total`; a pair is `[connect, read]`; `false` turns every limit of the attempt off. */
export type TimeoutInput = number | readonly [connect: Limit, read: Limit] | TimeoutOptions | false;

/** Everything that protects a call. The same names at the client and at a request; a request's go over the client's. */
export interface Policies {
  /**
   * The limits of one attempt, in milliseconds: `total`, or `[connect, read]`, or an object with any of the limits.
   * @default { connect: 3000, read: 10000 }
   * @throws AxiosError `ERR_BAD_OPTION_VALUE` where a value is no duration.
   */
  timeout?: TimeoutInput | undefined;
  /**
   * The hard end of the whole call, whatever hangs inside it: milliseconds, a `Date`, or a {@link Deadline}. The smaller of it and an
   * enclosing `withDeadline` counts. `false` leaves only an enclosing one.
   * @default 30000, or 2000 more than `total` (or `connect` and `read` together) where that is longer
   */
  deadline?: number | Date | Deadline | false | undefined;
  /** Retry with back-off: options, a number of retries, or `false`. @default 2 retries, 0.5 s then 1 s, of what is safe to repeat */
  retry?: RetryOptions | number | false | undefined;
  /** The circuit breaker of the endpoint, or `false`. @default opens on more than half failing, for 60 s */
  breaker?: BreakerOptions | false | undefined;
  /** Rate and concurrency limits, or `false`. @default none */
  limit?: LimitOptions | false | undefined;
  /** An answer instead of an error: options, a function from the error to the data, or `false`. @default none */
  fallback?: FallbackOptions | FallbackFunction | false | undefined;
  /** Names the endpoint, the key of breakers, limits and statistics, instead of `METHOD origin/path` with `:id` in place of identifiers. */
  endpoint?: string | ((config: AxiosRequestConfig) => string) | undefined;
  /** The request header that carries what is left of the deadline upstream, in milliseconds. Dropped on a redirect to another origin. @default false */
  deadlineHeader?: string | false | undefined;
}

/** axios' request config with Breakwater's policies. */
// biome-ignore lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
export interface RequestConfig<D = any, P = any> extends Omit<AxiosRequestConfig<D, P>, 'timeout'>, Policies {}

/** axios' instance config with Breakwater's policies. */
export interface ClientConfig extends Omit<CreateAxiosDefaults, 'timeout'>, Policies {
  /** The best-effort channel of `client.beacon()`. @default 100 items, 256 KiB, 2 s, 2 at a time to an origin */
  beacons?: BeaconChannelOptions | undefined;
}

/** connect: slower than any healthy handshake, two SYN retransmissions included. read: twice a slow query. */
export const DEFAULT_LIMITS: Limits = { connect: 3_000, read: 10_000 };

const DEFAULT_DEADLINE = 30_000;

/** By how much the outer deadline exceeds what it guards, so that the inner limit, which knows more, fires first. */
const DEADLINE_MARGIN = 2_000;

const DURATION = 'It takes milliseconds greater than 0, or false for no limit.';

const isDuration = (value: unknown): value is number => typeof value === 'number' && value > 0;

function checkLimit(name: string, value: unknown): void {
  if (value === false || isDuration(value)) return;
  throw badOption(name, value, value === 0 ? `${DURATION} 0 is ambiguous here: some clients mean none, some mean at once.` : DURATION);
}

/** Lays one `timeout` over the limits so far. */
export function mergeLimits(base: Limits, timeout: TimeoutInput | undefined, name = 'timeout'): Limits {
  if (timeout === undefined) return base;
  if (timeout === false) return {};
  if (typeof timeout === 'number') {
    if (!(timeout >= 0)) throw badOption(name, timeout, `As a number it is the total. ${DURATION} 0 is axios' way to say none.`);
    return withLimit(base, 'total', timeout || false);
  }
  if (Array.isArray(timeout)) {
    if (timeout.length !== 2) throw badOption(name, timeout, 'As an array it takes exactly [connect, read], both in milliseconds.');
    checkLimit(`${name}[0] (connect)`, timeout[0]);
    checkLimit(`${name}[1] (read)`, timeout[1]);
    return withLimit(withLimit(base, 'connect', timeout[0]), 'read', timeout[1]);
  }
  if (typeof timeout !== 'object' || timeout === null) {
    throw badOption(name, timeout, 'It takes milliseconds (the total), [connect, read], an object of limits, or false.');
  }
  let limits = base;
  for (const [key, value] of Object.entries(timeout)) {
    if (!(LIMIT_NAMES as readonly string[]).includes(key))
      throw badOption(`${name}.${key}`, value, `There is no such limit. The limits are ${LIMIT_NAMES.join(', ')}.`);
    if (value === undefined) continue;
    checkLimit(`${name}.${key}`, value);
    limits = withLimit(limits, key as LimitName, value as Limit);
  }
  return limits;
}

function withLimit(limits: Limits, name: LimitName, value: Limit): Limits {
  const { [name]: _, ...rest } = limits;
  return value === false || value === Infinity ? rest : { ...rest, [name]: value };
}

/** The deadline of a call that names none: wider than what it guards, and at least 30 s. */
export function defaultDeadline({ total = 0, connect = 0, read = 0 }: Limits): number {
  return Math.max(DEFAULT_DEADLINE, total + DEADLINE_MARGIN, connect + read + DEADLINE_MARGIN);
}

/** Checks what {@link mergeLimits} does not. Throws before anything is sent. */
export function checkPolicies({ deadline, endpoint, deadlineHeader }: Policies): void {
  if (typeof deadline === 'number' ? !isDuration(deadline) : !isDeadlineLike(deadline)) {
    throw badOption('deadline', deadline, 'It takes milliseconds greater than 0, a valid Date, a Deadline, or false.');
  }
  if (endpoint !== undefined && typeof endpoint !== 'function' && !(typeof endpoint === 'string' && endpoint)) {
    throw badOption('endpoint', endpoint, 'It takes a name, or a function from the request config to a name.');
  }
  if (
    deadlineHeader !== undefined &&
    deadlineHeader !== false &&
    !(typeof deadlineHeader === 'string' && /^[\w-]+$/.test(deadlineHeader))
  ) {
    throw badOption('deadlineHeader', deadlineHeader, "It takes a header name, such as 'x-request-timeout-ms', or false.");
  }
}

function isDeadlineLike(value: unknown): boolean {
  if (value === undefined || value === false) return true;
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === 'object' && value !== null && 'remaining' in value;
}

const POLICY_NAMES = ['timeout', 'deadline', 'retry', 'breaker', 'limit', 'fallback', 'endpoint', 'deadlineHeader'] as const;

/** The settings of the policies that have options of their own; `false` is off. */
export interface Settings {
  readonly retry: RetrySettings | false;
  readonly breaker: BreakerSettings | false;
  readonly limit: LimitSettings | false;
  readonly fallback: FallbackOptions | false;
}

/** Lays policies over the settings so far; without any, over the defaults. The same object comes back where nothing changes. */
export function mergeSettings(base: Settings | undefined, { retry, breaker, limit, fallback }: Policies): Settings {
  if (base && retry === undefined && breaker === undefined && limit === undefined && fallback === undefined) return base;
  return {
    retry: mergeRetry(base?.retry, retry),
    breaker: mergeBreaker(base?.breaker, breaker),
    limit: mergeLimit(base?.limit, limit),
    fallback: mergeFallback(base?.fallback, fallback),
  };
}

/** Splits a config into our policies and what is axios' own. */
export function liftPolicies<C extends Policies>(config: C): [policies: Policies, rest: Omit<C, keyof Policies>] {
  const { timeout, deadline, retry, breaker, limit, fallback, endpoint, deadlineHeader, ...rest } = config;
  return [{ timeout, deadline, retry, breaker, limit, fallback, endpoint, deadlineHeader }, rest];
}

/** Refuses a policy that does not exist, where only policies are expected. */
export function checkPolicyNames(policies: object): void {
  for (const name of Object.keys(policies)) {
    if (!(POLICY_NAMES as readonly string[]).includes(name)) {
      throw badOption(
        name,
        (policies as Record<string, unknown>)[name],
        `There is no such policy. The policies are ${POLICY_NAMES.join(', ')}.`,
      );
    }
  }
}

/** Whether a deadline leaves the total too little room to fire first. */
export function isTooTight(deadline: Policies['deadline'], { total }: Limits): boolean {
  return typeof deadline === 'number' && total !== undefined && deadline < total + DEADLINE_MARGIN / 2;
}
