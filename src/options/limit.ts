/** How much load an upstream may get: a rate, and a number of attempts at a time. */
import { count, countOrZero, durationOrZero, finiteDuration, lay, oneOf, orNone, positive, type Rule } from './check';

/** A limit shared with others, such as rate-limiter-flexible on Redis. Rejects with `msBeforeNext` when there is no room. */
export interface Limiter {
  /** Takes a place under `key`. */
  consume(key: string, points?: number): Promise<unknown>;
}

/** Rate and concurrency limits. None by default. */
export interface LimitOptions {
  /** Attempts per `interval`, counted before they wait for a place: after a jam those that waited may start faster. @default none */
  rate?: number | false | undefined;
  /** What `rate` counts over, in milliseconds. @default 1000 */
  interval?: number | undefined;
  /** Attempts that may start at once after a quiet period. @default rate */
  burst?: number | false | undefined;
  /** Attempts in flight at a time; a stream counts until its last byte. @default none */
  concurrency?: number | false | undefined;
  /**
   * Attempts that may be queued for the rate, and as many for a place, first come, first served among those with the same limit; any more
   * are refused. @default 0
   */
  maxQueue?: number | undefined;
  /**
   * The longest wait of an attempt in milliseconds, for a token and for a place together; never longer than the deadline.
   * @default what is left of the deadline
   */
  maxWait?: number | false | undefined;
  /** What shares one limit. @default 'endpoint' */
  per?: 'endpoint' | 'origin' | 'client' | undefined;
  /** A limit shared with other processes, instead of `rate`. What it refuses is refused at once, without a queue. @default none */
  limiter?: Limiter | false | undefined;
  /** What to do if `limiter` fails, or does not answer within a second (or `maxWait`, if shorter and not 0). @default 'allow' */
  whenUnavailable?: 'allow' | 'refuse' | undefined;
}

/** The limits in force. */
export interface LimitSettings {
  rate: number | undefined;
  interval: number;
  burst: number | undefined;
  concurrency: number | undefined;
  maxQueue: number;
  maxWait: number | undefined;
  per: 'endpoint' | 'origin' | 'client';
  limiter: Limiter | undefined;
  whenUnavailable: 'allow' | 'refuse';
}

const DEFAULTS: LimitSettings = {
  rate: undefined,
  interval: 1_000,
  burst: undefined,
  concurrency: undefined,
  maxQueue: 0,
  maxWait: undefined,
  per: 'endpoint',
  limiter: undefined,
  whenUnavailable: 'allow',
};

const limiter: Rule = [
  (value) => typeof (value as Limiter | null)?.consume === 'function',
  'It takes an object with consume(key): Promise.',
];

/** Or as many as come. */
const orAll = ([isGood, takes]: Rule): Rule => [(value) => value === Infinity || isGood(value), takes.replace(/\.$/, ', or Infinity.')];

/** Merges a `limit` option over the settings so far. */
export function mergeLimit(base: LimitSettings | false | undefined, limit: LimitOptions | false | undefined): LimitSettings | false {
  return lay('limit', base ?? false, limit, DEFAULTS, {
    rate: orNone(positive),
    interval: finiteDuration,
    burst: orNone(count),
    concurrency: orNone(orAll(count)),
    maxQueue: orAll(countOrZero),
    maxWait: orNone(durationOrZero),
    per: oneOf('endpoint', 'origin', 'client'),
    limiter: orNone(limiter),
    whenUnavailable: oneOf('allow', 'refuse'),
  });
}
