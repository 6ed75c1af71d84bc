/** Short lists, of which each call in flight has several. None is pushed or spread to: V8 would reserve room for sixteen more in it. */

/** The empty list that they all begin with. */
export const NONE: readonly never[] = [];

/** A list with one more at its end. */
export const plus = <T>(list: readonly T[], one: T): readonly T[] => list.concat([one]);
