/** What of a URL may be shown: no user, no password, and of its query only what was allowed. */

const REDACTED = 'REDACTED';

/** How much of a text the user and the password of a URL may take up: all up to its last @, or what was meant as one. */
const userinfoOf = (text: string): number => /^[\s\S]*(?:[@\uff20\ufe6b]|%40)/i.exec(text)?.[0].length ?? 0;

/** A URL inside the path may have a password of its own: from where it begins to its @ nothing is shown. */
export function shownPath(path: string): string {
  if (!userinfoOf(path)) return path;
  const segments = path.split('/');
  const mayBegin = (segment: string): boolean => {
    const colon = segment.search(/:|%3A/i);
    return /^$|\\|:$/.test(segment) || (colon >= 0 && colon < userinfoOf(segment));
  };
  const begin = segments.findIndex((segment, i) => i > 0 && mayBegin(segment));
  const end = segments.map((segment) => userinfoOf(segment) > 0).lastIndexOf(true);
  return begin < 0 || end < begin ? path : [...segments.slice(0, begin), REDACTED, ...segments.slice(end + 1)].join('/');
}

/** A URL inside a path, from where it begins: with an @ behind a ? all before it may be the password. */
const NESTED = /\/(?:\/|https?:|[^/]*(?::\/|\\))[\s\S]*/i;

/** What can be shown of a URL that is none, or has no host: anything up to an @ may be a password, or behind a ? a value. */
export function unclear(full: string, parsed: URL | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would break the line of a log, and parsers drop them.
  const text = (parsed?.href ?? full).replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, '').trim();
  const [content] = /^(?:data|blob):/i.exec(text) ?? [];
  if (content) return content.toLowerCase(); // all of it is content, and nobody's path
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/|\/\/)?([\s\S]*)$/i.exec(text) ?? [];
  const path = (/^[^?#]*/.exec(rest)?.[0] ?? '').trimEnd(); // as parsers do
  const before = path.replace(/(\/(?:data|blob):)[\s\S]*/i, (_, begin: string) => begin.toLowerCase()); // joined to a base
  const userinfo = userinfoOf(rest);
  if (!scheme && /^\/(?!\\)/.test(before)) return shownPath(userinfo > path.length ? before.replace(NESTED, `/${REDACTED}`) : before);
  return scheme + (userinfo > before.length ? REDACTED : before.slice(userinfo));
}

/** The URL with its query: the values of `allowed` parameters, and of all others the names. */
export function withQuery(url: string, parameters: readonly Parameter[], allowed: readonly string[]): string {
  const query = parameters.map(([name, value]) => {
    if (value !== undefined && allowed.includes(name)) return `${encode(name)}=${encode(value)}`;
    // Without a value, the name may be a token.
    return value === '' ? REDACTED : `${encode(name)}=${REDACTED}`;
  });
  return query.length ? `${url}?${query.join('&')}` : url;
}

export type Parameter = [name: string, value: string | undefined];

/** As axios sends them; what becomes of objects and lists depends on the serializer. */
export function paramsOf(params: unknown): Parameter[] {
  if (params instanceof URLSearchParams) return [...params];
  if (typeof params !== 'object' || params === null) return [];
  try {
    return Object.entries(params)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name.trim(), ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined]);
  } catch {
    return []; // a getter that throws
  }
}

/** As axios encodes it. Most names have nothing to encode. */
function encode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  try {
    return encodeURIComponent(text).replace(/%3A/gi, ':').replace(/%24/g, '$').replace(/%2C/gi, ',').replace(/%20/g, '+');
  } catch {
    return REDACTED; // half of a surrogate pair
  }
}
