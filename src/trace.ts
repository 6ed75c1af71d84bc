/** The trace that a call belongs to (W3C Trace Context): the one its headers name, else that of the active OpenTelemetry span, else its own. */
import { own } from './util/own';

export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that the call is made under; absent where the trace begins here. */
  readonly parentSpanId?: string;
  /** Two hexadecimal digits; 01 is sampled. */
  readonly flags: string;
}

/** Later versions may have more fields behind the same four; ff is none. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** The trace in a `traceparent` header; `undefined` where it is not valid. */
export function parseTraceparent(header: unknown): Trace | undefined {
  const [, version, traceId, parentSpanId, flags, more] = (typeof header === 'string' && TRACEPARENT.exec(header.trim())) || [];
  if (!traceId || !parentSpanId || !flags || (version === '00' && more)) return undefined;
  return { traceId, parentSpanId, flags };
}

/** The trace that a request's headers name: axios' own, or a plain object of the caller's. */
export function traceIn(headers: unknown): Trace | undefined {
  const given = (headers ?? {}) as Record<string, unknown> & { [Symbol.toStringTag]?: string };
  // axios' are looked through like a plain object: to be asked by name takes them ten times as long, and they are asked at every call.
  if (typeof given.get === 'function' && given[Symbol.toStringTag] !== 'AxiosHeaders') {
    return parseTraceparent(given.get.call(headers, 'traceparent'));
  }
  for (const name of Object.keys(given)) {
    if (name.length === TRACEPARENT_NAME.length && name.toLowerCase() === TRACEPARENT_NAME) return parseTraceparent(given[name]);
  }
  return undefined;
}

const TRACEPARENT_NAME = 'traceparent';

/** The `traceparent` header that says so. A trace that begins here is sampled: downstream it would be lost otherwise. */
export const traceparentOf = ({ traceId, parentSpanId, flags }: Trace): string => `00-${traceId}-${parentSpanId ?? spanId()}-${flags}`;

/** A trace that begins here. An identifier, not a secret. */
export const newTrace = (): Trace => own({ traceId: spanId() + spanId(), flags: '01' });

/** 16 hexadecimal digits by chance. */
const spanId = (): string => word() + word();

/** Made for every call, and a number's own way to hexadecimal is slow. */
const BYTES = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** 8 hexadecimal digits by chance. */
function word(): string {
  const bits = (Math.random() * 2 ** 32) >>> 0;
  return `${BYTES[bits >>> 24]}${BYTES[(bits >>> 16) & 255]}${BYTES[(bits >>> 8) & 255]}${BYTES[bits & 255]}`;
}

/** Where copies of the OpenTelemetry API meet, whichever of them the application has. So none needs to be a dependency. */
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
    return undefined; // another's defect is no reason not to send a request
  }
}
