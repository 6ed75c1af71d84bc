/** Counts what was dropped, and tells of it, at most once a second and reason. */
import { redactedUrl } from '../endpoint';
import { own } from '../util/own';
import { quietly } from '../util/quietly';
import type { Item } from './item';
import type { DropReason } from './sender';

/** Beacons were dropped. Several of a kind within a second are one event. */
export interface BeaconEvent {
  /** Why. */
  reason: DropReason;
  /** Beacons. */
  count: number;
  /** Their bytes. */
  bytes: number;
  /** Of the last one; without credentials and query values. */
  url: string;
}

const INTERVAL = 1_000;

type Dropped = Pick<Item, 'url' | 'count' | 'body'>;

export class Drops {
  readonly #counts: Partial<Record<DropReason, number>> = {};
  readonly #pending = new Map<DropReason, BeaconEvent>();
  readonly #timers = new Map<DropReason, () => void>();
  readonly #tell: (event: BeaconEvent) => void;

  constructor(tell: (event: BeaconEvent) => void) {
    this.#tell = tell;
  }

  add(reason: DropReason, { url, count, body }: Dropped): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
    const pending = this.#pending.get(reason);
    this.#pending.set(reason, { reason, count: (pending?.count ?? 0) + count, bytes: (pending?.bytes ?? 0) + body.length, url });
    if (!this.#timers.has(reason))
      this.#timers.set(
        reason,
        quietly(INTERVAL, () => this.#announce(reason)),
      );
  }

  counts(): Partial<Record<DropReason, number>> {
    return { ...this.#counts };
  }

  /** Tells what has not been told: there may be no later. */
  announce(): void {
    for (const reason of [...this.#timers.keys()]) this.#announce(reason);
  }

  #announce(reason: DropReason): void {
    this.#timers.get(reason)?.();
    this.#timers.delete(reason);
    const event = this.#pending.get(reason);
    this.#pending.delete(reason);
    if (event) this.#tell({ ...event, url: redactedUrl(own({ url: event.url })) });
  }
}
