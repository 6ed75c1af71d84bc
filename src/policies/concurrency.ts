/**
 * Limits the attempts in flight; the rest wait, no more than `maxQueue` and no longer than `maxWait`. Whoever has waited longest of those
 * for whom there is room by their own `concurrency` is next; one with a smaller limit than others' holds nobody up.
 */
import type { Call, Policy } from '../call';
import { refuse } from '../call/errors';
import { turnIn, type Waiter } from '../call/turn';
import { now } from '../clock';
import type { LimitSettings } from '../options/limit';
import { contain } from '../util/complain';
import { Line } from '../util/line';
import { Lru } from '../util/lru';

const CAP = 1_000;

interface Places {
  taken: number;
  readonly waiting: Line<Waiter & { readonly most: number }>;
}

export const concurrency: Policy = (next) => {
  const places = new Lru<Places>(
    CAP,
    () => ({ taken: 0, waiting: new Line() }),
    ({ taken, waiting }) => taken + waiting.length > 0,
  );
  /** Takes a place, or queues for one. */
  const take = (call: Call, limit: LimitSettings, most: number): { mine: Places; turn?: Promise<void> } => {
    const mine = places.use(call.keyOf(limit.per));
    if (mine.taken >= most) return { mine, turn: queue(call, limit, mine, most) };
    mine.taken++;
    return { mine };
  };
  return (call) => {
    const { limit } = call.settings;
    const most = limit ? limit.concurrency : undefined;
    const place = limit && most !== undefined ? contain(take, call, limit, most) : undefined;
    if (!place) return next(call);
    const { mine, turn } = place;
    // A stream keeps its place until its last byte.
    const begin = () => whenSettled(next(call), () => call.whenOver(() => contain(pass, mine)));
    return turn ? turn.then(begin) : begin();
  };
};

/** `finally`, at half the cost. */
const whenSettled = <T>(promise: Promise<T>, run: () => void): Promise<T> =>
  promise.then(
    (value) => {
      run();
      return value;
    },
    (error) => {
      run();
      throw error;
    },
  );

/** Frees a place, or passes it on. To one at most: nobody waits for whom there was room before. */
function pass(places: Places): void {
  places.taken--;
  let next = places.waiting.first;
  while (next && next.who.most <= places.taken) next = next.after;
  if (!next) return;
  places.waiting.leave(next);
  places.taken++;
  next.who.go();
}

function queue(call: Call, { maxQueue }: LimitSettings, { waiting }: Places, most: number): Promise<void> {
  const isLate = call.waitUntil !== undefined && call.waitUntil <= now();
  if (waiting.length >= maxQueue || isLate) return Promise.reject(refuse(call, 'concurrency'));
  return turnIn(waiting, { most }, call, 'concurrency');
}
