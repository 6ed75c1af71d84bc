// Replaces src/util/complain.ts in the unit tests (by way of watches-defects.ts): the same, but it records what was contained.
import { contain as real } from '../../src/util/complain';

export * from '../../src/util/complain';

type Any = (...args: unknown[]) => unknown;

const defects: unknown[] = [];
/** One wrapper per function, since each is warned about once. Reset for each test file, since files share a process. */
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

/** Takes what was contained since the last call, so that a test that expects it does not fail because of it. */
export const containedDefects = (): unknown[] => defects.splice(0);

export function forgetWatched(): void {
  watched = new WeakMap();
}
