// What sweeps many inputs does so in full in `npm run test:wide`, which CI runs as well; in `npm test`, for a part of them, the same each time.
const IN_PART = process.env.SWEEPS === 'in part';

/** Of rows of a table each `nth`, from the one with the index `first` on. */
export const some = <T>(rows: readonly T[], nth = 3, first = 0): readonly T[] =>
  IN_PART ? rows.filter((_, i) => i % nth === first % nth) : rows;

/** Of the runs of a property a quarter, the first ones. */
export const runs = (all: number): number => (IN_PART ? Math.ceil(all / 4) : all);
