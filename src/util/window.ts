/** Counts over a sliding window: a ring of buckets that time alone empties. Fixed memory, whatever the traffic. */
import { now } from '../clock';

export class Window<Name extends string> {
  /** Milliseconds that the window spans. */
  readonly span: number;
  readonly #width: number;
  readonly #names: readonly Name[];
  /** Bucket by bucket, one count per name. */
  readonly #counts: Uint32Array;
  readonly #totals: Uint32Array;
  #newest: number;
  /** Where the counts of the newest bucket begin. */
  #row = 0;

  constructor(span: number, buckets: number, names: readonly Name[]) {
    this.span = span;
    this.#width = span / buckets;
    this.#names = names;
    this.#counts = new Uint32Array(buckets * names.length);
    this.#totals = new Uint32Array(names.length);
    this.#newest = this.#index(now());
  }

  /** @param at The current monotonic time, for callers that have already read it. */
  add(name: Name, count = 1, at = now()): void {
    this.#advance(at);
    const column = this.#names.indexOf(name);
    const cell = this.#row + column;
    (this.#counts[cell] as number) += count;
    (this.#totals[column] as number) += count;
  }

  total(name: Name, at = now()): number {
    return this.totals(at)[this.#names.indexOf(name)] ?? 0;
  }

  /** All totals, in the order of the names. Not a copy. */
  totals(at: number): Readonly<Uint32Array> {
    this.#advance(at);
    return this.#totals;
  }

  clear(at = now()): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
    this.#newest = this.#index(at);
  }

  #index(at: number): number {
    return Math.floor(at / this.#width);
  }

  #advance(at: number): void {
    const index = this.#index(at);
    if (index > this.#newest) this.#turn(index, at);
  }

  /** Empties the buckets that time has passed; after a long pause, all of them. */
  #turn(index: number, at: number): void {
    const columns = this.#names.length;
    if ((index - this.#newest) * columns >= this.#counts.length) return this.clear(at);
    while (this.#newest < index) {
      this.#newest++;
      this.#row = (this.#row + columns) % this.#counts.length;
      for (let column = 0; column < columns; column++) {
        const cell = this.#row + column;
        (this.#totals[column] as number) -= this.#counts[cell] as number;
        this.#counts[cell] = 0;
      }
    }
  }
}
