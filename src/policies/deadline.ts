/**
 * The hard end of a call: at the deadline the caller gets an error, whatever hangs inside (an interceptor, a transform, an adapter
 * that ignores its signal, a resolver). What is in progress is stopped as well, but nobody waits for that.
 */
import type { Policy } from '../call';
import { timeoutError } from '../call/errors';
import { Alarm, credit, now } from '../clock';
import { isAborted } from '../util/aborting';
import { contain } from '../util/complain';

const arm = (alarm: Alarm, ms: number): void => alarm.set(now() + ms);
const disarm = (alarm: Alarm): void => alarm.stop();

export const deadline: Policy = (next) => (call) => {
  const { deadline } = call;
  if (!deadline) return next(call);
  if (deadline.expired) {
    const error = timeoutError(call, { limit: 'deadline', limitMs: deadline.ms, lag: 0, elapsed: call.elapsed });
    call.observer.timedOut(call, undefined, error);
    return Promise.reject(error);
  }

  return new Promise((resolve, reject) => {
    const budget = deadline.remaining;
    let lag = 0;
    const alarm = new Alarm((late) => {
      const extra = lag ? 0 : credit(late, budget);
      if (extra) {
        lag = extra;
        alarm.set(now() + extra);
        return;
      }
      if (call.ended && isAborted(call.request)) return reject(call.ended); // a hung interceptor holds the abort back: no timeout
      const error = timeoutError(call, { limit: 'deadline', limitMs: deadline.ms, lag, elapsed: call.elapsed });
      reject(error);
      call.end(error);
      call.observer.timedOut(call, call.attempt, error);
    }, call.timer);
    contain(arm, alarm, budget);
    next(call).then(
      (response) => {
        contain(disarm, alarm);
        resolve(response);
      },
      (error) => {
        contain(disarm, alarm);
        reject(error);
      },
    );
  });
};
