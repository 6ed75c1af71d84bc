// Stands in for src/util/complain.ts in the unit tests (watches-defects.ts sees to that): the same, and it remembers what was contained.
import { contain as real } from '../../src/util/complain';

export * from '../../src/util/complain';

type Any = (...args: unknown[]) => unknown;

const defects: unknown[] = [];
/** The same for the same, since each is told of once: in a file of tests, for files share a process. */
let watched = new WeakMap<object, Any>();

const watch =
  (what: Any): Any =>
  (...args) => {
    try {
      return what(...args);
    } catch (error) {
      defects.push(error);
      throw error;
    }
  };

export const contain = ((what: Any, ...args: unknown[]): unknown => {
  if (!watched.has(what)) watched.set(what, watch(what));
  return real(watched.get(what) as Any, ...args);
}) as typeof real;

/** What was contained since the last time that this was asked; who asks wants it there. */
export const containedDefects = (): unknown[] => defects.splice(0);

export function forgetWatched(): void {
  watched = new WeakMap();
}
