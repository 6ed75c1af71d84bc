/** The metrics of one registry: created for the first client that is collected into it, shared by all, removed with the last. */
import { Counter, Gauge, Histogram, type OpenMetricsContentType, type PrometheusContentType, type Registry } from 'prom-client';
import { badOption } from '../../errors/bad-option';
import { BUCKETS } from '../buckets';
import { ENDPOINT_LABELS } from './labels';

/** A registry of prom-client, of either content type. */
export type MetricRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/** Values by label name; leaving a label out is the same as leaving it empty. */
export type Labels = Record<string, string>;

/** What is read from a client at each scrape. */
export interface Scraped {
  breakers(): Iterable<{ labels: Labels; state: string }>;
  alerts(): Iterable<{ labels: Labels; firing: number }>;
}

/** One series per state: numbers standing for states could not be added up over processes, nor read without a legend. */
const STATES = ['closed', 'half-open', 'open'];

const DURATION = 'http_client_request_duration_seconds';

/** A property of the histogram, so that it goes where the registry's metrics go, and another copy of this module finds it. */
const SHARED = Symbol.for('breakwater.prometheus');

/** The metrics of a registry. Release them with the function that {@link Metrics.onScrape} returns. */
export function metricsOf(registry: MetricRegistry | undefined): Metrics {
  const methods = ['registerMetric', 'getSingleMetric', 'removeSingleMetric'] as const;
  if (!registry || !methods.every((method) => typeof registry[method] === 'function')) {
    throw badOption('registry', registry, "It takes a registry of prom-client, such as `import { register } from 'prom-client'`.");
  }
  const there = registry.getSingleMetric(DURATION) as { [SHARED]?: Metrics } | undefined;
  return there?.[SHARED] ?? new Metrics(registry);
}

export class Metrics {
  readonly duration: Histogram;
  readonly timeouts: Counter;
  readonly retries: Counter;
  readonly refused: Counter;
  readonly fallbacks: Counter;
  readonly beaconsDropped: Counter;
  readonly #registry: MetricRegistry;
  readonly #clients = new Map<object, Scraped>();
  readonly #expected = new Set<string>();
  readonly #names: string[] = [];

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
    const clients = this.#clients;
    const config = (name: string, help: string, ...labels: string[]) => {
      this.#names.push(name);
      return { name, help, labelNames: ['client', ...labels], registers: [] };
    };
    const perEndpoint = (name: string, help: string, ...labels: string[]) => config(name, help, ...ENDPOINT_LABELS, ...labels);

    this.duration = new Histogram({
      ...perEndpoint(DURATION, 'Duration of HTTP attempts, the body included.', 'http_response_status_code', 'error_type'),
      buckets: BUCKETS,
    });
    this.duration.reset = () => {
      this.#expected.clear(); // the zeros are gone as well
      Histogram.prototype.reset.call(this.duration);
    };
    this.timeouts = new Counter(perEndpoint('breakwater_timeouts_total', 'Limits and deadlines that ran out.', 'kind', 'phase', 'limit'));
    this.retries = new Counter(perEndpoint('breakwater_retries_total', 'Failed attempts that are to be made again.'));
    this.refused = new Counter(perEndpoint('breakwater_refused_total', 'Requests refused by a limit or an open breaker.', 'by'));
    this.fallbacks = new Counter(perEndpoint('breakwater_fallbacks_total', "Calls answered with something not the upstream's.", 'kind'));
    this.beaconsDropped = new Counter(config('breakwater_beacons_dropped_total', 'Beacons dropped.', 'reason'));
    const breakerState = new Gauge({
      ...perEndpoint('breakwater_breaker_state', 'Circuit breakers in the state: 1 for the one it is in, else 0.', 'state'),
      collect() {
        this.reset();
        for (const [, client] of clients) {
          for (const { labels, state: current } of client.breakers()) {
            for (const state of STATES) this.inc({ ...labels, state }, state === current ? 1 : 0);
          }
        }
      },
    });
    const alertsFiring = new Gauge({
      ...perEndpoint('breakwater_alerts_firing', 'Alerts that this process raised and has not resolved.', 'reason'),
      collect() {
        this.reset();
        for (const [, client] of clients) {
          for (const { labels, firing } of client.alerts()) this.inc(labels, firing);
        }
      },
    });
    this.#register(
      this.duration,
      this.timeouts,
      this.retries,
      this.refused,
      this.fallbacks,
      this.beaconsDropped,
      breakerState,
      alertsFiring,
    );
  }

  /** All or nothing: a registry that already has one of the names is left as it was. */
  #register(...metrics: (Histogram | Counter | Gauge)[]): void {
    const taken = this.#names.find((name) => this.#registry.getSingleMetric(name));
    if (taken) throw badOption('registry', this.#registry, `It has a metric ${taken} that is not Breakwater's.`);
    for (const metric of metrics) this.#registry.registerMetric(metric);
    Object.defineProperty(this.duration, SHARED, { value: this });
  }

  /**
   * Shows the timeouts of an endpoint as 0 before the first: to Prometheus, a counter that first appears with a count has not risen,
   * and the timeout would not be seen.
   */
  expectTimeouts(labels: Labels): void {
    const key = JSON.stringify(labels);
    if (this.#expected.has(key)) return;
    this.#expected.add(key);
    this.duration.zero({ ...labels, error_type: 'timeout' });
  }

  /** Shows a client's breakers and alerts in each scrape, until the returned function is called. Refuses one that is shown already. */
  onScrape(client: object, scraped: Scraped): () => void {
    if (this.#clients.has(client)) throw badOption('client', client, 'It is in this registry already.');
    this.#clients.set(client, scraped);
    return () => {
      if (this.#clients.get(client) === scraped) this.#clients.delete(client); // called again, it may be collected anew
      if (this.#clients.size > 0 || (this.#registry.getSingleMetric(DURATION) as unknown) !== this.duration) return;
      for (const name of this.#names) this.#registry.removeSingleMetric(name);
    };
  }
}
