/** Waiting in a line for one's turn: no longer than `maxWait`, nor than the call. */
import type { Call } from '../call';
import { Alarm, now } from '../clock';
import type { LimitError } from '../errors';
import { deferred } from '../util/deferred';
import type { Line } from '../util/line';
import { refuse } from './errors';

/** Whoever waits; `go` once he was taken out of the line. */
export interface Waiter {
  go(): void;
}

/**
 * @param serve Lets go whose turn it is: those behind one who leaves move up. Returns when this turn is due then, if that is known.
 * @param due When this turn is due, if that is known. Looked at from here too: a worker's platform drops a timer with the request that
 * set it, which may be one whose turn came before.
 */
export function turnIn<W extends Waiter>(
  line: Line<W>,
  who: Omit<W, 'go'>,
  call: Call,
  limit: LimitError['limit'],
  serve = (): number => Infinity,
  due = Infinity,
): Promise<void> {
  const { promise, resolve, reject } = deferred();
  const go = (): void => {
    resolve();
    alarm.stop();
  };
  const leave = (reason: unknown): void => {
    if (line.leave(place)) serve();
    reject(reason);
    alarm.stop();
  };
  const alarm = new Alarm(() => {
    const again = serve(); // a turn that is due at the same time counts
    if (!place.isIn) return;
    if (now() >= until) leave(refuse(call, limit));
    else alarm.set(Math.min(again, until));
  }, call.timer);
  const until = call.waitUntil ?? Infinity;
  alarm.set(Math.min(due, until));
  const place = line.add({ ...who, go } as W);
  call.onEnd(() => leave(call.ended));
  return promise;
}
