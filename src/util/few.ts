/** Lists of a few, of which each call in flight has several: no longer than they are. V8 reserves room for sixteen more in one that was pushed or spread to. */

/** The empty list that they all begin with. */
export const NONE: readonly never[] = [];

/** A list with one more at its end. */
export const plus = <T>(list: readonly T[], one: T): readonly T[] => list.concat([one]);
