// The fake clock of the unit tests, and what is peculiar about it.
import { vi } from 'vitest';

/** A fake setImmediate made within a tick runs a millisecond later; a real one, in the same turn. */
export const YIELD = 1;

/** Lets the monotonic clock jump as it does while the event loop is blocked: no timer runs meanwhile. */
export function blockable(): (ms: number) => void {
  const fake = performance.now.bind(performance);
  let blocked = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => fake() + blocked);
  return (ms) => {
    blocked += ms;
  };
}
