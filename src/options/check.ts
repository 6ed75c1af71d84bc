/** The checks that the options share: each names the option, the value, and what it takes. */
import { badOption } from '../errors';
import { own } from '../util/own';

/** Options with every field decided. */
export type Full<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

type Check = (name: string, value: unknown) => void;

const check =
  (isGood: (value: unknown) => boolean, takes: string): Check =>
  (name, value) => {
    if (!isGood(value)) throw badOption(name, value, takes);
  };

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

export const duration = check((value) => isNumber(value) && value > 0, 'It takes milliseconds greater than 0.');
export const finiteDuration = check((value) => isNumber(value) && value > 0 && value < Infinity, 'It takes milliseconds greater than 0.');
export const durationOrZero = check((value) => isNumber(value) && value >= 0, 'It takes milliseconds, 0 or more.');
export const count = check((value) => Number.isInteger(value) && (value as number) >= 1, 'It takes a whole number, 1 or more.');
export const countOrZero = check((value) => Number.isInteger(value) && (value as number) >= 0, 'It takes a whole number, 0 or more.');
export const positive = check((value) => isNumber(value) && value > 0, 'It takes a number greater than 0.');
export const fraction = check((value) => isNumber(value) && value > 0 && value <= 1, 'It takes a fraction greater than 0, up to 1.');
export const factor = check((value) => isNumber(value) && value >= 1, 'It takes a number, 1 or more.');
export const fn = check((value) => typeof value === 'function', 'It takes a function.');
export const flag = check((value) => typeof value === 'boolean', 'It takes true or false.');
export const oneOf = (...values: string[]): Check =>
  check((value) => values.includes(value as string), `It takes ${values.map((v) => `'${v}'`).join(', ')}.`);
export const orFalse =
  (inner: Check): Check =>
  (name, value) => {
    if (value !== false) inner(name, value);
  };
export const anything: Check = () => {};

/** Checks each field of an object, and that there is no other. Lays it over what was there. */
export function fields<T extends object>(
  name: string,
  base: T,
  value: unknown,
  checks: { [K in keyof Required<T>]: Check },
  takes = 'an object, or false',
): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badOption(name, value, `It takes ${takes}.`);
  const merged = own(base);
  const names = Object.keys(checks); // not `in`: every object has a toString and a __proto__
  for (const [key, field] of Object.entries(value)) {
    if (!names.includes(key)) throw badOption(`${name}.${key}`, field, `There is no such option. The options are ${names.join(', ')}.`);
    if (field === undefined) continue;
    checks[key as keyof T](`${name}.${key}`, field);
    merged[key as keyof T] = field as T[keyof T];
  }
  return merged;
}
