/** The deadline of a call, by its own option and by what it is made inside. */
import { ambient } from '#platform';
import { Deadline } from '../deadline';
import { defaultDeadline, isTooTight, type Policies } from '../options';
import { isDate } from '../util/tag';
import type { Limits } from '../words';

/** The call's own deadline, capped by the one it was made under. */
export function deadlineOf(deadline: Policies['deadline'], limits: Limits): Deadline | undefined {
  const enclosing = ambient.current();
  if (deadline === false) return enclosing && new Deadline(Infinity, enclosing); // its budget is what the enclosing one has left
  if (typeof deadline !== 'object') return new Deadline(deadline ?? defaultDeadline(limits), enclosing);
  if (isDate(deadline)) return new Deadline(Number(deadline) - Date.now(), enclosing);
  return new Deadline(enclosing ? enclosing.remaining : Infinity, deadline);
}

/** Warns once, where a client is made whose deadline would hide its total. */
export function warnIfTooTight(deadline: Policies['deadline'], limits: Limits): void {
  if (!isTooTight(deadline, limits)) return;
  console.warn(
    `breakwater: a deadline of ${deadline} ms leaves the total of ${limits.total} ms no room. It should be 1-2 s wider, so that the total, which knows more, fires first.`,
  );
}
