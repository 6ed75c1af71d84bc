/** The beacons that wait, oldest first, and their size in bytes. */
import type { BeaconSettings } from '../options/beacon';
import type { Item } from './item';

export class Queue {
  readonly #settings: BeaconSettings;
  readonly #items = new Set<Item>();
  bytes = 0;

  constructor(settings: BeaconSettings) {
    this.#settings = settings;
  }

  get length(): number {
    return this.#items.size;
  }

  /** What it holds as a share of what it may, in items or bytes: 1 is full. */
  get load(): number {
    return Math.max(this.#items.size / this.#settings.maxItems, this.bytes / this.#settings.maxBytes);
  }

  /** Items removed during the iteration are skipped. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values();
  }

  add(item: Item): void {
    this.#items.add(item);
    this.bytes += item.body.length;
  }

  remove(item: Item): void {
    if (this.#items.delete(item)) this.bytes -= item.body.length;
  }
}

/** The waiting items that share a request with `item`, and whether it is full: by its batch options, or at `most` bytes. */
export function batchOf(item: Item, waiting: Iterable<Item>, most = Infinity): { items: Item[]; isFull: boolean } {
  const { batch, company } = item;
  if (!batch) return { items: [item], isFull: true };
  const items: Item[] = [];
  const room = Math.min(batch.bytes, most);
  let bytes = 1;
  for (const other of waiting) {
    if (other.company !== company) continue;
    bytes += other.body.length + 1;
    if (items.length > 0 && bytes > room) return { items, isFull: true };
    items.push(other);
    if (items.length >= batch.size) return { items, isFull: true };
  }
  return { items, isFull: bytes >= room };
}
