/** The error for an invalid option. */
import { AxiosError } from 'axios';

/** Names the option, what it takes, and the value unless it may be a secret: credentials end up in all kinds of places. */
export function badOption(name: string, value: unknown, takes: string): AxiosError {
  return new AxiosError(`${name}: ${show(value)} is not valid. ${takes}`, AxiosError.ERR_BAD_OPTION_VALUE);
}

function show(value: unknown): string {
  try {
    return Array.isArray(value) && value.length <= MAX_ITEMS ? `[${value.map(showOne).join(', ')}]` : showOne(value);
  } catch {
    return 'an object'; // a proxy or a getter that throws
  }
}

/** The longest list whose items are shown. */
const MAX_ITEMS = 10;

function showOne(value: unknown): string {
  if (typeof value === 'string') return showText(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`; // '5 is not valid, it takes milliseconds' would explain nothing
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}

/** What cannot be a secret: up to 3 characters, or an amount with its unit. */
const HARMLESS = /^(?:.{0,3}|[-+]?\d{1,6}(?:\.\d{1,3})? ?[a-z%]{0,7})$/i;

function showText(text: string): string {
  if (HARMLESS.test(text)) return `'${text}'`;
  const origin = originOf(text);
  return origin === 'null' ? `a string of ${text.length} characters` : `'${origin}${text === origin ? '' : '/…'}'`;
}

/** Like `URL.origin`, with "null" also for text that is no URL. */
function originOf(text: string): string {
  try {
    return new URL(text).origin;
  } catch {
    return 'null';
  }
}
