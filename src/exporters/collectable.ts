/** What exporters of metrics need from a client. */
import type { Listenable } from '../telemetry/events';

/** The part of a client that metrics need: its events, and the state of its breakers at each scrape. */
export interface Collectable extends Listenable {
  /** As `client.breakers`, of which `list()` is read at each scrape. */
  readonly breakers: {
    /** All breakers in memory. */
    list(): readonly {
      /** The endpoint, or with `per: 'origin'` the origin. */
      endpoint: string;
      /** `closed`, `open` or `half-open`. */
      state: string;
    }[];
  };
}
