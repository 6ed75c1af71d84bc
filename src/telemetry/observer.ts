/** Turns what policies report into events. Nothing is computed unless somebody listens. */
import type { Call, Observer } from '../call';
import { codeOf } from '../errors';
import type { Events } from './events';
import { attemptRecord, callRecord } from './record';

export function observe(events: Events): Observer {
  return {
    attemptEnded: (call, attempt, end) => events.emit('attempt', () => attemptRecord(call, attempt, end)),
    callEnded: (call, end) => events.emit('call', () => callRecord(call, end)),
    timedOut: (call, attempt, error) =>
      events.emit('timeout', () =>
        attemptRecord(call, attempt, { outcome: 'timeout', elapsed: error.elapsed, error, status: attempt?.status }),
      ),
    retried: (call, decision, { elapsed: _, ...failed }) =>
      events.emit('retry', () => ({
        ...about(call),
        ...failed,
        ...(decision.retry ? { delay: decision.delay } : { reason: decision.reason }),
      })),
    limited: (call, limit, retryAfter) =>
      events.emit('limited', () => ({ ...about(call), limit, ...(retryAfter !== undefined && { retryAfter }) })),
    fellBack: (call, kind, error, age) =>
      events.emit('fallback', () => {
        const code = codeOf(error);
        return { ...about(call), kind, ...(age !== undefined && { age }), ...(code !== undefined && { code }) };
      }),
  };
}

const about = ({ id, endpoint }: Call): { id: string; endpoint: string } => ({ id, endpoint });
