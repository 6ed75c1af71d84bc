/** When a failed attempt is repeated, and after how long. */
import type { AttemptSummary } from '../words';
import { check, countOrZero, duration, durationOrZero, type Full, factor, fn, fractionOrZero, group, lay, oneOf, orNone } from './check';

/** How many retries an endpoint may get from all calls together. */
export interface RetryBudget {
  /** Retries as a share of calls, over the last 10 s; 0 leaves only `min`. As in Finagle and Envoy. @default 0.2 */
  ratio?: number | undefined;
  /** Retries per 10 s that are always allowed, so that low traffic gets some too. @default 3 */
  min?: number | undefined;
}

/** What `when` is given besides the error. */
export interface RetryContext {
  /** The attempt that failed; 1 is the first. */
  attempt: number;
  /** What the rules decided: whether the failure is transient and a repeat is safe. */
  safe: boolean;
  /** Milliseconds left of the deadline; `Infinity` without one. */
  remaining: number;
  /** The attempts so far, oldest first. */
  history: readonly AttemptSummary[];
}

/** Retry with exponential back-off. A request that may have reached the peer is repeated only if that is harmless. */
export interface RetryOptions {
  /** Attempts after the first. @default 2 */
  retries?: number | undefined;
  /** The delay before the first retry, in milliseconds. @default 500 */
  baseDelay?: number | undefined;
  /** By how much each further delay is multiplied. @default 2 */
  factor?: number | undefined;
  /** The longest back-off, in milliseconds. Jitter shortens it like any other. @default 5000 */
  maxDelay?: number | undefined;
  /**
   * `equal`: between half the delay and the whole; `full`: between 0 and the whole; `none`: the delay. After the AWS Architecture Blog.
   * @default 'equal'
   */
  jitter?: 'equal' | 'full' | 'none' | undefined;
  /** The longest `Retry-After` that is waited for, in milliseconds; after a longer one the call fails at once. @default 10000 */
  maxRetryAfter?: number | undefined;
  /** Keeps retries from multiplying the load of an outage; `false` lifts it. @default { ratio: 0.2, min: 3 } */
  budget?: RetryBudget | false | undefined;
  /**
   * Decides instead of the rules, whose verdict is in `context.safe`. Not asked about aborts, the deadline, and refusals on this side. Throwing means no.
   * In `error.response.data` JSON is still text: axios' transforms run once per call, after the last attempt. @default the rules
   */
  when?: ((error: unknown, context: RetryContext) => boolean) | false | undefined;
}

/** The retry options in force. */
export interface RetrySettings extends Omit<Full<RetryOptions>, 'when' | 'budget'> {
  budget: { ratio: number; min: number } | false;
  when: Exclude<RetryOptions['when'], false>;
}

const DEFAULT_BUDGET = { ratio: 0.2, min: 3 };

/** 2 retries, 0.5 s then 1 s: what ky and failsafe settled on; a third adds load and little else. */
const DEFAULTS: RetrySettings = {
  retries: 2,
  baseDelay: 500,
  factor: 2,
  maxDelay: 5_000,
  jitter: 'equal',
  maxRetryAfter: 10_000,
  budget: DEFAULT_BUDGET,
  when: undefined,
};

/** Merges a `retry` option over the settings so far. */
export function mergeRetry(
  base: RetrySettings | false | undefined,
  retry: RetryOptions | number | false | undefined,
): RetrySettings | false {
  const before = base ?? DEFAULTS;
  if (retry === 0) return false;
  if (typeof retry === 'number') return { ...(before || DEFAULTS), retries: check(countOrZero, 'retry', retry) };
  const rules = {
    retries: countOrZero,
    baseDelay: durationOrZero,
    factor,
    maxDelay: duration,
    jitter: oneOf('equal', 'full', 'none'),
    maxRetryAfter: durationOrZero,
    budget: group(DEFAULT_BUDGET, { ratio: fractionOrZero, min: countOrZero }),
    when: orNone(fn),
  };
  return lay('retry', before, retry, DEFAULTS, rules, 'an object, a number of retries, or false');
}
