/** A queue that those who wait may leave: first come, first served. A Set would do, but takes ever longer to give its first the longer it is. */
export interface Place<T> {
  readonly who: T;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
  isIn: boolean;
}

export class Line<T> {
  length = 0;
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get first(): Place<T> | undefined {
    return this.#first;
  }

  add(who: T): Place<T> {
    const place: Place<T> = { who, before: this.#last, after: undefined, isIn: true };
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
    this.length++;
    return place;
  }

  /** Whether it was still in. */
  leave(place: Place<T>): boolean {
    if (!place.isIn) return false;
    const { before, after } = place;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    // Who has left may be remembered for long; those who came after him need not be.
    place.before = place.after = undefined;
    place.isIn = false;
    this.length--;
    return true;
  }
}
