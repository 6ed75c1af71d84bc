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
  }
});
