/** Options of the best-effort channel for analytics and logs, which may be lost and must never be in the way. */
import { count, duration, type Full, fields } from './check';

/** The beacon channel of a client. */
export interface BeaconChannelOptions {
  /** How many beacons may be queued; beyond that the oldest is dropped. @default 100 */
  maxItems?: number | undefined;
  /** How many bytes may be queued; beyond that the oldest beacon is dropped. @default 262144 */
  maxBytes?: number | undefined;
  /** Milliseconds a beacon may take. Then it is dropped: no retry, no error. @default 2000 */
  timeout?: number | undefined;
  /** Requests in flight to one origin at a time; a page has six connections to it. @default 2 */
  perOrigin?: number | undefined;
  /** How many timeouts in a row stop the channel to an origin. @default 3 */
  maxTimeouts?: number | undefined;
  /** How long it is then stopped, in milliseconds. @default 30000 */
  stopFor?: number | undefined;
}

/** Several beacons in one request, for endpoints that take an array or lines. */
export interface BatchOptions {
  /** Beacons per request. @default 20 */
  size?: number | undefined;
  /** Bytes per request. @default 49152 */
  bytes?: number | undefined;
  /** Milliseconds after which a batch is sent, full or not. @default 5000 */
  interval?: number | undefined;
  /** `array`: one JSON array; `lines`: newline-delimited JSON. @default 'array' */
  format?: 'array' | 'lines' | undefined;
}

/** Options of one beacon. */
export interface BeaconOptions {
  /** Type of data serialised to text. Most types but the default cost a page a preflight. @default 'text/plain;charset=UTF-8' */
  contentType?: string | undefined;
  /** Request headers. They cost a page a preflight. @default none */
  headers?: Readonly<Record<string, string | false | null | undefined>> | undefined;
  /**
   * Sends it together with others to the same URL; `true` uses the defaults. A string that does not hold a JSON object or array is sent as
   * a JSON string; bytes and forms are sent alone. @default false
   */
  batch?: BatchOptions | boolean | undefined;
}

/** The channel's options in force. */
export type BeaconSettings = Full<BeaconChannelOptions>;

const DEFAULTS: BeaconSettings = { maxItems: 100, maxBytes: 262_144, timeout: 2_000, perOrigin: 2, maxTimeouts: 3, stopFor: 30_000 };

export const DEFAULT_BATCH: Full<BatchOptions> = { size: 20, bytes: 49_152, interval: 5_000, format: 'array' };

/** The settings of a client's channel, over those of the client it was made by. */
export function beaconSettings(beacons: BeaconChannelOptions | undefined, base: BeaconSettings = DEFAULTS): BeaconSettings {
  if (beacons === undefined) return base;
  return fields<BeaconChannelOptions>(
    'beacons',
    base,
    beacons,
    { maxItems: count, maxBytes: count, timeout: duration, perOrigin: count, maxTimeouts: count, stopFor: duration },
    'an object',
  ) as BeaconSettings;
}
