/** Handles mistakes in the user's functions, and in ours: warn once, and let the call go on. */

const told = new WeakSet<object>();

/** Warns of an error, once per `of`. */
export function complain(of: object, message: string, error: unknown): void {
  if (told.has(of)) return;
  told.add(of);
  try {
    console.warn(`breakwater: ${message}`, inWords(error));
  } catch {
    // A console that throws, as some test runners install, is no reason to fail either.
  }
}

/** Where it happened, but none of the error's properties: axios' errors carry the request and its headers. */
function inWords(error: unknown): unknown {
  if (error instanceof Error) return error.stack ?? String(error);
  return typeof error === 'object' && error !== null ? Object.prototype.toString.call(error) : error;
}

/**
 * Runs what merely accompanies the user's request, such as a policy's part in a call. If a defect of ours throws there, it is reported
 * once, and the call goes on as if there were no such policy.
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
 * Whether `answer` is a promise, of any realm; if so, a rejection goes to `onRejected`. Other thenables are left alone: calling `then` on
 * a query builder would send the query.
 */
export function quiet(answer: unknown, onRejected: (error: unknown) => void): boolean {
  if (Object.prototype.toString.call(answer) !== '[object Promise]') return false;
  (answer as Promise<unknown>).catch(onRejected);
  return true;
}

/** Calls a user's function whose answer is needed synchronously. If it throws or is async, warns and returns `instead`. */
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
