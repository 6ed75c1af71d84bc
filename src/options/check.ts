/** Checks shared by all options. Each error names the option, the value, and what the option takes. */
import { badOption } from '../errors/bad-option';
import { isOptions } from '../util/is-options';
import { own } from '../util/own';

/** Options with every field set. */
export type Full<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** A check of a value, and a sentence saying what it accepts. */
export type Rule = readonly [isGood: (value: unknown) => boolean, takes: string];

/** A rule per option, or for nested options a function that merges them over what was set so far. */
type Rules<T> = { [K in keyof Required<T>]: Rule | ((name: string, value: unknown, before: unknown) => unknown) };

/** Returns the value if it passes. */
export function check<T>([isGood, takes]: Rule, name: string, value: T): T {
  if (!isGood(value)) throw badOption(name, value, takes);
  return value;
}

/** NaN for anything else, which fails every comparison. */
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

export const duration: Rule = [(value) => number(value) > 0, 'It takes milliseconds greater than 0.'];
export const finiteDuration: Rule = [(value) => number(value) > 0 && value !== Infinity, 'It takes finite milliseconds greater than 0.'];
export const durationOrZero: Rule = [(value) => number(value) >= 0, 'It takes milliseconds, 0 or more.'];
export const count: Rule = [(value) => Number.isInteger(value) && number(value) >= 1, 'It takes a whole number, 1 or more.'];
export const countOrZero: Rule = [(value) => Number.isInteger(value) && number(value) >= 0, 'It takes a whole number, 0 or more.'];
export const positive: Rule = [(value) => number(value) > 0, 'It takes a number greater than 0.'];
export const fraction: Rule = [(value) => number(value) > 0 && number(value) <= 1, 'It takes a fraction greater than 0, up to 1.'];
export const fractionOrZero: Rule = [(value) => number(value) >= 0 && number(value) <= 1, 'It takes a fraction, 0 to 1.'];
export const factor: Rule = [(value) => number(value) >= 1, 'It takes a number, 1 or more.'];
export const fn: Rule = [(value) => typeof value === 'function', 'It takes a function.'];
export const oneOf = (...values: unknown[]): Rule => [
  (value) => values.includes(value),
  `It takes ${values.map((one) => `'${one}'`).join(', ')}.`,
];
export const anything: Rule = [() => true, ''];

/** A copy of all the options given at once; of `null` or `false`, as in axios, an empty one. A promise that nobody awaited would be none, in silence. */
export function whole<T extends object>(name: string, given: T): T {
  if (given && !isOptions(given)) throw badOption(name, given, 'It takes an object.');
  return own(given);
}

/** The rule for an option that need not be set: `false` takes it away. */
export const orNone =
  ([isGood, takes]: Rule) =>
  (name: string, value: unknown): unknown =>
    value === false ? undefined : check([isGood, takes.replace(/\.$/, ', or false.')], name, value);

/** The rule for nested options, or `false`. */
export const group =
  <T extends object>(defaults: T, rules: Rules<T>) =>
  (name: string, value: unknown, before: unknown): unknown =>
    lay(name, before as T | false, value, defaults, rules);

/** Merges options over the settings so far, or over the defaults if those are off. `undefined` changes nothing; `false` is off. */
export function lay<T extends object>(
  name: string,
  base: T | false,
  value: unknown,
  defaults: T,
  rules: Rules<T>,
  takes?: string,
): T | false {
  if (value === undefined) return base;
  return value !== false && fields(name, base || defaults, value, rules, takes);
}

/** Checks each field of an object, refuses unknown ones, and merges it over `base`. */
export function fields<T extends object>(name: string, base: T, value: unknown, rules: Rules<T>, takes = 'an object, or false'): T {
  if (!isOptions(value)) throw badOption(name, value, `It takes ${takes}.`);
  const merged = own(base);
  const names = Object.keys(rules); // not `in`: every object has a toString and a __proto__
  for (const [key, field] of Object.entries(value)) {
    const path = `${name}.${key}`;
    if (!names.includes(key)) throw badOption(path, field, `There is no such option. The options are ${names.join(', ')}.`);
    if (field === undefined) continue;
    const rule = rules[key as keyof T];
    const setting = typeof rule === 'function' ? rule(path, field, base[key as keyof T]) : check(rule, path, field);
    merged[key as keyof T] = setting as T[keyof T];
  }
  return merged;
}
