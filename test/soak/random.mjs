// Reproducible randomness: mulberry32, so that a seed repeats the same choices. Timing remains the machine's own.

/** @typedef {ReturnType<typeof randomFrom>} Random */

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (/** @type {number} */ from, /** @type {number} */ to) => from + Math.floor(next() * (to - from + 1));
  return {
    /** An integer, both ends included. */
    int,
    /** True in this share of cases. */
    percent: (/** @type {number} */ share) => next() * 100 < share,
    /** @template T @param {readonly T[]} list @returns {T} */
    one: (list) => /** @type {T} */ (list[int(0, list.length - 1)]),
    /** One of the entries, chosen by their weights. @template {{ weight: number }} T @param {readonly T[]} list @returns {T} */
    weighted(list) {
      let at = next() * list.reduce((sum, { weight }) => sum + weight, 0);
      return /** @type {T} */ (
        list.find(({ weight }) => {
          at -= weight;
          return at < 0;
        }) ?? list[0]
      );
    },
    /** @param {number} length */
    letters: (length) => Array.from({ length }, () => String.fromCharCode(int(97, 122))).join(''),
    /** @param {number} length */
    hex: (length) => Array.from({ length }, () => int(0, 15).toString(16)).join(''),
  };
}
