/** Keeps retries from multiplying the load of an outage: per endpoint, a share of the calls of the last 10 s. */
import { Lru } from '../util/lru';
import { Window } from '../util/window';

/** How many endpoints are remembered. */
const CAP = 1_000;

export class RetryBudget {
  readonly #endpoints = new Lru(CAP, () => new Window(10_000, 10, ['calls', 'retries']));

  called(endpoint: string): void {
    this.#endpoints.use(endpoint).add('calls');
  }

  /** Takes one retry if the budget has one. Taken on the decision, before the delay, so that retries in back-off count. */
  take(endpoint: string, { ratio, min }: { ratio: number; min: number }): boolean {
    const window = this.#endpoints.use(endpoint);
    if (window.total('retries') + 1 > Math.max(min, ratio * window.total('calls'))) return false;
    window.add('retries');
    return true;
  }
}
