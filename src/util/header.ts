/** A header by its name in lower case: of a `Headers`, an AxiosHeaders, Node's plain object, or what a mock adapter makes up. */
export function headerOf(headers: unknown, lower: string): unknown {
  const given = (headers ?? {}) as Record<string, unknown>;
  if (typeof given.get === 'function') return given.get(lower);
  const key = Object.keys(given).find((name) => name.toLowerCase() === lower);
  return key && given[key];
}
