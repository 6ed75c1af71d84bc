/** How many of something there are, such as firing alerts: an up-down counter that can be taken back. */
import type { Attributes, Meter, MetricOptions } from '@opentelemetry/api';

/**
 * Not an observable gauge, which would show only the last of several clients on one meter, or of all endpoints in `_OTHER`. These add up.
 */
export class Level {
  readonly #counter: ReturnType<Meter['createUpDownCounter']>;
  readonly #counts = new Map<string, { attributes: Attributes; count: number }>();

  constructor(meter: Meter, name: string, options: MetricOptions) {
    this.#counter = meter.createUpDownCounter(name, options);
  }

  /** What came up before anybody listened is not counted down. */
  add(by: 1 | -1, attributes: Attributes): void {
    const key = JSON.stringify(attributes);
    const count = (this.#counts.get(key)?.count ?? 0) + by;
    if (count < 0) return;
    this.#counts.set(key, { attributes, count });
    this.#counter.add(by, attributes);
  }

  /** Takes everything back. */
  clear(): void {
    for (const { attributes, count } of this.#counts.values()) if (count > 0) this.#counter.add(-count, attributes);
  }
}
