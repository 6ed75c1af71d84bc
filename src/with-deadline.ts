/** The deadline as a scope: a hard race around any work, inherited by the calls made inside. */
import { ambient } from '#platform';
import { Alarm, afterPendingInput, credit, now, since } from './clock';
import { Deadline } from './deadline';
import { TimeoutError } from './errors';
import { badOption } from './errors/bad-option';
import { withoutStack } from './errors/caller';

/** Milliseconds by which a call inside may be first to hit the same deadline: its error knows more (phase, timings). */
const GRACE = 10;

const target = (ms: number): string => `withDeadline(${ms})`;

/**
 * Runs `fn` and rejects after `ms` whatever it does, like asyncio.wait_for: a hard race, with `d.signal` for work that can be aborted.
 * A client's calls made inside inherit what is left: in Node automatically (AsyncLocalStorage), anywhere with `{ deadline: d }`.
 *
 * @param ms Milliseconds. An enclosing deadline that ends sooner wins; with nothing left `fn` is not called.
 * @throws TimeoutError with `limit: 'deadline'`
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` if `ms` is not a number
 */
export function withDeadline<T>(ms: number, fn: (d: Deadline) => Promise<T>): Promise<T> {
  if (typeof ms !== 'number' || Number.isNaN(ms)) return Promise.reject(badOption('withDeadline', ms, 'It takes milliseconds.'));
  const deadline = new Deadline(ms, ambient.current());
  const expire = (late: number, elapsed: number, doing = 'before the work was done'): TimeoutError =>
    // Raised by a timer: a stack would say nothing, and keep alive all that the turn refers to for as long as the error lives.
    withoutStack(
      () =>
        new TimeoutError(
          { limit: 'deadline', phase: 'waiting', limitMs: deadline.ms, elapsed, timings: {}, attempts: 0, safeToRetry: false, lag: late },
          target(ms),
          undefined,
          doing,
        ),
    );
  if (deadline.expired) return Promise.reject(expire(0, 0, 'before the work was begun'));

  return new Promise<T>((resolve, reject) => {
    const startedAt = now();
    let lag = 0;
    let cancelYield: (() => void) | undefined;
    const alarm = new Alarm((late) => {
      // Credited the same way as for the calls inside, so that both come to the same end.
      const extra = lag ? 0 : credit(late + GRACE, deadline.ms);
      if (extra) {
        lag = extra;
        alarm.set(now() + extra + GRACE);
        return;
      }
      // Yields once more than the alarms inside: Node may fire a timer before one of another duration that is due sooner.
      cancelYield = afterPendingInput(() => {
        const error = expire(Math.round(lag), since(startedAt));
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
