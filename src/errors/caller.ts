/**
 * Where a call was made, in the stack of its error, as axios has it there. V8 tells it where an error is passed on by async functions all the way, so
 * the first that the caller awaits says it. It is written out when somebody looks: most errors of calls are expected, and nobody does.
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
  const { stack } = error;
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, from);
  const set = (value: unknown): void => void define(error, 'stack', { value, writable: true, configurable: true });
  const get = (): unknown => {
    const frames = String(caller.stack)
      .split('\n')
      .filter((line) => FRAME.test(line));
    set(frames.length ? [stack ?? error, ...frames].join('\n') : stack);
    return error.stack;
  };
  define(error, 'stack', { get, set, configurable: true });
}
