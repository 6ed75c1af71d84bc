/**
 * Adds to an error's stack where the call was made, as axios does. V8 follows awaits only through async functions, so this is done in the
 * one that the caller awaits.
 */
import { define } from '../util/define';

/** Several calls may end with the same error, whose stack is extended only once. */
const told = new WeakSet<object>();

/** A frame as V8 or a source-map hook prints it, unless it is the event loop's own. */
const FRAME = /^\s+at (?!.*\bprocessTicksAndRejections\b)/;

/** @param from The async function that rethrows the error; frames up to and including it are left out. */
export function tellCaller(error: unknown, from: (...args: never[]) => unknown): void {
  if (!(error instanceof Error) || told.has(error) || typeof Error.captureStackTrace !== 'function') return;
  told.add(error);
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, from);
  // Read at once: until then V8 keeps alive everything the frames can see.
  const frames = String(caller.stack)
    .split('\n')
    .filter((line) => FRAME.test(line));
  if (frames.length) define(error, 'stack', { value: [stackOf(error), ...frames].join('\n'), writable: true, configurable: true });
}

function stackOf(error: Error): unknown {
  try {
    return error.stack ?? error;
  } catch {
    return error; // a user's own, whose getter throws
  }
}
