/** A header, whatever the case of its name: of a `Headers`, an AxiosHeaders, Node's plain object, or what a mock adapter makes up. */
export function headerOf(headers: unknown, name: string): unknown {
  const given = (headers ?? {}) as Record<string, unknown>;
  if (typeof given.get === 'function') return given.get(name); // as it was given: a Map knows no other
  const lower = name.toLowerCase();
  const key = Object.keys(given).find((one) => one.toLowerCase() === lower);
  return key && given[key];
}
