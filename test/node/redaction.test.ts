// Secrets in every place of a request and its answer, every way a call can go, and everything that is told of it: no secret is in it.
// Errors that are axios' own, such as that of a 500, have the config in their JSON, as ever: axios stays axios. Ours do not.
import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { isAxiosError } from 'axios';
import * as fc from 'fast-check';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type EventType, isBreakerOpen, isLimited, isTimeout } from '../../src';
import { logTo } from '../../src/exporters/log';
import { instrument } from '../../src/exporters/opentelemetry';
import { collect } from '../../src/exporters/prometheus';
import { startLab } from '../lab/index.mjs';
import { found, outputOf } from '../secrets';
import { hurried, type Means, type Secrets, scenarios, secrets, styles, talkative } from './redaction-support';

const EVENTS: EventType[] = ['attempt', 'call', 'timeout', 'retry', 'breaker', 'limited', 'fallback', 'beacon', 'alert'];
const CONSOLE = ['debug', 'log', 'info', 'warn', 'error'] as const;

let lab: Awaited<ReturnType<typeof startLab>>;
let peer: Awaited<ReturnType<typeof talkative>>;

beforeAll(async () => {
  lab = await startLab({ only: ['black-hole', 'proxy-healthy', 'proxy-refuses'] });
  peer = await talkative();
});
afterAll(async () => {
  await peer.upstream.close();
  await lab.close();
});
afterEach(() => void vi.restoreAllMocks());

/** What is told while a scenario runs: by whom, and what. */
class Told {
  readonly #outputs = new Map<string, string[]>();

  add(by: string, output: string): void {
    this.#outputs.set(by, [...(this.#outputs.get(by) ?? []), output]);
  }

  get tellers(): string[] {
    return [...this.#outputs.keys()];
  }

  of(by: string): string {
    return this.#outputs.get(by)?.join('\n') ?? '';
  }

  /** `output: place` for each secret found. */
  leaks(of: Secrets): string[] {
    return this.tellers.flatMap((by) => found(this.of(by), of).map((place) => `${by}: ${place}`));
  }
}

/** What an error tells: of axios' the message, of ours the JSON as well. One of an interceptor says what it likes. */
function tellError(told: Told, error: unknown): void {
  if (!isAxiosError(error)) return;
  told.add('AxiosError', `${error}\n${error.message}\n${error.stack}`);
  if (!isTimeout(error) && !isBreakerOpen(error) && !isLimited(error)) return;
  told.add(error.name, JSON.stringify({ nested: [error] }));
  told.add(`${error.name} on the console`, inspect(error, { depth: 9 }));
  pino({}, { write: (line) => told.add(`${error.name} in pino`, line) }).warn({ err: error }, 'failed');
}

async function run(s: Secrets, style: Parameters<typeof scenarios>[1]): Promise<Told> {
  const told = new Told();
  for (const method of CONSOLE) vi.spyOn(console, method).mockImplementation((...args) => told.add('console', inspect(args, { depth: 9 })));
  const published = EVENTS.map((type) => ({ type, tell: (event: unknown) => told.add(`channel ${type}`, outputOf(event)) }));
  for (const { type, tell } of published) channel(`breakwater:${type}`).subscribe(tell);
  peer.says(s);
  const work = Object.values(scenarios(s, style, { upstream: peer.upstream, lab })).map(async (scenario) => {
    const client = hurried();
    client.on('*', (type, event) => told.add(type, outputOf(event)));
    const registry = new Registry();
    const { meter, tracer, measured } = openTelemetry();
    const detach = [
      logTo(client, pino({}, { write: (line) => told.add('log', line) })),
      collect(client, { registry }),
      instrument(client, { meter, tracer }),
    ];
    const settled = await scenario(client).then(
      (value) => (Array.isArray(value) ? value : [{ value }]) as Partial<PromiseSettledResult<{ data?: unknown }>>[],
      (reason) => [{ status: 'rejected' as const, reason }],
    );
    for (const end of settled) {
      tellError(told, 'reason' in end ? end.reason : undefined);
      const data = 'value' in end ? (end.value?.data as NodeJS.ReadableStream | undefined) : undefined;
      if (typeof data?.resume === 'function') tellError(told, await new Promise((resolve) => data.resume().once('error', resolve)));
    }
    await client.close();
    told.add('prometheus', await registry.metrics());
    told.add('opentelemetry', await measured());
    for (const stop of detach) stop();
    told.add('stats', outputOf([client.stats.list(), client.breakers.list(), client.beacons.stats()]));
  });
  await Promise.all(work);
  for (const { type, tell } of published) channel(`breakwater:${type}`).unsubscribe(tell);
  vi.restoreAllMocks();
  return told;
}

/** The real SDK, and all that it has been told. */
function openTelemetry() {
  const spans = new InMemorySpanExporter();
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const reader = new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE) });
  const metering = new MeterProvider({ readers: [reader] });
  const measured = async (): Promise<string> => {
    const { resourceMetrics } = await reader.collect();
    const told = spans.getFinishedSpans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    await Promise.all([metering.shutdown(), tracing.shutdown()]);
    return inspect([resourceMetrics.scopeMetrics, told], { depth: 12, maxArrayLength: null });
  };
  return { meter: metering.getMeter('test'), tracer: tracing.getTracer('test'), measured };
}

const OURS = ['TimeoutError', 'BreakerOpenError', 'LimitError'];
const TELLERS = [
  ...EVENTS.flatMap((type) => [type, `channel ${type}`]),
  ...OURS.flatMap((name) => [name, `${name} in pino`, `${name} on the console`]),
  ...['log', 'stats', 'prometheus', 'opentelemetry'],
];
const SENT = ['query', 'token', 'params', 'cookie', 'apiKey', 'traceparent', 'data', 'beaconHeader', 'beaconData'];

it.each<[Means, string[]]>([
  [{ adapter: 'http', credentials: 'url' }, ['user', 'password', 'location']],
  [{ adapter: 'http', credentials: 'auth' }, ['authUser', 'authPassword', 'location']],
  [{ adapter: 'fetch', credentials: 'url' }, ['user', 'password']],
  [{ adapter: 'fetch', credentials: 'header' }, ['authorization']],
])(
  'secrets reach the upstream, and nothing that is told of a call: %j',
  async (means, more) => {
    const tellers = new Set<string>();
    const arrived = new Set<string>();
    await fc.assert(
      fc.asyncProperty(secrets, styles, async (s, style) => {
        const told = await run(s, { ...style, ...means });
        expect(told.leaks(s)).toEqual([]);
        // What is allowed is shown.
        for (const teller of ['attempt', 'call', 'timeout', 'log', ...OURS]) expect(told.of(teller)).toContain('page=7');
        for (const teller of told.tellers) tellers.add(teller);
        for (const place of found(peer.seen.splice(0).join('\n'), s)) arrived.add(place);
      }),
      { numRuns: 3, endOnFailure: true },
    );
    // The secrets were there to be told, and everybody who tells something did.
    expect([...tellers]).toEqual(expect.arrayContaining(TELLERS));
    expect([...arrived]).toEqual(expect.arrayContaining([...SENT, ...more]));
  },
  60_000,
);
