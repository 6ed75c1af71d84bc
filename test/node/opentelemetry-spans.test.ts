// The spans that the real OpenTelemetry SDK ends for real calls: one for each attempt, where it belongs, and of failures what kind.
import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type Client, createClient } from '../../src';
import { instrument } from '../../src/exporters/opentelemetry';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { type Spans, startMetrics, startSpans } from './opentelemetry-support';
import { attemptsOf, rejection, until } from './support';

let lab: Lab;
let spans: Spans;
let client: Client;
let records: AttemptRecord[];
let detach: () => void;
const { provider } = startMetrics();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'flaky', 'black-hole', 'stall', 'body-stall', 'slow-body'] });
});
afterAll(async () => {
  await lab.close();
  await provider.shutdown();
});
beforeEach(() => start());
afterEach(() => stop());

function start(sampler?: ParentBasedSampler): void {
  spans = startSpans(sampler);
  client = createClient({ proxy: false, retry: { baseDelay: 5 } });
  records = attemptsOf(client);
  detach = instrument(client, { meter: provider.getMeter('test'), tracer: spans.tracer });
}
async function stop(): Promise<void> {
  await client.close();
  await spans.close();
}

const ms = ([s, ns]: [number, number]): number => s * 1_000 + ns / 1e6;
const only = (): ReadableSpan => {
  const [span, ...more] = spans.ended();
  if (!span || more.length) throw new Error(`${spans.ended().length} spans`);
  return span;
};
/** Runs within a span, as a server's handler does. */
async function within(run: () => Promise<unknown>): Promise<Span> {
  const parent = spans.tracer.startSpan('parent', {}, ROOT_CONTEXT);
  await context.with(trace.setSpan(ROOT_CONTEXT, parent), run);
  return parent;
}

describe('the span of an attempt', () => {
  it('has the conventional name, kind, attributes and times', async () => {
    await client.post(lab.url('healthy', '/delay/100?token=s3cret'), { a: 1 });
    const span = only();
    const [record] = records;
    expect(span.name).toBe('POST /delay/:id');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.events).toEqual([]);
    expect(span.attributes).toEqual({
      'http.request.method': 'POST',
      'server.address': '127.0.0.1',
      'server.port': lab.upstream('healthy').port,
      'url.full': lab.url('healthy', '/delay/100?token=REDACTED'),
      'url.template': '/delay/:id',
      'http.response.status_code': 200,
      'breakwater.call_id': record?.id,
      'breakwater.trace_id': record?.traceId,
    });
    expect(ms(span.startTime)).toBeCloseTo(record?.startedAt ?? 0, 1);
    expect(ms(span.duration)).toBeCloseTo(record?.elapsed ?? 0, 1);
    expect(ms(span.duration)).toBeGreaterThanOrEqual(90);
  });

  it('of an endpoint that the user named is named by its method, and tells the name', async () => {
    await client.get(lab.url('healthy', '/x'), { endpoint: 'users' });
    expect(only().name).toBe('GET');
    expect(only().attributes).toMatchObject({ 'breakwater.endpoint': 'users', 'server.address': '127.0.0.1' });
    expect(only().attributes).not.toHaveProperty('url.template');
  });

  it('with a method that nobody knows says which', async () => {
    await client.request({ url: lab.url('healthy', '/x'), method: 'PURGE' });
    expect(only().name).toBe('HTTP /x');
    expect(only().attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' });
  });

  it('is one for each, the repeats numbered; a status that fails is an error', async () => {
    lab.upstream('flaky').reset();
    await client.get(lab.url('flaky'));
    const facts = spans
      .ended()
      .map(({ attributes, status }) => [
        attributes['http.response.status_code'],
        attributes['error.type'],
        attributes['http.request.resend_count'],
        status,
      ]);
    expect(facts).toEqual([
      [503, '503', undefined, { code: SpanStatusCode.ERROR }],
      [503, '503', 1, { code: SpanStatusCode.ERROR }],
      [200, undefined, 2, { code: SpanStatusCode.UNSET }],
    ]);
    expect(new Set(spans.ended().map(({ attributes }) => attributes['breakwater.call_id'])).size).toBe(1);
  });

  it('says that the caller canceled by being no error', async () => {
    const controller = new AbortController();
    lab.upstream('stall').reset();
    const canceled = client.get(lab.url('stall'), { signal: controller.signal });
    await until(() => lab.upstream('stall').requests > 0, 'the request is there');
    controller.abort();
    await rejection(canceled);
    expect(only().status).toEqual({ code: SpanStatusCode.UNSET });
    expect(only().attributes).not.toHaveProperty('error.type');
  });

  it.each([
    ['black-hole', { connect: 100 }, { 'breakwater.limit': 'connect', 'breakwater.phase': 'tcp', 'breakwater.kind': 'connect' }],
    ['stall', { read: 100 }, { 'breakwater.limit': 'read', 'breakwater.phase': 'response', 'breakwater.kind': 'read' }],
    ['body-stall', { body: 100 }, { 'breakwater.limit': 'body', 'breakwater.phase': 'body', 'breakwater.kind': 'read' }],
  ] as const)('says of a timeout where it was (%s)', async (upstream, timeout, attributes) => {
    await rejection(client.get(lab.url(upstream), { timeout, retry: false }));
    const span = only();
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes['error.type']).toBe('timeout');
    expect(span.events).toMatchObject([{ name: 'breakwater.timeout', attributes }]);
    expect(span.events[0]?.time).toEqual(span.endTime);
  });

  it('tells no secret', async () => {
    const url = (path: string): string => lab.url('healthy', path).replace('//', '//user:s3cret@');
    await client.get(url('/a?token=s3cret#s3cret'), { headers: { 'x-key': 's3cret' }, params: { key: 's3cret' } });
    await rejection(client.get(url('/status/404?token=s3cret')));
    const told = spans.ended().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(told).toHaveLength(2);
    expect(JSON.stringify(told)).not.toContain('s3cret');
  });

  it('is made until that was ended', async () => {
    detach();
    await client.get(lab.url('healthy'));
    expect(spans.ended()).toEqual([]);
  });
});

