/** Runs what ought to return a promise: it may throw before it does, or return something else. */
export function promised<A extends unknown[], R>(run: (...args: A) => Promise<R>, ...args: A): Promise<R> {
  try {
    return Promise.resolve(run(...args));
  } catch (error) {
    return Promise.reject(error);
  }
}
