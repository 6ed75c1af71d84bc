/** Counts over a sliding window: a ring of buckets that time alone empties. Fixed memory, whatever the traffic. */
import { now } from '../clock';

export class Window<Name extends string> {
  /** Milliseconds that the window spans. */
  readonly span: number;
  readonly #width: number;
  readonly #buckets: number;
  readonly #names: readonly Name[];
  readonly #counts: Float64Array;
  readonly #totals: Float64Array;
  #newest: number;

  constructor(span: number, buckets: number, names: readonly Name[]) {
    this.span = span;
    this.#width = span / buckets;
    this.#buckets = buckets;
    this.#names = names;
    this.#counts = new Float64Array(buckets * names.length);
    this.#totals = new Float64Array(names.length);
    this.#newest = this.#index();
  }

  add(name: Name, count = 1): void {
    this.#advance();
    const column = this.#names.indexOf(name);
    const at = (this.#newest % this.#buckets) * this.#names.length + column;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#totals[column] = (this.#totals[column] ?? 0) + count;
  }

  total(name: Name): number {
    this.#advance();
    return this.#totals[this.#names.indexOf(name)] ?? 0;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
    this.#newest = this.#index();
  }

  #index(): number {
    return Math.floor(now() / this.#width);
  }

  /** Empties the buckets that time has passed; after a long pause, all of them. */
  #advance(): void {
    const index = this.#index();
    if (index - this.#newest >= this.#buckets) return this.clear();
    while (this.#newest < index) {
      this.#newest++;
      const from = (this.#newest % this.#buckets) * this.#names.length;
      for (let column = 0; column < this.#names.length; column++) {
        this.#totals[column] = (this.#totals[column] ?? 0) - (this.#counts[from + column] ?? 0);
        this.#counts[from + column] = 0;
      }
    }
  }
}
