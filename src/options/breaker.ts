/** When an endpoint is cut off, for how long, and how it comes back. */
import { count, duration, type Full, fn, fraction, fractionOrZero, group, lay, oneOf, orNone } from './check';

/** The fast trigger: a short window, which detects an outage after healthy traffic within seconds. */
export interface BurstOptions {
  /** Opens when failures / calls is greater than this. @default 0.5 */
  failureRate?: number | undefined;
  /** Milliseconds over which calls are counted. @default 30000 */
  window?: number | undefined;
  /** Calls needed in the window before the rate means anything. @default 10 */
  minCalls?: number | undefined;
}

/** The slow trigger: calls that take long, those still hanging included. */
export interface SlowOptions {
  /**
   * Milliseconds after which a call counts as slow.
   * @default 0.8 of the attempt's `total`, else of `connect` and `read` together; none if one of them is off
   */
  after?: number | false | undefined;
  /** Opens when slow calls / calls is this or more. @default 0.8 */
  rate?: number | undefined;
}

/** The outcome of a call that the breaker let through. */
export interface BreakerOutcome {
  /** The error, if there is one. In its `response.data` JSON is still text: axios' transforms run once per call. */
  error?: unknown;
  /** HTTP status, if headers arrived. */
  status?: number | undefined;
  /** Milliseconds the attempt took. */
  elapsed: number;
}

/** A circuit breaker driven by failure rates, kept in memory. */
export interface BreakerOptions {
  /** Opens when failures / calls is greater than this: with 0, on any failure; with 1, never. @default 0.5 */
  failureRate?: number | undefined;
  /** Milliseconds over which calls are counted. @default 300000 */
  window?: number | undefined;
  /** Calls needed in the window before the rate means anything. @default 20 */
  minCalls?: number | undefined;
  /** Milliseconds for which the endpoint is cut off. Doubles while probes fail. @default 60000 */
  openFor?: number | undefined;
  /** The longest time for which it is cut off, in milliseconds. @default 300000 */
  maxOpenFor?: number | undefined;
  /** The fast trigger; `false` turns it off. @default { failureRate: 0.5, window: 30000, minCalls: 10 } */
  burst?: BurstOptions | false | undefined;
  /** The slow trigger; `false` turns it off. @default { rate: 0.8 } */
  slow?: SlowOptions | false | undefined;
  /** Calls let through at a time while half-open, to see whether the endpoint has recovered. @default 1 */
  probes?: number | undefined;
  /** Probes that must succeed before it closes; a slow one has failed. @default 2 */
  successesToClose?: number | undefined;
  /** What is cut off together. @default 'endpoint' */
  per?: 'endpoint' | 'origin' | undefined;
  /**
   * Decides instead of the rules, by which 408, 5xx except 501, timeouts and network errors are failures. Not asked about aborts and
   * refusals on this side. A 429 that it does not call a failure counts neither way.
   * @default the rules
   */
  isFailure?: ((outcome: BreakerOutcome) => boolean) | false | undefined;
  /** `observe` reports what it would do, and lets every call through unless an operator holds it open. @default 'enforce' */
  mode?: 'enforce' | 'observe' | undefined;
}

/** The breaker options in force. */
export interface BreakerSettings extends Omit<Full<BreakerOptions>, 'burst' | 'slow' | 'isFailure'> {
  burst: Full<BurstOptions> | false;
  slow: { after: number | undefined; rate: number } | false;
  isFailure: Exclude<BreakerOptions['isFailure'], false>;
}

const DEFAULT_BURST = { failureRate: 0.5, window: 30_000, minCalls: 10 };
const DEFAULT_SLOW = { after: undefined, rate: 0.8 };

export const DEFAULT_BREAKER: BreakerSettings = {
  failureRate: 0.5,
  window: 300_000,
  minCalls: 20,
  openFor: 60_000,
  maxOpenFor: 300_000,
  burst: DEFAULT_BURST,
  slow: DEFAULT_SLOW,
  probes: 1,
  successesToClose: 2,
  per: 'endpoint',
  isFailure: undefined,
  mode: 'enforce',
};

/** Merges a `breaker` option over the settings so far. */
export function mergeBreaker(
  base: BreakerSettings | false | undefined,
  breaker: BreakerOptions | false | undefined,
): BreakerSettings | false {
  return lay('breaker', base ?? DEFAULT_BREAKER, breaker, DEFAULT_BREAKER, {
    failureRate: fractionOrZero,
    window: duration,
    minCalls: count,
    openFor: duration,
    maxOpenFor: duration,
    burst: group(DEFAULT_BURST, { failureRate: fractionOrZero, window: duration, minCalls: count }),
    slow: group(DEFAULT_SLOW, { after: orNone(duration), rate: fraction }),
    probes: count,
    successesToClose: count,
    per: oneOf('endpoint', 'origin'),
    isFailure: orNone(fn),
    mode: oneOf('enforce', 'observe'),
  });
}
