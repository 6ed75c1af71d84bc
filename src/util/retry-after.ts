/** The `Retry-After` header (RFC 9110, 10.2.3), in seconds or as a date. */
import { textOf } from './header';

/** The three forms of an HTTP date, and ISO 8601. `Date.parse` alone accepts almost anything with a digit in it. */
const DATE = /^([A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d( GMT| \d{4})$|\d{4}-\d\d-\d\dT)/;

/** Milliseconds to wait, rounded up so that nobody comes early; `undefined` without a usable header. */
export function retryAfterOf(headers: unknown): number | undefined {
  try {
    const value = textOf(headers, 'retry-after').trim();
    if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1_000);
    const date = dateOf(value);
    if (date === undefined) return undefined;
    // Relative to the server's own clock, if it sent a `Date`: ours may be off.
    return Math.max(0, date - (dateOf(textOf(headers, 'date')) ?? Date.now()));
  } catch {
    return undefined; // odd headers from a user's adapter are no reason to lose the response
  }
}

function dateOf(value: string): number | undefined {
  if (!DATE.test(value)) return undefined;
  // The oldest form names no zone, and means GMT.
  const date = Date.parse(/ \d{4}$/.test(value) ? `${value} GMT` : value);
  return Number.isNaN(date) ? undefined : date;
}
