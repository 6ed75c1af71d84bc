/** What is done about mistakes in the user's functions, and in ours: a warning, once, and the call goes on. */

const told = new WeakSet<object>();

/** Tells of an error once for each `of`. */
export function complain(of: object, message: string, error: unknown): void {
  if (told.has(of)) return;
  told.add(of);
  try {
    console.warn(`breakwater: ${message}`, inWords(error));
  } catch {
    // A console that throws, as test runners have it, is no reason to fail either.
  }
}

/** Where it happened, and none of the error's properties: axios' have the request in them, with its headers. */
function inWords(error: unknown): unknown {
  if (error instanceof Error) return error.stack ?? String(error);
  return typeof error === 'object' && error !== null ? Object.prototype.toString.call(error) : error;
}

/**
 * Does what goes on beside what the user asked for, as a policy's part in a call. What a defect of ours throws there is told of once, and the
 * call goes on as if there were no such policy.
 */
export function contain<A extends unknown[], R>(what: (...args: A) => R, ...args: A): R | undefined {
  try {
    return what(...args);
  } catch (error) {
    complain(what, 'something of its own failed; what was asked for goes on without it.', error);
    return undefined;
  }
}

/**
 * Whether it is a promise, of whatever realm; if it is, what it rejects with goes to the handler. What only has a `then` is left alone: a query
 * builder's would send the query.
 */
export function quiet(answer: unknown, onRejected: (error: unknown) => void): boolean {
  if (Object.prototype.toString.call(answer) !== '[object Promise]') return false;
  (answer as Promise<unknown>).catch(onRejected);
  return true;
}

/** Asks a function of the user's for an answer that is needed at once. One that throws, or is async, is told of; `instead` counts. */
export function consult<Args extends unknown[], R>(fn: (...args: Args) => R, args: Args, instead: R, message: string): R {
  try {
    const answer = fn(...args);
    if (!quiet(answer, () => {})) return answer;
    complain(fn, message, new TypeError('It is async; what it answers is needed at once.'));
  } catch (error) {
    complain(fn, message, error);
  }
  return instead;
}
