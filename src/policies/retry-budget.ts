/** Keeps retries from multiplying the load of an outage: per endpoint, a share of the calls of the last 10 s. */
import { Lru } from '../util/lru';
import { Window } from '../util/window';

/** Endpoints remembered. */
const CAP = 1_000;

export class RetryBudget {
  readonly #endpoints = new Lru(CAP, () => new Window(10_000, 10, ['calls', 'retries']));

  called(endpoint: string): void {
    this.#endpoints.use(endpoint).add('calls');
  }

  /** Takes one retry, where the budget has one. Taken when it is decided, before the delay: retries in back-off count. */
  take(endpoint: string, { ratio, min }: { ratio: number; min: number }): boolean {
    const window = this.#endpoints.use(endpoint);
    if (window.total('retries') + 1 > Math.max(min, ratio * window.total('calls'))) return false;
    window.add('retries');
    return true;
  }
}
