// What comes due first of many, compared with a list that is sorted anew each time.
import { expect, it } from 'vitest';
import { type Due, enter, leave } from '../../src/util/heap';
import { randomFrom } from './telemetry-support';

const dueAt = (due: number): Due => ({ due, place: -1 });

it.each([1, 2, 3, 10, 300])('tells which of %i is due first, whatever comes and goes', (most) => {
  const random = randomFrom(most);
  const heap: Due[] = [];
  const inIt = new Set<Due>();
  for (let i = 0; i < 2_000; i++) {
    if (random() < 0.6 && inIt.size < most) {
      const item = dueAt(Math.floor(random() * 50));
      inIt.add(item);
      enter(heap, item);
    } else {
      const item = [...inIt][Math.floor(random() * inIt.size)];
      if (!item) continue;
      inIt.delete(item);
      leave(heap, item);
      expect(item.place).toBe(-1);
    }
    expect(heap[0]?.due).toBe(inIt.size ? Math.min(...[...inIt].map(({ due }) => due)) : undefined);
    expect(heap).toHaveLength(inIt.size);
    expect(heap.every((item, index) => item.place === index && inIt.has(item))).toBe(true);
  }
});

/** Takes all out, from the first on. */
function all(heap: Due[]): number[] {
  const taken: number[] = [];
  for (let [first] = heap; first; [first] = heap) {
    taken.push(first.due);
    leave(heap, first);
  }
  return taken;
}

const heapOf = (...dues: number[]): { heap: Due[]; items: Due[] } => {
  const heap: Due[] = [];
  const items = dues.map(dueAt);
  for (const item of items) enter(heap, item);
  return { heap, items };
};

it.each([[[1, 2, 3, 4, 5, 6, 7]], [[7, 6, 5, 4, 3, 2, 1]], [[4, 2, 6, 1, 3, 5, 7]], [[1, 1, 2, 2, 1, 1]]])(
  'gives %j in the order in which they are due',
  (dues) => {
    expect(all(heapOf(...dues).heap)).toEqual([...dues].sort((a, b) => a - b));
  },
);

it('lets the last rise that takes the place of one that leaves, where it is due before what is above', () => {
  // 1 over 10 and 2, 10 over 11 and 12, 2 over 5 and 6: 12 leaves, 6 takes its place, and is due before 10.
  const { heap, items } = heapOf(1, 10, 2, 11, 12, 5, 6);
  leave(heap, items[4] as Due);
  expect(heap.map(({ due }) => due)).toEqual([1, 6, 2, 11, 10, 5]);
  expect(all(heap)).toEqual([1, 2, 5, 6, 10, 11]);
});
