/** The deadline as a scope: a hard race round any work, inherited by the calls made inside. */
import { ambient } from '#platform';
import { Alarm, afterPendingInput, credit, now } from './clock';
import { Deadline } from './deadline';
import { badOption, TimeoutError, withoutStack } from './errors';

/** A call inside that runs into the same deadline knows more (phase, timings): so many milliseconds it has to be first. */
const GRACE = 10;

const target = (ms: number): string => `withDeadline(${ms})`;

/**
 * Runs `fn` and rejects at `ms` whatever it does, like asyncio.wait_for: a hard race, with `d.signal` for those who listen.
 * Calls of a client made inside inherit what is left: in Node by themselves (AsyncLocalStorage), anywhere with `{ deadline: d }`.
 *
 * @param ms Milliseconds. An enclosing deadline that ends sooner wins; with nothing left `fn` is not called.
 * @throws TimeoutError with `limit: 'deadline'`
 */
export function withDeadline<T>(ms: number, fn: (d: Deadline) => Promise<T>): Promise<T> {
  if (typeof ms !== 'number' || Number.isNaN(ms)) return Promise.reject(badOption('withDeadline', ms, 'It takes milliseconds.'));
  const deadline = new Deadline(ms, ambient.current());
  const expire = (late: number, elapsed: number): TimeoutError =>
    // Of a timer: its stack would tell nothing, and hold all of what was done in that turn for as long as the error is.
    withoutStack(
      () =>
        new TimeoutError(
          { limit: 'deadline', phase: 'waiting', limitMs: deadline.ms, elapsed, timings: {}, attempts: 0, safeToRetry: false, lag: late },
          target(ms),
          undefined,
          'before the work was done',
        ),
    );
  if (deadline.expired) return Promise.reject(expire(0, 0));

  return new Promise<T>((resolve, reject) => {
    const startedAt = now();
    let lag = 0;
    let cancelYield: (() => void) | undefined;
    const alarm = new Alarm((late) => {
      // Counted as the calls inside count it, so that they come to the same.
      const extra = lag ? 0 : credit(late + GRACE, deadline.ms);
      if (extra) {
        lag = extra;
        alarm.set(now() + extra + GRACE);
        return;
      }
      // Once more than the alarms inside yield: Node may fire a timer before one of another length that is due sooner.
      cancelYield = afterPendingInput(() => {
        const error = expire(Math.round(lag), now() - startedAt);
        reject(error);
        deadline.abort(error);
      });
    });
    alarm.set(startedAt + deadline.ms + GRACE);
    const work = ambient.run(deadline, async () => fn(deadline));
    const disarm = (): void => {
      alarm.stop();
      cancelYield?.();
    };
    work.then(disarm, disarm);
    work.then(resolve, reject);
  });
}
