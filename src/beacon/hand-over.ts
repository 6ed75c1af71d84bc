/** Leaves requests to the browser when the page goes away: small ones first, so that a large one crowds out none but itself. */
import { type Item, joined, sizeOf } from './item';
import { batchOf } from './queue';
import type { DropReason } from './sender';

/** Our part of the 64 KiB that all keepalive requests of a page share, in bytes; the rest is left to others. */
export const QUOTA = 60_000;

/**
 * Offers requests to the browser.
 *
 * @param offer Offers one request; returns the reason if it is not taken over.
 * @param settle Called for each beacon with the reason it was refused, if it was.
 */
export function handOver(
  items: Iterable<Item>,
  offer: (item: Item) => DropReason | undefined,
  settle: (item: Item, refusal: DropReason | undefined) => void,
): void {
  const give = (group: Item[], mayBeSplit: boolean): void => {
    const refusal = offer(joined(group));
    if (refusal === 'quota_exceeded' && mayBeSplit && group.length > 1) {
      const half = Math.ceil(group.length / 2);
      for (const part of [group.slice(0, half), group.slice(half)]) give(part, false);
    } else for (const item of group) settle(item, refusal);
  };
  for (const group of grouped(items).sort((a, b) => sizeOf(a) - sizeOf(b))) give(group, true);
}

/** Groups beacons that may share a request, as many as it may hold. */
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
