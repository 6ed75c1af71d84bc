/**
 * Counts a client's events in the user's prom-client registry. It only adds up: windows, rates and alerts over a fleet are Prometheus'
 * part, and the rules for them come with the package.
 *
 * @module breakwater/prometheus
 */
import { badOption } from '../errors/bad-option';
import type { Collectable } from './collectable';
import { EndpointLabels, type Named } from './endpoint-labels';
import { errorTypeOf } from './error-type';
import { optionsOf } from './options';
import { endpointLabels } from './prometheus/labels';
import { type Labels, type MetricRegistry, metricsOf } from './prometheus/metrics';

export type { Collectable } from './collectable';
export { type AlertmanagerAlert, toAlertmanager } from './prometheus/alertmanager';
export type { MetricRegistry } from './prometheus/metrics';

/** Where a client's metrics go. */
export interface CollectOptions {
  /** The registry that is scraped, of prom-client 15, with whatever default labels and content type its owner wants. */
  registry: MetricRegistry;
  /** The label `client`, to tell several clients apart. @default none: their counts add up */
  name?: string | undefined;
}

/**
 * Counts a client's attempts, timeouts, retries, refusals, fallbacks and dropped beacons in the registry, and shows its breakers and
 * alerts. Several clients may share a registry. Each gets labels for its first 200 endpoints; the others share `_OTHER`.
 *
 * @param client What `createClient` or `protect` returned.
 * @param options The registry, and the client's name in it.
 * @returns A function that stops collecting. With the last client, the metrics are removed from the registry.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` if there is no client or no registry, the client is collected into it already, the registry has
 * metrics of these names that are not Breakwater's, or `name` is no text or empty
 */
export function collect(client: Collectable, options: CollectOptions): () => void {
  const { registry, name } = optionsOf(options, 'registry', 'name');
  if (typeof client?.on !== 'function' || typeof client.breakers?.list !== 'function')
    throw badOption('client', client, 'It takes what createClient or protect gave.');
  if (name !== undefined && (typeof name !== 'string' || name === '')) throw badOption('name', name, 'It takes text that is not empty.');
  const metrics = metricsOf(registry);
  const endpoints = new EndpointLabels();
  const own: Labels = name === undefined ? {} : { client: name };
  const labelsOf = (named: Named): Labels => ({ ...own, ...endpointLabels(endpoints.partsOf(named)) });
  const alerts = new Map<string, { labels: Labels; firing: number }>();

  const detach = [
    metrics.onScrape(client, {
      breakers: () => client.breakers.list().map(({ endpoint, state }) => ({ labels: labelsOf({ endpoint }), state })),
      alerts: () => alerts.values(),
    }),
    client.on('attempt', (record) => {
      const labels = labelsOf(record);
      metrics.expectTimeouts(labels);
      const { status } = record;
      const errorType = errorTypeOf(record);
      metrics.duration.observe(
        {
          ...labels,
          // Timeouts share one series, which is there as 0 before the first, so a timeout in the body gets no status.
          ...(status !== undefined && errorType !== 'timeout' && { http_response_status_code: String(status) }),
          ...(errorType !== undefined && { error_type: errorType }),
        },
        record.elapsed / 1_000,
      );
    }),
    client.on('timeout', ({ kind = '', phase = '', limit = '', ...record }) =>
      metrics.timeouts.inc({ ...labelsOf(record), kind, phase, limit }),
    ),
    client.on('retry', ({ endpoint, delay }) => {
      if (delay !== undefined) metrics.retries.inc(labelsOf({ endpoint }));
    }),
    client.on('limited', ({ endpoint, limit }) => metrics.refused.inc({ ...labelsOf({ endpoint }), by: limit })),
    client.on('call', ({ endpoint, refusedBy }) => {
      if (refusedBy === 'breaker') metrics.refused.inc({ ...labelsOf({ endpoint }), by: 'breaker' });
    }),
    client.on('fallback', ({ endpoint, kind }) => metrics.fallbacks.inc({ ...labelsOf({ endpoint }), kind })),
    client.on('beacon', ({ reason, count }) => metrics.beaconsDropped.inc({ ...own, reason }, count)),
    client.on('alert', ({ endpoint, reason, status }) => {
      const labels = { ...labelsOf({ endpoint }), reason };
      const key = JSON.stringify(labels);
      const firing = (alerts.get(key)?.firing ?? 0) + (status === 'firing' ? 1 : -1);
      // An alert that began before anybody counted is not counted down.
      alerts.set(key, { labels, firing: Math.max(0, firing) });
    }),
  ];
  return () => {
    for (const stop of detach) stop();
  };
}
