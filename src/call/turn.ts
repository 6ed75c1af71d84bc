/** Waiting in a line for one's turn: no longer than `maxWait`, nor than the call. */
import type { Call } from '../call';
import { Alarm } from '../clock';
import type { LimitError } from '../errors';
import { deferred } from '../util/deferred';
import type { Line } from '../util/line';
import { refuse } from './errors';

/** Whoever waits; `go` once he was taken out of the line. */
export interface Waiter {
  go(): void;
}

/** @param serve Lets go whose turn it is: those behind one who leaves move up. */
export function turnIn<W extends Waiter>(
  line: Line<W>,
  who: Omit<W, 'go'>,
  call: Call,
  limit: LimitError['limit'],
  serve: () => void = () => {},
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
    serve(); // a turn that is due at the same time counts
    if (place.isIn) leave(refuse(call, limit));
  });
  if (call.waitUntil !== undefined) alarm.set(call.waitUntil);
  const place = line.add({ ...who, go } as W);
  call.onEnd(() => leave(call.ended));
  return promise;
}
