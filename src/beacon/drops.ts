/** Counts dropped beacons and reports them, at most once a second per reason. */
import { redactedUrl } from '../endpoint';
import { Later } from '../util/later';
import { own } from '../util/own';
import type { Dropped } from './item';
import type { DropReason } from './sender';

/** Beacons were dropped. Those dropped for the same reason within a second make one event. */
export interface BeaconEvent {
  /** Why they were dropped. */
  reason: DropReason;
  /** How many were dropped. */
  count: number;
  /** Their size in bytes. */
  bytes: number;
  /** The URL of the last one, without credentials and query values; empty if it was no text. */
  url: string;
}

const INTERVAL = 1_000;

/** What the next event will tell, and when. */
interface Pending {
  count: number;
  bytes: number;
  url: string;
  readonly timer: Later;
}

export class Drops {
  readonly #counts: Partial<Record<DropReason, number>> = {};
  readonly #pending = new Map<DropReason, Pending>();
  readonly #tell: (event: BeaconEvent) => void;

  constructor(tell: (event: BeaconEvent) => void) {
    this.#tell = tell;
  }

  add(reason: DropReason, { url, count, body }: Dropped): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
    const pending = this.#pending.get(reason) ?? { count: 0, bytes: 0, url, timer: new Later(() => this.#announce(reason)) };
    const { timer } = pending;
    this.#pending.set(reason, pending);
    pending.count += count;
    pending.bytes += body.length;
    pending.url = url;
    if (timer.isLost) this.#announce(reason);
    else if (timer.due === Infinity) timer.set(INTERVAL); // throws in Cloudflare Workers outside a request
  }

  counts(): Partial<Record<DropReason, number>> {
    return { ...this.#counts };
  }

  /** Reports what is pending right away, since there may be no later. */
  announce(): void {
    for (const reason of [...this.#pending.keys()]) this.#announce(reason);
  }

  #announce(reason: DropReason): void {
    const pending = this.#pending.get(reason);
    if (!pending) return;
    this.#pending.delete(reason);
    const { count, bytes, url, timer } = pending;
    timer.cancel();
    // A page would take an empty URL for its own address.
    this.#tell({ reason, count, bytes, url: url && redactedUrl(own({ url })) });
  }
}
