/**
 * Where a call was made, in the stack of the error it ends with, as axios has it. V8 follows awaits only through async functions, so this
 * is done in the one that the caller awaits.
 */
import { define } from '../util/define';

/** Errors whose stack waits for the caller's, and those that have it: several calls may end with one error, which tells of the first. */
const known = /* @__PURE__ */ new WeakMap<object, 'waits' | 'told'>();

/** A frame as V8 or a source-map hook prints it, unless it is the event loop's own. */
const FRAME = /^\s+at (?!.*\bprocessTicksAndRejections\b)/;

/**
 * Creates an error without capturing a stack, which would only show our own code. When many calls are refused, the capture would be the
 * largest cost.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error;
  // Engines other than V8 may lack it, and on a frozen `Error` it cannot be set.
  const isOurs = typeof stackTraceLimit === 'number' && Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    const error = make();
    if (isOurs) known.set(error, 'waits');
    return error;
  } finally {
    if (isOurs) Error.stackTraceLimit = stackTraceLimit;
  }
}

/** @param from The async function that rethrows the error; frames up to and including it are left out. */
export function tellCaller(error: unknown, from: (...args: never[]) => unknown): void {
  if (!(error instanceof Error) || typeof Error.captureStackTrace !== 'function') return;
  const state = known.get(error);
  if (state === 'told') return;
  known.set(error, 'told');
  // To write the frames out is most of what they cost: V8 does that for an error of ours once somebody reads its stack.
  if (state === 'waits' && isLazy() && Object.isExtensible(error)) return Error.captureStackTrace(error, from);
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, from);
  const frames = String(caller.stack)
    .split('\n')
    .filter((line) => FRAME.test(line));
  if (frames.length) define(error, 'stack', { value: [stackOf(error), ...frames].join('\n'), writable: true, configurable: true });
}

let asked: unknown;
let answer = false;

/** Whether a captured stack is V8's: the message, and then frames that are written out when they are read. */
function isLazy(): boolean {
  if (asked === Error.captureStackTrace) return answer;
  asked = Error.captureStackTrace;
  const probe = new Error('probe');
  Error.captureStackTrace(probe);
  answer = /^Error: probe(\n\s+at |$)/.test(String(probe.stack));
  return answer;
}

function stackOf(error: Error): unknown {
  try {
    return error.stack ?? error;
  } catch {
    return error; // a user's own, whose getter throws
  }
}