describe('the parent of a span', () => {
  const WAYS: [string, () => Promise<unknown>][] = [
    ['a success', () => client.get(lab.url('healthy'))],
    ['a status', () => rejection(client.get(lab.url('healthy', '/status/404')))],
    ['a repeat', () => client.get(lab.url('flaky'))],
    ['a read timeout', () => rejection(client.get(lab.url('stall'), { timeout: { read: 60 }, retry: false }))],
    ['a connect timeout', () => rejection(client.get(lab.url('black-hole'), { timeout: { connect: 60 }, retry: false }))],
    ['a body timeout', () => rejection(client.get(lab.url('body-stall'), { timeout: { body: 60 }, retry: false }))],
    ['a deadline', () => rejection(client.get(lab.url('stall'), { timeout: false, deadline: 60 }))],
    [
      'a stream',
      async () => {
        const { data } = await client.get(lab.url('slow-body'), { responseType: 'stream' });
        for await (const _ of data);
      },
    ],
    ['a fetch', () => client.get(lab.url('healthy'), { adapter: 'fetch' })],
  ];

  it.each(WAYS)('is the span that was active when the call was made (%s)', async (_, run) => {
    lab.upstream('flaky').reset();
    await client.get(lab.url('healthy')); // leaves a connection that belongs to another context
    const before = spans.ended().length;
    const { spanId, traceId } = (await within(run)).spanContext();
    const made = spans.ended().slice(before);
    expect(made.length).toBeGreaterThan(0);
    for (const span of made) {
      expect(span.parentSpanContext?.spanId).toBe(spanId);
      expect(span.spanContext().traceId).toBe(traceId);
      expect(span.attributes).not.toHaveProperty('breakwater.trace_id');
    }
  });

  it.each(WAYS)('decides whether it is sampled (%s)', async (_, run) => {
    await stop();
    start(new ParentBasedSampler({ root: new AlwaysOffSampler() }));
    lab.upstream('flaky').reset();
    await client.get(lab.url('healthy')); // leaves a connection that belongs to another context
    await within(run);
    expect(records.length).toBeGreaterThan(1);
    expect(spans.ended()).toEqual([]);
  });

  it('is the one that the traceparent names, whatever is active', async () => {
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    await within(() => client.get(lab.url('healthy'), { headers }));
    expect(only().spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(only().parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  });

  it('is none where there is none: the attempts begin traces of their own, by the rules for these', async () => {
    lab.upstream('flaky').reset();
    await client.get(lab.url('flaky'));
    const made = spans.ended();
    expect(made).toHaveLength(3);
    expect(made.map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined, undefined]);
    expect(new Set(made.map((span) => span.spanContext().traceId)).size).toBe(3);
    for (const { attributes } of made) expect(attributes['breakwater.trace_id']).toBe(records[0]?.traceId);
    await stop();
    start(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
    await client.get(lab.url('healthy'));
    expect(spans.ended()).toHaveLength(1);
  });
});
