/** The checks that the options share: each names the option, the value, and what it takes. */
import { badOption } from '../errors/bad-option';
import { own } from '../util/own';

/** Options with every field decided. */
export type Full<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** What a value has to be, and how that is said. */
export type Rule = readonly [isGood: (value: unknown) => boolean, takes: string];

/** The rule of each option, or what makes the setting of options that lie deeper out of them and of what was set so far. */
type Rules<T> = { [K in keyof Required<T>]: Rule | ((name: string, value: unknown, before: unknown) => unknown) };

/** Gives the value back. */
export function check<T>([isGood, takes]: Rule, name: string, value: T): T {
  if (!isGood(value)) throw badOption(name, value, takes);
  return value;
}

/** What is none compares with nothing. */
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

export const duration: Rule = [(value) => number(value) > 0, 'It takes milliseconds greater than 0.'];
export const finiteDuration: Rule = [(value) => number(value) > 0 && value !== Infinity, 'It takes milliseconds greater than 0.'];
export const durationOrZero: Rule = [(value) => number(value) >= 0, 'It takes milliseconds, 0 or more.'];
export const count: Rule = [(value) => Number.isInteger(value) && number(value) >= 1, 'It takes a whole number, 1 or more.'];
export const countOrZero: Rule = [(value) => Number.isInteger(value) && number(value) >= 0, 'It takes a whole number, 0 or more.'];
export const positive: Rule = [(value) => number(value) > 0, 'It takes a number greater than 0.'];
export const fraction: Rule = [(value) => number(value) > 0 && number(value) <= 1, 'It takes a fraction greater than 0, up to 1.'];
export const factor: Rule = [(value) => number(value) >= 1, 'It takes a number, 1 or more.'];
export const fn: Rule = [(value) => typeof value === 'function', 'It takes a function.'];
export const oneOf = (...values: unknown[]): Rule => [
  (value) => values.includes(value),
  `It takes ${values.map((one) => `'${one}'`).join(', ')}.`,
];
export const anything: Rule = [() => true, ''];

/** Options under an option, or `false`. */
export const group =
  <T extends object>(defaults: T, rules: Rules<T>) =>
  (name: string, value: unknown, before: unknown): unknown =>
    lay(name, before as T | false, value, defaults, rules);

/** Lays options over the settings so far, or where those are off over the defaults. Without any the settings stay as they are; `false` is off. */
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

/** Checks each field of an object, and that there is no other. Lays it over what was there. */
export function fields<T extends object>(name: string, base: T, value: unknown, rules: Rules<T>, takes = 'an object, or false'): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badOption(name, value, `It takes ${takes}.`);
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
