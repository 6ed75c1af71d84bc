/** Counts dropped beacons and reports them, at most once a second per reason. */
import { redactedUrl } from '../endpoint';
import { Later } from '../util/later';
import { own } from '../util/own';
import type { Item } from './item';
import type { DropReason } from './sender';

/** Beacons were dropped. Those dropped for the same reason within a second make one event. */
export interface BeaconEvent {
  /** Why they were dropped. */
  reason: DropReason;
  /** How many were dropped. */
  count: number;
  /** Their size in bytes. */
  bytes: number;
  /** The URL of the last one, without credentials and query values. */
  url: string;
}

const INTERVAL = 1_000;

type Dropped = Pick<Item, 'url' | 'count' | 'body'>;

export class Drops {
  readonly #counts: Partial<Record<DropReason, number>> = {};
  readonly #pending = new Map<DropReason, BeaconEvent>();
  readonly #timers = new Map<DropReason, Later>();
  readonly #tell: (event: BeaconEvent) => void;

  constructor(tell: (event: BeaconEvent) => void) {
    this.#tell = tell;
  }

  add(reason: DropReason, { url, count, body }: Dropped): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
    const pending = this.#pending.get(reason);
    this.#pending.set(reason, { reason, count: (pending?.count ?? 0) + count, bytes: (pending?.bytes ?? 0) + body.length, url });
    const timer = this.#timers.get(reason) ?? new Later(() => this.#announce(reason));
    if (timer.isLost) return this.#announce(reason);
    if (timer.due === Infinity) timer.set(INTERVAL);
    this.#timers.set(reason, timer);
  }

  counts(): Partial<Record<DropReason, number>> {
    return { ...this.#counts };
  }

  /** Reports what is pending right away, since there may be no later. */
  announce(): void {
    for (const reason of [...this.#timers.keys()]) this.#announce(reason);
  }

  #announce(reason: DropReason): void {
    this.#timers.get(reason)?.cancel();
    this.#timers.delete(reason);
    const event = this.#pending.get(reason);
    this.#pending.delete(reason);
    if (event) this.#tell({ ...event, url: redactedUrl(own({ url: event.url })) });
  }
}
