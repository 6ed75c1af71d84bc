/** No more attempts at a time than there are places; the rest wait in order, as many as may and as long as they may. */
import type { AxiosResponse } from 'axios';
import type { Call, Policy } from '../call';
import { Alarm, now } from '../clock';
import { LimitError } from '../errors';
import type { LimitSettings } from '../options/limit';
import { Lru } from '../util/lru';

const CAP = 1_000;

interface Places {
  taken: number;
  /** First come, first served. */
  readonly waiting: Set<() => void>;
}

export const concurrency: Policy = (next) => {
  const places = new Lru<Places>(
    CAP,
    () => ({ taken: 0, waiting: new Set() }),
    ({ taken, waiting }) => taken + waiting.size > 0,
  );
  const inPlace = async (call: Call, limit: LimitSettings): Promise<AxiosResponse> => {
    if (limit.concurrency === undefined) return next(call);
    const mine = places.use(call.keyOf(limit.per));
    if (mine.taken < limit.concurrency && mine.waiting.size === 0) mine.taken++;
    else await queue(call, limit, mine);
    // A stream keeps its place until its last byte.
    const free = (): void => call.whenOver(() => pass(mine, limit.concurrency as number));
    return next(call).finally(free);
  };
  return (call) => (call.settings.limit ? inPlace(call, call.settings.limit) : next(call));
};

/** Gives the place to who has waited longest, or frees it. */
function pass(places: Places, limit: number): void {
  places.taken--;
  while (places.taken < limit) {
    const [first] = places.waiting;
    if (!first) return;
    places.waiting.delete(first);
    places.taken++;
    first();
  }
}

function queue(call: Call, { maxQueue, maxWait }: LimitSettings, places: Places): Promise<void> {
  const refuse = (): LimitError => {
    call.observer.limited(call, 'concurrency', undefined);
    return new LimitError({ limit: 'concurrency' }, call.target, call.config);
  };
  if (places.waiting.size >= maxQueue || maxWait === 0) return Promise.reject(refuse());
  return new Promise((resolve, reject) => {
    const leave = (reason: unknown): void => {
      alarm.stop();
      if (places.waiting.delete(enter)) reject(reason);
    };
    const enter = (): void => {
      alarm.stop();
      resolve();
    };
    const alarm = new Alarm(() => leave(refuse()));
    if (maxWait !== undefined) alarm.set(now() + maxWait);
    places.waiting.add(enter);
    call.onEnd(() => leave(call.ended));
  });
}
