/**
 * Where a call was made, in the stack of its error, as axios has it there. V8 tells it where an error is passed on by async functions all the way, so
 * the first that the caller awaits says it. It is written out when somebody looks: most errors of calls are expected, and nobody does.
 */
import { define } from '../util/define';

/** One error may be that of several calls. */
const told = new WeakSet<object>();

/** @param from The async function that passes the error on. */
export function tellCaller(error: unknown, from: (...args: never[]) => unknown): void {
  if (!(error instanceof Error) || told.has(error) || typeof Error.captureStackTrace !== 'function') return;
  told.add(error);
  const { stack } = error;
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, from);
  const set = (value: unknown): void => void define(error, 'stack', { value, writable: true, configurable: true });
  const get = (): unknown => {
    const [frames] = /\n\s*at async [\s\S]*/.exec(`${caller.stack}`) ?? [];
    set(frames ? `${stack ?? error}${frames}` : stack);
    return error.stack;
  };
  define(error, 'stack', { get, set, configurable: true });
}
