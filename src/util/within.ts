/** Waits for a function of the user's no longer than it is given. */
import { Alarm, now } from '../clock';
import { deferred } from './deferred';

/**
 * What `run` makes, unless it takes longer than `ms`, or is stopped.
 *
 * @param late What it then rejects with.
 * @param run Given a function that ends the wait.
 */
export async function within<T>(ms: number, late: unknown, run: (stop: (reason: unknown) => void) => T): Promise<Awaited<T>> {
  const { promise: end, reject } = deferred();
  end.catch(() => {}); // it may be stopped, and throw before anybody awaits this
  const alarm = new Alarm(() => reject(late));
  alarm.set(now() + ms);
  try {
    return (await Promise.race([end, run(reject)])) as Awaited<T>;
  } finally {
    alarm.stop();
  }
}
