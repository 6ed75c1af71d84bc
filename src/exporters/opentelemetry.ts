/**
 * Metrics, and on request spans, for OpenTelemetry, made from a client's events under the names of the HTTP conventions.
 *
 * @module breakwater/opentelemetry
 */
import { type Meter, metrics, type Tracer } from '@opentelemetry/api';
import { badOption } from '../errors/bad-option';
import type { Collectable } from './collectable';
import { EndpointLabels } from './endpoint-labels';
import { measure } from './opentelemetry/metrics';
import { traceAttempts } from './opentelemetry/spans';
import { optionsOf } from './options';

export type { Collectable } from './collectable';

/** Where measurements go. */
export interface OpenTelemetryOptions {
  /**
   * From a `MeterProvider`. @default the global provider's meter `breakwater`; the API hands out one that measures nothing
   * until a provider is registered, so register yours first
   */
  meter?: Meter | undefined;
  /**
   * From a `TracerProvider`: makes one client span for each attempt, once it has ended. Do not combine it with an instrumentation of HTTP
   * or fetch, which makes one as well. Since the span does not exist yet when the request goes out, the upstream's span is not its child
   * but its sibling. @default no spans
   */
  tracer?: Tracer | undefined;
}

/**
 * Measures a client. Several clients may share a meter: they add up. At most 200 endpoints get attributes of their own; the rest are
 * `_OTHER`.
 *
 * @param client What `createClient` or `protect` returned.
 * @param options Where measurements go; by default to the global provider.
 * @returns A function that stops measuring, and takes back what still counts as open or firing.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid argument
 */
export function instrument(client: Collectable, options?: OpenTelemetryOptions): () => void {
  const { meter, tracer } = optionsOf(options, 'meter', 'tracer');
  need(client, 'on', 'client', 'It takes a client of Breakwater.');
  need(client.breakers, 'list', 'client', 'It takes a client of Breakwater.');
  if (meter !== undefined) need(meter, 'createHistogram', 'meter', 'It takes a Meter, as meterProvider.getMeter() gives it.');
  if (tracer !== undefined) need(tracer, 'startSpan', 'tracer', 'It takes a Tracer, as tracerProvider.getTracer() gives it.');
  const labels = new EndpointLabels();
  const ends = [measure(client, meter ?? metrics.getMeter('breakwater'), labels)];
  if (tracer) ends.push(traceAttempts(client, tracer, labels));
  return () => {
    for (const end of ends.splice(0)) end();
  };
}

function need(value: unknown, method: string, name: string, takes: string): void {
  const has = typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function';
  if (!has) throw badOption(`instrument: ${name}`, value, takes);
}
