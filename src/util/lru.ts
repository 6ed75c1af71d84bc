/** State per key in bounded memory: beyond the cap the least recently used go, except busy ones and the one just asked for. */
import { Line, type Place } from './line';

/** How many entries are looked at to make room for one: more than one, so that a surplus shrinks. */
const LOOKS = 8;

export class Lru<T> {
  readonly #places = new Map<string, Place<Node<T>>>();
  /** The least recently used first: moving a place in it costs less than re-inserting its key into the map. */
  readonly #line = new Line<Node<T>>();
  readonly #cap: number;
  readonly #make: (key: string) => T;
  readonly #isBusy: (entry: T, amid: number) => boolean;

  /** @param isBusy Told how many there are: what may stay beyond the cap need not be without end. */
  constructor(cap: number, make: (key: string) => T, isBusy: (entry: T, amid: number) => boolean = () => false) {
    this.#cap = cap;
    this.#make = make;
    this.#isBusy = isBusy;
  }

  /** The state of a key, created if there is none. */
  use(key: string): T {
    let place = this.#places.get(key);
    if (place) this.#line.toEnd(place);
    else {
      this.#makeRoom();
      place = this.#line.add({ key, entry: this.#make(key) });
      this.#places.set(key, place);
    }
    return place.who.entry;
  }

  peek(key: string): T | undefined {
    return this.#places.get(key)?.who.entry;
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place) this.#remove(place);
  }

  /** Least recently used first. */
  values(): T[] {
    const entries: T[] = [];
    for (let place = this.#line.first; place; place = place.after) entries.push(place.who.entry);
    return entries;
  }

  /**
   * Looks at a few of the oldest, since all may be busy; a busy one counts as just used. Where more than the cap were busy at once, the
   * surplus goes here, bit by bit, once it no longer is.
   */
  #makeRoom(): void {
    for (let looks = LOOKS; looks > 0 && this.#line.length >= this.#cap; looks--) {
      const oldest = this.#line.first as Place<Node<T>>;
      if (this.#isBusy(oldest.who.entry, this.#line.length)) this.#line.toEnd(oldest);
      else this.#remove(oldest);
    }
  }

  #remove(place: Place<Node<T>>): void {
    this.#places.delete(place.who.key);
    this.#line.leave(place);
  }
}

interface Node<T> {
  readonly key: string;
  readonly entry: T;
}
