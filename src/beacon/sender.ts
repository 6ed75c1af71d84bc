/** What a platform does for the channel: it sends, and it says when the program or the page is about to end. */
import type { Item } from './item';

/** Why a beacon was dropped: the closed set. */
export type DropReason =
  | 'timeout' // it took too long
  | 'network_error' // it could not be sent
  | 'rejected' // the collector answered with anything but a 2xx
  | 'queue_full' // younger ones took its place
  | 'payload_too_large' // larger than the channel
  | 'serialize_error' // it cannot be turned into bytes at once
  | 'invalid_url' // not a string that is an HTTP URL
  | 'circuit_open' // too many timeouts in a row
  | 'ratelimit_backoff' // the collector asked for a pause
  | 'quota_exceeded' // the browser takes no more while the page goes away
  | 'already_shutdown'; // the client is closed, or the program ends

/** What became of a beacon. */
export type Sent =
  | { ok: true }
  | { ok: false; reason: 'timeout' | 'network_error' | 'rejected'; status?: number; retryAfter?: number | undefined };

/** A page that is hidden may be killed without a word, or be back in a second; one that leaves is over, as far as anyone knows. */
export type Ending = 'hidden' | 'leaving';

/** What a sender tells of the end. */
export interface Endings {
  handOver(ending: Ending): void;
  /** The program has nothing else to do. */
  drain(): Promise<void>;
}

export interface Sender {
  /** Sends within `timeout` milliseconds; the connection is closed when they are over. Never rejects, always ends. */
  send(item: Item, timeout: number): Promise<Sent>;
  /** Gives one request to what outlives the page, without waiting. False where it is not taken. Absent where nothing outlives. */
  handOver?(item: Item): boolean;
  /** Set where what is accepted now may have no later turn. */
  ending?(): Ending | undefined;
  /** Calls when the end is near. Returns what stops listening. */
  onEnd(endings: Endings): () => void;
  /** Ends what is on its way. */
  close(): void;
}
