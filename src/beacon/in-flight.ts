/** The beacons in flight, until something is heard of each, or nothing for so long that the platform must have dropped it. */
import { now } from '../clock';
import type { Item } from './item';
import type { Lane } from './lane';
import type { Sent } from './sender';

/** Since when it has been watched, and whether it was late at an earlier look. */
interface Flight {
  readonly lane: Lane;
  since: number;
  isLate: boolean;
}

export class InFlight {
  readonly #flights = new Map<Item, Flight>();

  get size(): number {
    return this.#flights.size;
  }

  begin(item: Item, lane: Lane): void {
    this.#flights.set(item, { lane, since: now(), isLate: false });
    lane.begin();
  }

  /** Returns false if it has ended before: the channel was closed, or nothing was heard of it. */
  end(item: Item, sent: Sent): boolean {
    const flight = this.#flights.get(item);
    flight?.lane.end(sent, flight.since);
    return this.#flights.delete(item);
  }

  /** Those to collectors that hang. */
  hanging(): Item[] {
    return [...this.#flights].filter(([, { lane }]) => lane.hangs).map(([item]) => item);
  }

  /** Ends all. */
  clear(): Item[] {
    const items = [...this.#flights.keys()];
    this.#flights.clear();
    return items;
  }

  /** Those that took longer than `ms` at two looks, and as long between them: at one, any is late in a process that was frozen. */
  lost(ms: number): Item[] {
    const late = [...this.#flights].filter(([, { since }]) => now() - since >= ms);
    const lost = late.filter(([, { isLate }]) => isLate).map(([item]) => item);
    for (const [, flight] of late) Object.assign(flight, { since: now(), isLate: true });
    return lost;
  }
}
