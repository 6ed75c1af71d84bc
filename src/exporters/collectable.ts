/** What exporters of metrics need of a client. */
import type { Listenable } from '../telemetry/events';

/** What is needed of a client: its events, and how its breakers are at the moment of a scrape. */
export interface Collectable extends Listenable {
  /** As `client.breakers`, of which `list()` is read at each scrape. */
  readonly breakers: {
    /** All that there are. */
    list(): readonly {
      /** The endpoint, or its origin. */
      endpoint: string;
      /** `closed`, `open` or `half-open`. */
      state: string;
    }[];
  };
}
