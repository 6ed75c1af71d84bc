// Trace Context: which headers name a trace, what is sent, and that a broken OpenTelemetry breaks nothing here.
import { AxiosHeaders } from 'axios';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { activeTrace, newTrace, parseTraceparent, type Trace, traceIn, traceparentOf } from '../../src/trace';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const id = (digits: number): fc.Arbitrary<string> => hex(digits).filter((text) => /[^0]/.test(text));

describe('a traceparent', () => {
  it.each<[what: string, header: string, flags?: string]>([
    ['of version 00', GOOD],
    ['that is not sampled', `00-${TRACE}-${SPAN}-00`, '00'],
    ['with flags nobody knows', `00-${TRACE}-${SPAN}-ff`, 'ff'],
    ['of a later version', `01-${TRACE}-${SPAN}-01`],
    ['of the last version', `fe-${TRACE}-${SPAN}-01`],
    ['of a later version with more fields', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`],
    ['of a later version with an empty field', `cc-${TRACE}-${SPAN}-01-`],
    ['in white space, which is not part of a header', ` \t${GOOD} `],
    ['with a line break at its end, which axios does not send', `${GOOD}\r\n`],
  ])('%s is good', (_what, header, flags = '01') => {
    expect(parseTraceparent(header)).toEqual({ traceId: TRACE, parentSpanId: SPAN, flags });
  });

  it.each<[what: string, header: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['empty', ''],
    ['false, as axios takes for none', false],
    ['a number', 5],
    ['a list', [GOOD]],
    ['two of them', `${GOOD}, ${GOOD}`],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['of version 00 with more fields', `${GOOD}-what`],
    ['of version 00 with an empty field', `${GOOD}-`],
    ['of a later version with more digits', `cc-${TRACE}-${SPAN}-01.what`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['with an upper case version', `CC-${TRACE}-${SPAN}-01`],
    ['with an upper case trace id', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['with an upper case span id', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ['with upper case flags', `00-${TRACE}-${SPAN}-0A`],
    ['with a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['with a long trace id', `00-0${TRACE}-${SPAN}-01`],
    ['with a short span id', `00-${TRACE}-${SPAN.slice(1)}-01`],
    ['with a long span id', `00-${TRACE}-0${SPAN}-01`],
    ['with one digit of flags', `00-${TRACE}-${SPAN}-1`],
    ['with three digits of flags', `00-${TRACE}-${SPAN}-001`],
    ['with one digit of version', `0-${TRACE}-${SPAN}-01`],
    ['without flags', `00-${TRACE}-${SPAN}`],
    ['with other separators', GOOD.replaceAll('-', '_')],
    ['with a letter that is no digit', `00-${TRACE.replace('a', 'g')}-${SPAN}-01`],
    ['with a line break inside', `cc-${TRACE}-${SPAN}-01-a\r\nb: c`],
    ['with digits of another script', `00-${TRACE.replaceAll('1', '١')}-${SPAN}-01`],
  ])('%s is none', (_what, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it('of any length is looked at in no time', () => {
    const long = 'a'.repeat(5_000_000);
    const startedAt = performance.now();
    expect(parseTraceparent(long)).toBeUndefined();
    expect(parseTraceparent(`${GOOD}-${long}`)).toBeUndefined();
    expect(parseTraceparent(`cc-${long}`)).toBeUndefined();
    expect(parseTraceparent(`cc${GOOD.slice(2)}-${'-'.repeat(5_000_000)}`)).toMatchObject({ traceId: TRACE });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('says what it was made of', () => {
    fc.assert(
      fc.property(fc.record({ traceId: id(32), parentSpanId: id(16), flags: hex(2) }), (trace) => {
        expect(parseTraceparent(traceparentOf(trace))).toEqual(trace);
      }),
    );
  });

  it('of any version but ff is good, and only version 00 is known to end there', () => {
    const version = fc.oneof(fc.constantFrom('00', 'ff'), hex(2));
    const more = fc.oneof(fc.constant(''), fc.stringMatching(/^-[!-~]*$/));
    fc.assert(
      fc.property(version, id(32), id(16), hex(2), more, (version, traceId, parentSpanId, flags, more) => {
        const isGood = version !== 'ff' && (version !== '00' || more === '');
        const header = `${version}-${traceId}-${parentSpanId}-${flags}${more}`;
        expect(parseTraceparent(header)).toEqual(isGood ? { traceId, parentSpanId, flags } : undefined);
      }),
    );
  });
});

describe('a trace that begins here', () => {
  it('is valid, sampled, and another each time', () => {
    const traces = Array.from({ length: 1_000 }, newTrace);
    for (const trace of traces) {
      expect(trace).toEqual({ traceId: expect.stringMatching(/^[\da-f]{32}$/), flags: '01' });
      expect(parseTraceparent(traceparentOf(trace))).toMatchObject(trace);
    }
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(1_000);
  });

  it('is sent under a span of its own, another each time', () => {
    const trace = newTrace();
    const spans = Array.from({ length: 100 }, () => parseTraceparent(traceparentOf(trace))?.parentSpanId);
    expect(new Set(spans).size).toBe(100);
  });
});

describe('the headers of a request', () => {
  it.each<[what: string, headers: unknown]>([
    ["axios' own", new AxiosHeaders({ Traceparent: GOOD })],
    ['a plain object', { traceparent: GOOD }],
    ['a plain object in any case', { accept: '*/*', TraceParent: GOOD }],
    ['a list of one', { traceparent: [GOOD] }],
    ['a list of one, as axios keeps it', new AxiosHeaders({ traceparent: [GOOD] })],
    ['those of fetch', new Headers({ traceparent: GOOD })],
    ['a Map', new Map([['traceparent', GOOD]])],
    ['a plain object with the headers of a method', { get: { accept: '*/*' }, traceparent: GOOD }],
  ])('name a trace: %s', (_what, headers) => {
    expect(traceIn(headers)).toEqual({ traceId: TRACE, parentSpanId: SPAN, flags: '01' });
  });

  it.each<[what: string, headers: unknown]>([
    ['none', undefined],
    ['null', null],
    ['others', { traceparents: GOOD }],
    ['two', { traceparent: [GOOD, GOOD] }],
    ['an empty list', { traceparent: [] }],
    ['an invalid one', { traceparent: 'nonsense' }],
    ['one switched off', new AxiosHeaders({ traceparent: false })],
    ['a string', GOOD],
  ])('name none: %s', (_what, headers) => {
    expect(traceIn(headers)).toBeUndefined();
  });
});

describe('the active span', () => {
  const API = Symbol.for('opentelemetry.js.api.1');
  const place = globalThis as { [API]?: unknown };
  afterEach(() => {
    delete place[API];
  });

  const api = (span: unknown): unknown => ({ context: { active: () => ({ getValue: () => span }) } });
  const spanOf = (context: unknown): unknown => ({ spanContext: () => context });

  it('names the trace', () => {
    place[API] = api(spanOf({ traceId: TRACE, spanId: SPAN, traceFlags: 1 }));
    expect(activeTrace()).toEqual({ traceId: TRACE, parentSpanId: SPAN, flags: '01' } satisfies Trace);
    place[API] = api(spanOf({ traceId: TRACE, spanId: SPAN, traceFlags: 0 }));
    expect(activeTrace()?.flags).toBe('00');
  });

  const broken = (): never => {
    throw new Error('of another');
  };
  it.each<[what: string, api: unknown]>([
    ['no OpenTelemetry', undefined],
    ['null', null],
    ['a string', 'opentelemetry'],
    ['an object without a context', {}],
    ['a context that is none', { context: 5 }],
    ['a context that throws when it is looked at', Object.defineProperty({}, 'context', { get: broken })],
    ['an API whose every property throws', new Proxy({}, { get: broken })],
    ['a context manager that throws', { context: { active: broken } }],
    ['no active context', { context: { active: () => undefined } }],
    ['a context without values', { context: { active: () => ({}) } }],
    ['values that throw', { context: { active: () => ({ getValue: broken }) } }],
    ['no span', api(undefined)],
    ['a span without a context', api({})],
    ['a span whose context throws', api({ spanContext: broken })],
    ['a span context that is none', api(spanOf(null))],
    ['a span context without ids', api(spanOf({}))],
    ['a span that records nothing', api(spanOf({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }))],
    ['a span with ids of another kind', api(spanOf({ traceId: 5, spanId: Symbol('span'), traceFlags: 1 }))],
    ['a span with flags of another kind', api(spanOf({ traceId: TRACE, spanId: SPAN, traceFlags: {} }))],
    ['a span with flags too large', api(spanOf({ traceId: TRACE, spanId: SPAN, traceFlags: 256 }))],
  ])('is none, and nothing breaks: %s', (_what, value) => {
    place[API] = value;
    expect(activeTrace()).toBeUndefined();
  });
});
