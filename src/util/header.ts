/** Reads a header, ignoring case, from a `Headers`, an AxiosHeaders, Node's plain object, or whatever a mock adapter makes up. */
export function headerOf(headers: unknown, name: string): unknown {
  const given = (headers ?? {}) as Record<string, unknown>;
  if (typeof given.get === 'function') return given.get(name); // not lower-cased: a Map is case-sensitive
  const lower = name.toLowerCase();
  const key = Object.keys(given).find((one) => one.toLowerCase() === lower);
  return key && given[key];
}

/** The same as text; `''` if the header is absent. */
export function textOf(headers: unknown, name: string): string {
  const value = headerOf(headers, name);
  return value === false ? '' : String(value ?? '');
}

/** What axios strips from a value. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it takes out.
export const UNCLEAN = /[\u0000-\u0008\u000a-\u001f\u007f]|^[\t ]|[\t ]$/;
