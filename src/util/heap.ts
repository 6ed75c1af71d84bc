/** What comes due first of many: a binary heap. Each knows its place in it, so that any can be taken out. */

export interface Due {
  /** Monotonic time. */
  readonly due: number;
  /** Its place in the heap; -1 where it is in none. */
  place: number;
}

export class Heap<T extends Due> {
  readonly #items: T[] = [];

  /** The one that is due first. */
  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#rise(item, this.#items.length);
  }

  remove(item: T): void {
    const { place } = item;
    const last = this.#items.pop();
    item.place = -1;
    if (!last || last === item) return;
    const parent = this.#items[(place - 1) >> 1];
    if (parent && parent.due > last.due) this.#rise(last, place);
    else this.#sink(last, place);
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Puts an item in this place, or above it while what is there is due later. */
  #rise(item: T, place: number): void {
    for (let parent = (place - 1) >> 1; place > 0; place = parent, parent = (place - 1) >> 1) {
      const above = this.#items[parent] as T;
      if (above.due <= item.due) break;
      this.#put(above, place);
    }
    this.#put(item, place);
  }

  /** Puts an item in this place, or below it while what is there is due earlier. */
  #sink(item: T, place: number): void {
    for (let child = 2 * place + 1; child < this.#items.length; place = child, child = 2 * place + 1) {
      const [left, right] = [this.#items[child] as T, this.#items[child + 1]];
      const below = right && right.due < left.due ? right : left;
      if (below.due >= item.due) break;
      if (below === right) child++;
      this.#put(below, place);
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
