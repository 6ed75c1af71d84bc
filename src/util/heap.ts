/** What comes due first of many: a binary heap in an array, the first in front. Each knows its place, so that any can be taken out. */

export interface Due {
  /** Monotonic time. */
  readonly due: number;
  /** Its place in the heap; -1 where it is in none. */
  place: number;
}

export const enter = <T extends Due>(heap: T[], item: T): void => rise(heap, item, heap.length);

/** Takes out one that is in it. */
export function leave<T extends Due>(heap: T[], item: T): void {
  const { place } = item;
  const last = heap.pop();
  item.place = -1;
  if (!last || last === item) return;
  const above = heap[(place - 1) >> 1];
  if (above && above.due > last.due) rise(heap, last, place);
  else sink(heap, last, place);
}

/** Puts an item in this place, or above it while what is there is due later. */
function rise<T extends Due>(heap: T[], item: T, place: number): void {
  for (let parent = (place - 1) >> 1; place > 0; place = parent, parent = (place - 1) >> 1) {
    const above = heap[parent] as T;
    if (above.due <= item.due) break;
    put(heap, above, place);
  }
  put(heap, item, place);
}

/** Puts an item in this place, or below it while what is there is due earlier. */
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
