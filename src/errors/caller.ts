/**
 * Where a call was made, in the stack of its error, as axios has it there. V8 tells it where an error is passed on by async functions all the way, so
 * the first that the caller awaits says it.
 */
import { define } from '../util/define';

/** One error may be that of several calls. */
const told = new WeakSet<object>();

/** As V8 writes it, or what takes its place for source maps; of whoever calls, and not of what runs it. */
const FRAME = /^\s+at (?!.*\bprocessTicksAndRejections\b)/;

/** @param from The async function that passes the error on. */
export function tellCaller(error: unknown, from: (...args: never[]) => unknown): void {
  if (!(error instanceof Error) || told.has(error) || typeof Error.captureStackTrace !== 'function') return;
  told.add(error);
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, from);
  // Written out at once: until then V8 keeps all that the frames can see.
  const frames = String(caller.stack)
    .split('\n')
    .filter((line) => FRAME.test(line));
  if (frames.length) define(error, 'stack', { value: [stackOf(error), ...frames].join('\n'), writable: true, configurable: true });
}

function stackOf(error: Error): unknown {
  try {
    return error.stack ?? error;
  } catch {
    return error; // one of the user's that cannot be looked at
  }
}
