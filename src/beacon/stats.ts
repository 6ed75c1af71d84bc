/** What `client.beacons.stats()` tells. */
import type { DropReason } from './sender';

/** The state of the channel at one moment, as plain JSON. */
export interface BeaconStats {
  /** Beacons waiting to be sent. */
  queued: number;
  /** Bytes waiting to be sent. */
  bytes: number;
  /** Requests in flight. */
  inFlight: number;
  /** Beacons delivered, or handed over to the browser. */
  sent: number;
  /** Beacons dropped, by reason. */
  dropped: Partial<Record<DropReason, number>>;
}
