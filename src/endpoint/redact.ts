/** What may be shown of a URL: no user, no password, and only the allowed query values. */

const REDACTED = 'REDACTED';

/** How many characters a URL's user and password may take up: all up to the last @, or what may be meant as one, encoded or not. */
const userinfoOf = (text: string): number => /^[\s\S]*(?:[@\uff20\ufe6b]|%(?:25)*40|%EF%BC%A0|%EF%B9%AB)/i.exec(text)?.[0].length ?? 0;

/** A URL nested in the path may carry a password of its own: nothing is shown from where it begins up to its @. */
export function shownPath(path: string): string {
  if (!userinfoOf(path)) return path;
  const segments = path.split('/');
  const mayBegin = (segment: string): boolean => {
    const colon = segment.search(/:|%(?:25)*3A/i);
    return /^$|\\|:$/.test(segment) || (colon >= 0 && colon < userinfoOf(segment));
  };
  const begin = segments.findIndex((segment, i) => i > 0 && mayBegin(segment));
  const end = segments.map((segment) => userinfoOf(segment) > 0).lastIndexOf(true);
  return begin < 0 || end < begin ? path : [...segments.slice(0, begin), REDACTED, ...segments.slice(end + 1)].join('/');
}

/** A URL nested in a path, from where it begins: if an @ follows a ?, everything before it may be the password. */
const NESTED = /\/(?:\/|https?:|[^/]*(?::\/|\\))[\s\S]*/i;

/** What can be shown of a URL that is invalid or has no host: all up to an @ may be a password, all after a ? a value. */
export function unclear(full: string, parsed: URL | undefined): string {
  const text = (parsed?.href ?? full).replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '').trim(); // they would break the line of a log, or a terminal
  const [content] = /^(?:data|blob):/i.exec(text) ?? [];
  if (content) return content.toLowerCase(); // the rest is content, not a path
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/|\/\/)?([\s\S]*)$/i.exec(text) ?? [];
  const path = (/^[^?#]*/.exec(rest)?.[0] ?? '').trimEnd(); // trimmed, as parsers do
  const before = path.replace(/(\/(?:data|blob):)[\s\S]*/i, (_, begin: string) => begin.toLowerCase()); // one that was joined to a base
  const userinfo = userinfoOf(rest);
  if (!scheme && /^\/(?!\\)/.test(before)) return shownPath(userinfo > path.length ? before.replace(NESTED, `/${REDACTED}`) : before);
  return scheme + (userinfo > before.length ? REDACTED : before.slice(userinfo));
}

/** The URL with its query: values for the `allowed` parameters, only names for all others. */
export function withQuery(url: string, parameters: readonly Parameter[], allowed: readonly string[]): string {
  const query = parameters.map(([name, value]) => {
    if (value !== undefined && allowed.includes(name)) return `${encode(name)}=${encode(value)}`;
    // A name without a value may itself be a token.
    return value === '' ? REDACTED : `${encode(name)}=${REDACTED}`;
  });
  return query.length ? `${url}?${query.join('&')}` : url;
}

export type Parameter = [name: string, value: string | undefined];

/** The `params` as axios sends them. Objects and lists get no value: what becomes of those depends on the serializer. */
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

/** Encodes as axios does; most names need no encoding. */
function encode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  try {
    return encodeURIComponent(text).replace(/%3A/gi, ':').replace(/%24/g, '$').replace(/%2C/gi, ',').replace(/%20/g, '+');
  } catch {
    return REDACTED; // a lone surrogate
  }
}
