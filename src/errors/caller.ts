/**
 * Where a call was made, in the stack of the error it ends with, as axios has it. V8 follows awaits only through async functions, so this
 * is done in the one that the caller awaits.
 */
import { define } from '../util/define';

/** Whether an error's stack waits for the caller's, or has it: several calls may end with one error, which tells of the first. */
const isWaiting = /* @__PURE__ */ new WeakMap<object, boolean>();

/** A frame as V8 or a source-map hook prints it, unless it is the event loop's own. */
const FRAME = /^\s+at (?!.*\bprocessTicksAndRejections\b)/;

/**
 * Creates an error without capturing a stack, which would only show our own code. When many calls are refused, the capture would be the
 * largest cost.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error;
  const isOurs = typeof stackTraceLimit === 'number' && limitStacks(0); // engines other than V8 may lack it
  try {
    const error = make();
    if (isOurs) isWaiting.set(error, true);
    return error;
  } finally {
    if (isOurs) limitStacks(stackTraceLimit);
  }
}

/** Returns whether it can be set: not on a frozen `Error`, nor where a setter throws instead, as that of SES may. */
function limitStacks(stackTraceLimit: number): boolean {
  try {
    return Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  } catch {
    return false;
  }
}

/** @param from The async function that rethrows the error; frames up to and including it are left out. */
export function tellCaller(error: unknown, from: (...args: never[]) => unknown): void {
  if (!(error instanceof Error) || typeof Error.captureStackTrace !== 'function') return;
  const waits = isWaiting.get(error);
  if (waits === false) return;
  isWaiting.set(error, false);
  // To write the frames out is most of what they cost: V8 does that for an error of ours once somebody reads its stack.
  // Unless an interceptor, or axios around one, has added something to it.
  if (waits && isLazy() && Object.isExtensible(error) && !`${stackOf(error)}`.includes('\n')) return Error.captureStackTrace(error, from);
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, from);
  const frames = String(caller.stack)
    .split('\n')
    .filter((line) => FRAME.test(line));
  if (frames.length) define(error, 'stack', [stackOf(error), ...frames].join('\n'));
}

let lazy: unknown;

/** Whether a captured stack is V8's: the message, and then frames that are written out when they are read. */
function isLazy(): boolean {
  const { captureStackTrace } = Error;
  if (lazy === captureStackTrace) return true;
  const probe = new Error();
  captureStackTrace(probe);
  if (/^Error(\n\s+at |$)/.test(`${probe.stack}`)) lazy = captureStackTrace;
  return lazy === captureStackTrace;
}

function stackOf(error: Error): unknown {
  try {
    return error.stack ?? error;
  } catch {
    return error; // a user's own, whose getter throws
  }
}
