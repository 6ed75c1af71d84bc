// Secrets that are found again, whatever was done to them: percent-encoded, in Base64, in another case.
import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import * as fc from 'fast-check';

/** What survives any encoding by itself; none is part of another. */
export const marker: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'), { minLength: 8, maxLength: 8 })
  .map((letters) => `zq${letters.join('')}qz`);

/** Every byte as %XX. */
export const percent = (text: string): string => Buffer.from(text).toString('hex').replace(/../g, '%$&');

/** The whole characters of a text's Base64 that do not depend on what comes before or after: one form for each of the three ways it can lie. */
const inBase64 = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const whole = Buffer.from('\0'.repeat(before) + text).toString('base64');
    return whole.slice(Math.ceil((before * 8) / 6), Math.floor(((before + text.length) * 8) / 6));
  });

const decoded = (text: string): string => text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Which of the secrets are in a text, by name. */
export function found(text: string, secrets: Record<string, string>): string[] {
  const plain = decoded(decoded(text)).toLowerCase();
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return Object.entries(secrets)
    .filter(([, secret]) => plain.includes(secret) || inBase64(secret).some((form) => base64.includes(form)))
    .map(([name]) => name);
}

/** All that a value tells: to JSON, to a console, as text. */
export const outputOf = (value: unknown): string =>
  [String(value), JSON.stringify(value), inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity })].join('\n');
