/** A FIFO queue that can be left early. A linked list, since getting the first entry of a Set takes longer the longer it is. */
export interface Place<T> {
  readonly who: T;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
  isIn: boolean;
}

export class Line<T> {
  length = 0;
  first: Place<T> | undefined;
  #last: Place<T> | undefined;

  add(who: T): Place<T> {
    return this.#append({ who, before: undefined, after: undefined, isIn: true });
  }

  /** Sends an entry from where it is to the end. */
  toEnd(place: Place<T>): void {
    if (place !== this.#last && this.leave(place)) this.#append(place);
  }

  /** Removes an entry; returns whether it was still in the queue. */
  leave(place: Place<T>): boolean {
    if (!place.isIn) return false;
    const { before, after } = place;
    if (before) before.after = after;
    else this.first = after;
    if (after) after.before = before;
    else this.#last = before;
    // A removed entry may be referenced for long; it must not keep those after it alive.
    place.before = place.after = undefined;
    place.isIn = false;
    this.length--;
    return true;
  }

  #append(place: Place<T>): Place<T> {
    place.isIn = true;
    place.before = this.#last;
    if (this.#last) this.#last.after = place;
    else this.first = place;
    this.#last = place;
    this.length++;
    return place;
  }
}
