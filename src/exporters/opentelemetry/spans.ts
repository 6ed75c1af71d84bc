/** A client's attempts as spans, made from their records once they have ended. */
import { type Context, context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import type { Listenable } from '../../telemetry/events';
import type { AttemptRecord } from '../../telemetry/record';
import { defined } from '../defined';
import { type EndpointLabels, OTHER, partsOf } from '../endpoint-labels';
import { errorTypeOf } from '../error-type';
import { endpointAttributes } from './attributes';

/** Makes spans until the returned function is called. */
export const traceAttempts = (client: Listenable, tracer: Tracer, labels: EndpointLabels): (() => void) =>
  client.on('attempt', (record) => {
    const parts = partsOf(record);
    const errorType = errorTypeOf(record);
    const endTime = record.startedAt + record.elapsed;
    const attributes = defined({
      ...endpointAttributes(parts),
      'http.request.method_original': parts.method === OTHER ? record.method : undefined,
      'url.full': record.url,
      'http.response.status_code': record.status,
      'http.request.resend_count': record.attempt > 1 ? record.attempt - 1 : undefined,
      'error.type': errorType,
      'breakwater.call_id': record.id,
      // OpenTelemetry cannot join a trace without a parent span: the span begins a trace of its own, and names the one in the logs.
      'breakwater.trace_id': record.parentSpanId === undefined ? record.traceId : undefined,
    });
    const { template } = labels.partsOf(record);
    const method = parts.method === OTHER ? 'HTTP' : record.method;
    const name = template === undefined ? method : `${method} ${template}`;
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: record.startedAt, attributes }, parentOf(record));
    if (record.limit !== undefined) {
      const { limit, phase, kind } = record;
      span.addEvent(
        'breakwater.timeout',
        defined({ 'breakwater.limit': limit, 'breakwater.phase': phase, 'breakwater.kind': kind }),
        endTime,
      );
    }
    if (errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  });

/** The context that the call was made in, or one rebuilt from the record: an attempt may end in another call's. */
function parentOf({ traceId, parentSpanId, sampled }: AttemptRecord): Context {
  const active = context.active();
  if (trace.getSpanContext(active)?.spanId === parentSpanId) return active;
  if (parentSpanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentSpanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE });
}
