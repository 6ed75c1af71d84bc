// The real OpenTelemetry SDK, for tests of what a client tells it: metrics read on demand, spans kept as they end.
import { type Attributes, context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type DataPoint, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach } from 'vitest';
import { type Client, type ClientConfig, createClient } from '../../src';
import { instrument } from '../../src/exporters/opentelemetry';
import type { Lab } from '../lab/types.mjs';

export const DURATION = 'http.client.request.duration';

class OnDemand extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** A data point: a sum's number, or a histogram. */
export interface Point {
  attributes: Attributes;
  value: number | Histogram;
}

export interface Metrics {
  provider: MeterProvider;
  /** What was measured so far, by the name of the metric. */
  collect(): Promise<Record<string, Point[]>>;
  /** The same with the unit of each. */
  units(): Promise<Record<string, string>>;
}

export function startMetrics(): Metrics {
  const reader = new OnDemand();
  const provider = new MeterProvider({ readers: [reader] });
  const all = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length) throw errors[0];
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  };
  return {
    provider,
    collect: async () =>
      Object.fromEntries(
        (await all()).map(({ descriptor, dataPoints }) => [descriptor.name, plain(dataPoints as DataPoint<number | Histogram>[])]),
      ),
    units: async () => Object.fromEntries((await all()).map(({ descriptor }) => [descriptor.name, descriptor.unit])),
  };
}

const plain = (points: DataPoint<number | Histogram>[]): Point[] => points.map(({ attributes, value }) => ({ attributes, value }));

/** The attributes of each point and how often it was measured: of a histogram the count. */
export const counts = (points: Point[] = []): [Attributes, number][] =>
  points.map(({ attributes, value }) => [attributes, typeof value === 'number' ? value : value.count]);

/** Clients for the tests of one file: fresh metrics for each test, every client closed after it. */
export function meteredClients(lab: () => Lab) {
  let metrics: Metrics;
  let made: Client[];
  beforeEach(() => {
    metrics = startMetrics();
    made = [];
  });
  afterEach(async () => {
    await Promise.all(made.map((client) => client.close()));
    await metrics.provider.shutdown();
  });
  const clientOf = (config: ClientConfig = {}): Client => {
    const client = createClient({ proxy: false, retry: { baseDelay: 5 }, ...config });
    made.push(client);
    return client;
  };
  return {
    clientOf,
    /** A client that is measured. */
    measured(config?: ClientConfig): Client {
      const client = clientOf(config);
      instrument(client, { meter: metrics.provider.getMeter('test') });
      return client;
    },
    metrics: () => metrics,
    collect: () => metrics.collect(),
    /** The attributes that every point of an endpoint of the lab has. */
    at: (name: string, template: string, method = 'GET') => ({
      'http.request.method': method,
      'server.address': '127.0.0.1',
      'server.port': lab().upstream(name).port,
      'url.template': template,
    }),
  };
}

export interface Spans {
  tracer: Tracer;
  ended(): ReadableSpan[];
  close(): Promise<void>;
}

/** Spans, and the context that Node carries from a call to what it causes. */
export function startSpans(sampler?: Sampler): Spans {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)], ...(sampler && { sampler }) });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    tracer: provider.getTracer('test'),
    ended: () => exporter.getFinishedSpans(),
    close: async () => {
      context.disable();
      await provider.shutdown();
    },
  };
}
