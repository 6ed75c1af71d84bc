// What peers put into headers: Retry-After, traceparent, the deadline. Any text is read without throwing, and a megabyte of it at once.
import { AxiosHeaders } from 'axios';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deadlineFrom } from '../../src/index';
import { newTrace, parseTraceparent, traceIn, traceparentOf } from '../../src/trace';
import { retryAfterOf } from '../../src/util/retry-after';
import { runs } from '../setup/sample';

const NOW = Date.parse('2026-01-01T12:00:00Z');

beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef-:, GMTZThuJan.+') }),
  fc.stringMatching(/^[A-Z][a-z]{2,8},? [\s\S]{0,20}\d\d:\d\d:\d\d( GMT| \d{4})$/),
  fc.constantFrom(
    ...['0', 'a'].flatMap((a) => ['0', 'b'].map((b) => `00-${a.repeat(32)}-${b.repeat(16)}-01`)),
    `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  ),
  fc.stringMatching(/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(-.*)?$/),
);
const odd = fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true });

/** What makes a regular expression that backtracks go on for ever. A linear one takes milliseconds. */
const MEGABYTE = 1_000_000;
const long = (part: string): string => part.repeat(Math.ceil(MEGABYTE / part.length));
const BOMBS = [
  ...['0', '9', ' ', '-', ':', 'a', 'Thu', 'Thu, ', '00:00:00', '00:00:00 GMT', ' 2026', '1.', '\t\n', '00-', '\u00e9'].map(long),
  `Thu, ${long('00:00:00 GM')}`,
  `Thu, ${long('0')}:00:00 GMT`,
  `2026-01-01T${long('0')}`,
  `${long('0')}.${long('0')}x`,
  `00-${long('a')}`,
  `01-${'a'.repeat(32)}-${'b'.repeat(16)}-01-${long('-')}\n`,
  `${long(' ')}5${long(' ')}`,
];
/** Far beyond what a linear reading takes on a busy machine, far below what another does. */
const AT_ONCE = 2_000; // ms

function expectAtOnce(read: (text: string) => unknown): void {
  for (const bomb of BOMBS) {
    const startedAt = performance.now();
    read(bomb);
    expect(performance.now() - startedAt, `${bomb.slice(0, 20)}…`).toBeLessThan(AT_ONCE);
  }
}

describe('Retry-After', () => {
  it('is a number of milliseconds, or nothing, whatever it says', () => {
    fc.assert(
      fc.property(text, text, (value, date) => {
        const ms = retryAfterOf({ 'retry-after': value, date });
        if (ms !== undefined) expect(ms).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: runs(3_000) },
    );
  });

  it('is exact in seconds, and in dates to the second', () => {
    const seconds = fc.nat(10_000_000);
    fc.assert(
      fc.property(seconds, (s) => {
        expect(retryAfterOf({ 'retry-after': String(s) })).toBe(s * 1_000);
        expect(retryAfterOf({ 'retry-after': new Date(NOW + s * 1_000).toUTCString() })).toBe(s * 1_000);
        expect(retryAfterOf({ 'retry-after': new Date(NOW - s * 1_000).toUTCString() })).toBe(0);
        expect(retryAfterOf(new AxiosHeaders({ 'Retry-After': ` ${s} ` }))).toBe(s * 1_000);
      }),
    );
  });

  it('is read from whatever a mock calls headers', () => {
    fc.assert(
      fc.property(odd, odd, (headers, value) => {
        for (const some of [headers, { 'retry-after': value }, { get: () => value }, { get: value }]) {
          const ms = retryAfterOf(some as object);
          if (ms !== undefined) expect(ms).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: runs(1_000) },
    );
    const throwing = (): never => {
      throw new Error('broken mock');
    };
    expect(retryAfterOf({ get: throwing })).toBeUndefined();
    expect(retryAfterOf(Object.defineProperty({}, 'retry-after', { get: throwing, enumerable: true }))).toBeUndefined();
    expect(retryAfterOf(null)).toBeUndefined();
  });

  it('is read at once, however long', () => {
    expectAtOnce((value) => retryAfterOf({ 'retry-after': value, date: value }));
  });
});

describe('traceparent', () => {
  const hex = (digits: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits }).filter((some) => !/^0*$/.test(some));

  it('is a trace of the right shape, or nothing', () => {
    fc.assert(
      fc.property(text, (value) => {
        const trace = parseTraceparent(value);
        if (!trace) return;
        expect(value.trim()).not.toMatch(/^ff/);
        expect(trace.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
        expect(trace.parentSpanId).toMatch(/^(?!0{16})[\da-f]{16}$/);
        expect(trace.flags).toMatch(/^[\da-f]{2}$/);
      }),
      { numRuns: runs(3_000) },
    );
  });

  it('says what it was made of, and never has a line break in it', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.nat(255), (traceId, parentSpanId, flags) => {
        const trace = { traceId, parentSpanId, flags: flags.toString(16).padStart(2, '0') };
        expect(parseTraceparent(traceparentOf(trace))).toEqual(trace);
        expect(parseTraceparent(`${traceparentOf(trace)}\r\nx: y`)).toBeUndefined();
        expect(parseTraceparent(traceparentOf(newTrace()))).toMatchObject({ flags: '01' });
      }),
    );
  });

  it('is looked for in whatever a caller calls headers', () => {
    fc.assert(
      fc.property(odd, odd, (headers, value) => {
        for (const some of [headers, { traceparent: value }, { Traceparent: value }, { get: value }]) traceIn(some);
      }),
      { numRuns: runs(1_000) },
    );
  });

  it('is read at once, however long', () => {
    expectAtOnce((value) => traceIn({ traceparent: value }));
  });
});

describe('the deadline of an inbound request', () => {
  it('is a number of milliseconds, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(text, odd), (value) => {
        for (const headers of [{ 'x-request-timeout-ms': value }, { get: () => value }, { 'X-Request-Timeout-Ms': [value] }]) {
          const ms = deadlineFrom(headers);
          if (ms !== undefined) expect(ms).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: runs(1_000) },
    );
  });

  it('is read at once, however long', () => {
    expectAtOnce((value) => deadlineFrom({ 'x-request-timeout-ms': value }));
  });
});
