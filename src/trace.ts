/** The trace a call belongs to (W3C Trace Context): the one in its headers, else the active OpenTelemetry span's, else a new one. */
import { own } from './util/own';

export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that the call is made under; absent if the trace begins here. */
  readonly parentSpanId?: string;
  /** Two hexadecimal digits; 01 is sampled. */
  readonly flags: string;
}

/** Later versions may append fields to these four; `ff` is not a version. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** The trace in a `traceparent` header; `undefined` if it is invalid. */
export function parseTraceparent(header: unknown): Trace | undefined {
  const [, version, traceId, parentSpanId, flags, more] = (typeof header === 'string' && TRACEPARENT.exec(header.trim())) || [];
  if (!traceId || !parentSpanId || !flags || (version === '00' && more)) return undefined;
  return { traceId, parentSpanId, flags };
}

/** The trace in a request's headers, which may be axios' own object or a plain one from the caller. */
export function traceIn(headers: unknown): Trace | undefined {
  const given = (headers ?? {}) as Record<string, unknown> & { [Symbol.toStringTag]?: string };
  // AxiosHeaders are searched like a plain object: their `get` takes ten times as long, and this runs for every call.
  if (typeof given.get === 'function' && given[Symbol.toStringTag] !== 'AxiosHeaders') {
    return parseTraceparent(given.get.call(headers, 'traceparent'));
  }
  for (const name of Object.keys(given)) {
    if (name.length !== TRACEPARENT_NAME.length || name.toLowerCase() !== TRACEPARENT_NAME) continue;
    const value = given[name];
    return parseTraceparent(Array.isArray(value) && value.length === 1 ? value[0] : value); // axios sends a list of one as that one
  }
  return undefined;
}

const TRACEPARENT_NAME = 'traceparent';

/** The `traceparent` header for a trace. One that begins here is marked as sampled: downstream it would be lost otherwise. */
export const traceparentOf = ({ traceId, parentSpanId, flags }: Trace): string => `00-${traceId}-${parentSpanId ?? spanId()}-${flags}`;

/** A trace that begins here. `Math.random` is good enough: the id is not a secret. */
export const newTrace = (): Trace => own({ traceId: spanId() + spanId(), flags: '01' });

/** 16 random hexadecimal digits. */
const spanId = (): string => word() + word();

/** A lookup table: ids are made for every call, and `Number.prototype.toString` is slow. */
const BYTES = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** 8 random hexadecimal digits. */
function word(): string {
  const bits = (Math.random() * 2 ** 32) >>> 0;
  return `${BYTES[bits >>> 24]}${BYTES[(bits >>> 16) & 255]}${BYTES[(bits >>> 8) & 255]}${BYTES[bits & 255]}`;
}

/** The global that all copies of the OpenTelemetry API share, so that none has to be a dependency. */
const API = /* @__PURE__ */ Symbol.for('opentelemetry.js.api.1');
const SPAN = /* @__PURE__ */ Symbol.for('OpenTelemetry Context Key SPAN');

interface SpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
}

interface OpenTelemetry {
  context?: { active(): { getValue(key: symbol): { spanContext(): SpanContext } | undefined } };
}

/** The trace of the active OpenTelemetry span; `undefined` without one. */
export function activeTrace(): Trace | undefined {
  try {
    const api = (globalThis as { [API]?: OpenTelemetry })[API];
    if (!api?.context) return undefined;
    const { traceId, spanId, traceFlags } = api.context.active().getValue(SPAN)?.spanContext() ?? {};
    return parseTraceparent(`00-${traceId}-${spanId}-${traceFlags?.toString(16).padStart(2, '0')}`);
  } catch {
    return undefined; // a defect in the tracing library is no reason not to send a request
  }
}
