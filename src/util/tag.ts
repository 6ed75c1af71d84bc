/** The class of a built-in object, of any realm: a script in a sandbox has classes of its own, none of which is an `instanceof` ours. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

export const isDate = (value: unknown): value is Date => tagOf(value) === 'Date';

/** Of most values, which are no objects, it is told at once: each in a beacon's data is looked at. */
export const isError = (value: unknown): value is Error =>
  typeof value === 'object' && (value instanceof Error || /^(Error|DOMException)$/.test(tagOf(value)));
