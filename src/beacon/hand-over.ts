/** What a page that goes away leaves to the browser: small requests first, so that a large one costs none but itself. */
import { type Item, joined, sizeOf } from './item';
import { batchOf } from './queue';

/** Of the 64 KiB that all keepalive requests of a page share, in bytes; the rest is left to others. */
export const QUOTA = 60_000;

/** What became of each: taken over by the browser, refused by it, or not offered. */
interface HandedOver {
  taken: Item[];
  refused: Item[];
  barred: Item[];
}

/** Offers requests to the browser through `take`, where `mayTake`. */
export function handOver(items: Iterable<Item>, mayTake: (item: Item) => boolean, take: (item: Item) => boolean): HandedOver {
  const result: HandedOver = { taken: [], refused: [], barred: [] };
  const offer = (group: Item[]): boolean => {
    const item = joined(group);
    const to = !mayTake(item) ? 'barred' : item.body.length <= QUOTA && take(item) ? 'taken' : 'refused';
    if (to === 'refused' && group.length > 1) return false;
    result[to].push(...group);
    return true;
  };
  for (const group of grouped(items).sort((a, b) => sizeOf(a) - sizeOf(b))) {
    if (offer(group)) continue;
    // What the browser refuses is split once.
    const half = Math.ceil(group.length / 2);
    for (const part of [group.slice(0, half), group.slice(half)]) if (!offer(part)) result.refused.push(...part);
  }
  return result;
}

/** Those that go in one request, as many as a request may hold. */
function grouped(items: Iterable<Item>): Item[][] {
  const groups: Item[][] = [];
  const left = new Set(items);
  for (const item of left) {
    const group = batchOf(item, left, QUOTA).items;
    groups.push(group);
    for (const one of group) left.delete(one);
  }
  return groups;
}
