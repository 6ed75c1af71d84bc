/** A binary min-heap by due time, in an array. Each item knows its index, so that any can be removed. */

export interface Due {
  /** Monotonic time. */
  readonly due: number;
  /** Its index in the heap; -1 if it is in none. */
  place: number;
}

export const enter = <T extends Due>(heap: T[], item: T): void => rise(heap, item, heap.length);

/** Removes an item, which must be in the heap. */
export function leave<T extends Due>(heap: T[], item: T): void {
  const { place } = item;
  const last = heap.pop();
  item.place = -1;
  if (!last || last === item) return;
  const above = heap[(place - 1) >> 1];
  if (above && above.due > last.due) rise(heap, last, place);
  else sink(heap, last, place);
}

/** Sifts an item up from `place`, past all that are due later. */
function rise<T extends Due>(heap: T[], item: T, place: number): void {
  for (let parent = (place - 1) >> 1; place > 0; place = parent, parent = (place - 1) >> 1) {
    const above = heap[parent] as T;
    if (above.due <= item.due) break;
    put(heap, above, place);
  }
  put(heap, item, place);
}

/** Sifts an item down from `place`, past all that are due earlier. */
function sink<T extends Due>(heap: T[], item: T, place: number): void {
  for (let child = 2 * place + 1; child < heap.length; place = child, child = 2 * place + 1) {
    const left = heap[child] as T;
    const right = heap[child + 1];
    const below = right && right.due < left.due ? right : left;
    if (below.due >= item.due) break;
    if (below === right) child++;
    put(heap, below, place);
  }
  put(heap, item, place);
}

function put<T extends Due>(heap: T[], item: T, place: number): void {
  heap[place] = item;
  item.place = place;
}
