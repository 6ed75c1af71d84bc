/** State per key with bounded memory: beyond the cap the longest unused go, but none that says it is busy, nor the one just asked for. */
export class Lru<T> {
  readonly #entries = new Map<string, T>();
  readonly #cap: number;
  readonly #make: (key: string) => T;
  readonly #isBusy: (entry: T) => boolean;

  constructor(cap: number, make: (key: string) => T, isBusy: (entry: T) => boolean = () => false) {
    this.#cap = cap;
    this.#make = make;
    this.#isBusy = isBusy;
  }

  /** The state of a key, made where there is none. */
  use(key: string): T {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found;
    }
    this.#makeRoom();
    const made = this.#make(key);
    this.#entries.set(key, made);
    return made;
  }

  peek(key: string): T | undefined {
    return this.#entries.get(key);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  values(): T[] {
    return [...this.#entries.values()];
  }

  /** Where more than the cap were busy at once, the rest goes as soon as it is not. */
  #makeRoom(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size < this.#cap) return;
      if (!this.#isBusy(entry)) this.#entries.delete(key);
    }
  }
}
