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

/** Asks a function of the user's for an answer that is needed at once. One that throws, or is async, is told of; `instead` counts. */
export function consult<Args extends unknown[], R>(fn: (...args: Args) => R, args: Args, instead: R, message: string): R {
  try {
    const answer = fn(...args);
    if (!(answer instanceof Promise)) return answer;
    answer.catch(() => {});
    complain(fn, message, new TypeError('It is async; what it answers is needed at once.'));
  } catch (error) {
    complain(fn, message, error);
  }
  return instead;
}
