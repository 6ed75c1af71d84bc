// A defect of ours is contained, so that no call shows it: a test in which one happened fails all the same, unless it is about that.
import { afterEach, vi } from 'vitest';

const defects = vi.hoisted((): unknown[] => []);

vi.mock(import('../../src/util/complain'), async (original) => {
  const real = await original();
  type Any = (...args: unknown[]) => unknown;
  const watched = new WeakMap<object, Any>(); // the same for the same, since each is told of once
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
  const contain = (what: Any, ...args: unknown[]): unknown => {
    if (!watched.has(what)) watched.set(what, watch(what));
    return real.contain(watched.get(what) as Any, ...args);
  };
  return { ...real, contain: contain as typeof real.contain };
});

/** What was contained since the last time that this was asked; who asks wants it there. */
export const containedDefects = (): unknown[] => defects.splice(0);

afterEach(() => {
  const contained = containedDefects();
  if (contained.length > 0) throw new Error('A defect was contained.', { cause: contained[0] });
});
