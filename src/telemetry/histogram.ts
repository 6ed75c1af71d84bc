/** Quantiles in fixed memory: counts in buckets that grow by a constant factor, so that the error is proportional to the value. */

/** The ratio of neighbouring buckets. A value is reported as the middle of its bucket, at most (GROWTH - 1) / (GROWTH + 1) = 1.9 % off. */
const GROWTH = 1.038;
const LOG_GROWTH = /* @__PURE__ */ Math.log(GROWTH);

/** The upper bound of the first bucket, in milliseconds. What is faster counts as this. */
const LOWEST = 0.1;

/** An hour, in milliseconds. What is slower counts as this. */
const HIGHEST = 3_600_000;

const BUCKETS = /* @__PURE__ */ Math.ceil(/* @__PURE__ */ Math.log(HIGHEST / LOWEST) / LOG_GROWTH) + 1;

const bucketOf = (value: number): number => (value > LOWEST ? Math.min(Math.ceil(Math.log(value / LOWEST) / LOG_GROWTH), BUCKETS - 1) : 0);

const middleOf = (bucket: number): number => (2 * LOWEST * GROWTH ** bucket) / (1 + GROWTH);

/** A histogram of durations in milliseconds. */
export class Histogram {
  count = 0;
  readonly #buckets = new Uint32Array(BUCKETS);

  add(value: number): void {
    const bucket = bucketOf(value);
    (this.#buckets[bucket] as number)++;
    this.count++;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.count = 0;
  }

  /** How many values they hold together. */
  static count(histograms: Histogram[]): number {
    return histograms.reduce((sum, { count }) => sum + count, 0);
  }

  /** The value that this share of all values, in all the histograms, does not exceed (nearest rank); 0 if there are none. */
  static quantile(share: number, ...histograms: Histogram[]): number {
    const count = Histogram.count(histograms);
    const rank = Math.max(1, Math.ceil(share * count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS && count > 0; bucket++) {
      for (const histogram of histograms) seen += histogram.#buckets[bucket] as number;
      if (seen >= rank) return middleOf(bucket);
    }
    return 0;
  }
}
