/** The last 11 minutes of an endpoint in buckets of 10 s: a ring that time alone empties. Shows its trend; alerts are decided from it. */
import { now } from '../clock';

/** The width of a bucket, in milliseconds. */
export const BUCKET = 10_000;

/** Buckets in 60 s, and in the 10 minutes before. */
const SHORT = 6;
const LONG = 60;
const LENGTH = SHORT + LONG;

/** 10 seconds of an endpoint. */
export interface SeriesPoint {
  /** When they began: milliseconds since the epoch. */
  startedAt: number;
  /** Attempts that ended. */
  attempts: number;
  /** Timeouts among them. */
  timeouts: number;
  /** The attempts' mean elapsed time, in milliseconds; 0 without any. */
  mean: number;
  /** The longest, in milliseconds. */
  max: number;
}

/** Attempts, and how many of them timed out. */
export interface Share {
  attempts: number;
  timeouts: number;
}

/** The share that timed out; 0 of none. */
export const rateOf = ({ attempts, timeouts }: Share): number => (attempts ? timeouts / attempts : 0);

export class Series {
  /** Monotonic time of the last attempt. */
  lastAt = now();
  readonly #attempts = new Uint32Array(LENGTH);
  readonly #timeouts = new Uint32Array(LENGTH);
  readonly #elapsed = new Float64Array(LENGTH);
  readonly #max = new Float64Array(LENGTH);
  #newest = Math.floor(now() / BUCKET);

  /** @param at The current monotonic time. */
  add(elapsed: number, timedOut: boolean, at = now()): void {
    this.#advance(at);
    this.lastAt = at;
    const bucket = this.#newest % LENGTH;
    (this.#attempts[bucket] as number)++;
    if (timedOut) (this.#timeouts[bucket] as number)++;
    (this.#elapsed[bucket] as number) += elapsed;
    this.#max[bucket] = Math.max(this.#max[bucket] as number, elapsed);
  }

  /** The last 60 s, the bucket that is being filled included. */
  short(): Share {
    return this.#sum(0, SHORT);
  }

  /** The 10 minutes before. */
  long(): Share {
    return this.#sum(SHORT, LENGTH);
  }

  /** Oldest first. */
  points(): SeriesPoint[] {
    this.#advance();
    const epoch = Math.round(Date.now() - now());
    return Array.from({ length: LENGTH }, (_, index) => {
      const bucket = this.#newest - LENGTH + 1 + index;
      const at = position(bucket);
      const attempts = this.#attempts[at] as number;
      return {
        startedAt: epoch + bucket * BUCKET,
        attempts,
        timeouts: this.#timeouts[at] as number,
        mean: attempts ? (this.#elapsed[at] as number) / attempts : 0,
        max: this.#max[at] as number,
      };
    });
  }

  /** Sums the buckets from age `from` to before `until`; 0 is the one being filled. */
  #sum(from: number, until: number): Share {
    this.#advance();
    let attempts = 0;
    let timeouts = 0;
    for (let age = from; age < until; age++) {
      const at = position(this.#newest - age);
      attempts += this.#attempts[at] as number;
      timeouts += this.#timeouts[at] as number;
    }
    return { attempts, timeouts };
  }

  #advance(time = now()): void {
    const index = Math.floor(time / BUCKET);
    for (this.#newest = Math.max(this.#newest, index - LENGTH); this.#newest < index; ) {
      const at = ++this.#newest % LENGTH;
      this.#attempts[at] = this.#timeouts[at] = this.#elapsed[at] = this.#max[at] = 0;
    }
  }
}

/** The index in the ring. For a process that has just begun, older buckets have negative numbers. */
const position = (bucket: number): number => ((bucket % LENGTH) + LENGTH) % LENGTH;
