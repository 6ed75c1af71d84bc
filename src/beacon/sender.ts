/** What a platform does for the channel: it sends, and it announces that the program or the page is about to end. */
import type { Item } from './item';

/** Why a beacon was dropped; a closed set. */
export type DropReason =
  | 'timeout' // it took too long
  | 'network_error' // it could not be sent
  | 'rejected' // the collector answered with anything but a 2xx
  | 'queue_full' // newer ones took its place
  | 'payload_too_large' // larger than the channel may hold
  | 'serialize_error' // it cannot be turned into bytes synchronously
  | 'invalid_url' // not a string that is an HTTP URL
  | 'circuit_open' // too many timeouts in a row
  | 'ratelimit_backoff' // the collector asked for a pause
  | 'quota_exceeded' // the browser takes no more as the page goes away
  | 'already_shutdown'; // the client is closed, or the program ends

/** What became of a beacon. */
export type Sent =
  | { ok: true }
  | { ok: false; reason: 'timeout' | 'network_error' | 'rejected'; status?: number; retryAfter?: number | undefined };

/** A hidden page may be killed without notice, or be back in a second; a page that leaves is over, as far as anyone knows. */
export type Ending = 'hidden' | 'leaving';

/** What a sender calls when the end is near. */
export interface Endings {
  handOver(ending: Ending): void;
  /** Called when the program has nothing else to do: gives what waits so many milliseconds, if any. Never rejects. */
  drain(ms: number): Promise<void>;
}

export interface Sender {
  /** Sends within `timeout` milliseconds, after which the connection is closed. Never rejects, always settles. */
  send(item: Item, timeout: number): Promise<Sent>;
  /**
   * Hands one request to what outlives the page, without waiting. False if it is not taken; absent where there is no such thing.
   *
   * @param ended Called with whether it was answered, if the page is still there to be told and the browser tells.
   */
  handOver?(item: Item, ended: (answered: boolean) => void): boolean;
  /** Ends one in flight as one that timed out, where its time may stand still. */
  stop?(item: Item): void;
  /** Set while a beacon accepted now may get no later turn. */
  ending?(): Ending | undefined;
  /** Called as a beacon is accepted, where the program may be about to end for want of other work. */
  hold?(): void;
  /** Subscribes to the end. Returns a function that unsubscribes. */
  onEnd(endings: Endings): () => void;
  /** Ends what is in flight. */
  close(): void;
}
