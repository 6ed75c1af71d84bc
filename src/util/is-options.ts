/** What may hold options. A Date, a Map or a promise that nobody awaited has none: it would change nothing, in silence. */
export const isOptions = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  (Object.keys(value).length > 0 || /^\[object (?:Object|Module)]$/.test(Object.prototype.toString.call(value)));
