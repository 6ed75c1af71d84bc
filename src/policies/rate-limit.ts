/** Limits the rate of attempts: by a token bucket of the client's own, or by a limiter shared with others. */
import type { Call, Policy } from '../call';
import { refuse } from '../call/errors';
import { turnIn, type Waiter } from '../call/turn';
import { Alarm, LATE, now } from '../clock';
import type { LimitSettings } from '../options/limit';
import { contain } from '../util/complain';
import { Line } from '../util/line';
import { Lru } from '../util/lru';
import { within } from '../util/within';

const CAP = 1_000;

/** How long a shared limiter may take to answer, in milliseconds. */
const PATIENCE = 1_000;

/** Rounding errors in sums of fractional milliseconds are smaller than this. */
const ROUNDING = 0.001;

/** A token bucket, described by one number: the time at which it will be full again. */
interface Bucket {
  fullAt: number;
  /** Milliseconds in which tokens were lost, ever: by as many, whoever has been waiting since is later than was foreseen. */
  lost: number;
  readonly waiting: Line<Pace & Waiter & Foreseen>;
  /** Rings when there is a token for whoever has waited longest, if others have left from before him: he himself looks only later. */
  readonly alarm: Alarm;
}

interface Foreseen {
  /** When the turn is due at the latest, if nothing is ever `lost`. */
  readonly due: number;
}

interface Pace {
  /** Milliseconds per token. */
  readonly perToken: number;
  /** Milliseconds until an empty bucket is full. */
  readonly capacity: number;
}

export const rateLimit: Policy = (next) => {
  const buckets = new Lru<Bucket>(CAP, newBucket, ({ fullAt, waiting }) => waiting.length > 0 || fullAt > now());
  /** What the attempt has to wait for, if anything. */
  const turn = (call: Call, limit: LimitSettings): Promise<void> | undefined => {
    call.waitUntil = limit.maxWait === undefined ? undefined : now() + limit.maxWait;
    if (limit.limiter) return consume(call, limit);
    if (!limit.rate || limit.rate === Infinity) return undefined;
    return takeToken(call, limit, buckets.use(call.keyOf(limit.per)), limit.rate);
  };
  return (call) => {
    const { limit } = call.settings;
    const wait = limit ? contain(turn, call, limit) : undefined;
    return wait ? wait.then(() => next(call)) : next(call);
  };
};

function newBucket(): Bucket {
  const bucket: Bucket = { fullAt: 0, lost: 0, waiting: new Line(), alarm: new Alarm(() => serve(bucket)) };
  return bucket;
}

/** When there is a token for an attempt with so many others ahead of it. */
const dueAt = ({ fullAt }: Bucket, { perToken, capacity }: Pace, others: number, at: number): number =>
  Math.max(fullAt, at) + (others + 1) * perToken - capacity;

/**
 * Hands out tokens in order, while there are any. Returns when the next one is due. That a timer is late costs no tokens; what a longer
 * block of the event loop costs is lost.
 */
function serve(bucket: Bucket): number {
  for (let { first } = bucket.waiting; first; first = bucket.waiting.first) {
    const due = dueAt(bucket, first.who, 0, now() - LATE);
    if (due > now() + ROUNDING) {
      if (due < first.who.due + bucket.lost - ROUNDING) bucket.alarm.set(due);
      return due;
    }
    bucket.waiting.leave(first);
    spend(bucket, first.who, now() - LATE);
    first.who.go();
  }
  bucket.alarm.stop();
  return Infinity;
}

function spend(bucket: Bucket, { perToken }: Pace, at: number): void {
  bucket.lost += Math.max(0, at - bucket.fullAt);
  bucket.fullAt = Math.max(bucket.fullAt, at) + perToken;
}

/** Takes a token, or a place in the queue. Refuses at once if the queue is full or the wait would be too long. */
function takeToken(call: Call, settings: LimitSettings, bucket: Bucket, rate: number): Promise<void> | undefined {
  const { interval, burst, maxQueue } = settings;
  const perToken = interval / rate;
  const mine: Pace = { perToken, capacity: (burst ?? Math.max(1, rate)) * perToken };
  const { waiting } = bucket;
  const at = now();
  const due = dueAt(bucket, mine, waiting.length, at);
  const delay = due - at;
  if (delay <= ROUNDING && waiting.length === 0) {
    spend(bucket, mine, at);
    return undefined;
  }
  const { waitUntil = Infinity, deadline = { remaining: Infinity } } = call;
  if (waiting.length >= maxQueue || due > waitUntil + ROUNDING || delay > deadline.remaining)
    return Promise.reject(refuse(call, 'rate', Math.ceil(delay)));
  const foreseen = due - bucket.lost;
  // Not sooner than it is due: of thousands that wait, each would look at every token once the event loop was blocked.
  const look = (): number => Math.max(serve(bucket), foreseen + bucket.lost);
  const turn = turnIn(waiting, { ...mine, due: foreseen }, call, 'rate', look, due);
  serve(bucket);
  return turn;
}

/** Asks a shared limiter. If it fails or hangs, `whenUnavailable` decides instead. */
async function consume(call: Call, { limiter, maxWait, whenUnavailable, per }: LimitSettings): Promise<void> {
  try {
    // A `maxWait` of 0 means no queueing, but the limiter is still asked: given no time at all, a remote one would never decide.
    await within(Math.min(PATIENCE, maxWait || PATIENCE), UNAVAILABLE, (stop) => {
      call.onEnd(() => stop(call.ended));
      return limiter?.consume(call.keyOf(per));
    });
  } catch (refusal) {
    if (call.ended) throw call.ended;
    const waits = waitsIn(refusal);
    // rate-limiter-flexible says -1 for a block that never ends, and the largest number for a key on a black list.
    const isTold = waits.every((ms) => ms >= 0 && ms < Number.MAX_SAFE_INTEGER);
    if (waits.length) throw refuse(call, 'rate', isTold ? Math.ceil(Math.max(...waits)) : undefined);
    if (whenUnavailable === 'refuse') throw refuse(call, 'rate', undefined, refusal ?? null); // a reason, though none was given
  }
}

/** The waits that a refusal names: one, or one per limiter of rate-limiter-flexible's union. Empty if the limiter failed instead. */
function waitsIn(refusal: unknown): number[] {
  if (typeof refusal !== 'object' || refusal === null) return [];
  return [refusal, ...Object.values(refusal)]
    .map((one: { msBeforeNext?: unknown } | null | undefined) => one?.msBeforeNext)
    .filter((ms) => typeof ms === 'number');
}

const UNAVAILABLE = /* @__PURE__ */ new Error('The shared limiter gave no answer in time');
