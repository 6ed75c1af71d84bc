/**
 * How a request is named: its endpoint, of which there are few, and its URL with the secrets taken out.
 */
import type { AxiosRequestConfig } from 'axios';
import { parseUrl } from './util/url';

/** How long a name may be, or a URL that is remembered, in characters. */
const LONGEST = 500;

/** Path segments that tell one resource from another, not one endpoint from another. */
const IDENTIFIERS = [
  /^\d+$/, // 42
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, // UUID
  /^(?=.*\d)[0-9a-f]{16,}$/i, // hashes, object ids
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i, // ULID
  /^\d{4}-\d{2}(-\d{2})?(T[\d:.]+Z?)?$/, // dates
  /^(?=.*\d)(?=.*[A-Za-z])[\w-]{20,}$/, // base64url tokens
  /^eyJ[\w-]+(\.[\w-]*){2,4}$/, // JWTs
  /^[^@]+(@|%40)[^@]+\.[^@]+$/i, // mail addresses
];

/** Every one of them has one of these. Most segments have none. */
const MAY_IDENTIFY = /[\d@-]|^eyJ/;

/** Without the segments, or else the characters, that are too many. */
function shorten(path: string): string {
  if (path.length <= LONGEST) return path;
  return path.slice(0, path.lastIndexOf('/', LONGEST - 1) + 1 || LONGEST);
}

const template = (path: string): string =>
  shorten(
    shorten(path)
      .split('/')
      .map((segment) => (MAY_IDENTIFY.test(segment) && IDENTIFIERS.some((identifier) => identifier.test(segment)) ? ':id' : segment))
      .join('/'),
  );

/** What a relative URL is relative to, which a page may have a `<base>` for; in Node there is nothing. */
function base(): string | undefined {
  const { document, location } = globalThis as Partial<typeof globalThis>;
  const base = document?.baseURI ?? location?.href;
  if (/^http/.test(base ?? '')) return base; // to look at the location takes longer than all the rest
  return base === location?.href && location?.origin === 'null' ? undefined : base;
}

/** Untyped callers pass null, URL objects, and what has no text at all. */
function textOf(value: unknown): string {
  try {
    return String(value ?? '');
  } catch {
    return '';
  }
}

const isAbsolute = (url: string): boolean => /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);

/** The request's URL, without `params`; `undefined` where it is none. */
export const urlOf = (config: AxiosRequestConfig): URL | undefined => parseUrl(fullUrl(config), base());

/** The request's URL as a text, without `params`. */
function fullUrl({ baseURL, url, allowAbsoluteUrls }: AxiosRequestConfig): string {
  const path = textOf(url);
  const base = textOf(baseURL);
  return base && !(isAbsolute(path) && allowAbsoluteUrls !== false) ? `${base.replace(/\/?\/$/, '')}/${path.replace(/^\/+/, '')}` : path;
}

/** What is shown of a URL. */
interface Shown {
  /** Empty where there is no host. */
  readonly origin: string;
  /** Origin and path with `:id` in place of identifiers. */
  readonly endpoint: string;
  /** Origin and path. */
  readonly url: string;
  readonly query: readonly Parameter[];
  /** The endpoint's name with the method that was asked for last: maps find a text soonest that is the same object. */
  named?: { readonly method: string; readonly name: string };
  /** The URL with the names of its query, once somebody asked for it. */
  redacted?: string;
}

/** Most programs ask for few URLs, again and again. */
const shown = new Map<string, Shown>();

/** URLs remembered. */
const CAP = 500;

/** One with an @ may have credentials in it, which have no business in memory. */
const isKept = (url: string): boolean => url.length <= LONGEST && !url.includes('@');

/** What was asked about last: a call asks several times in a row. */
let last:
  | { url: string; baseURL: string | undefined; allowAbsoluteUrls: boolean | undefined; root: string | undefined; shown: Shown }
  | undefined;

function show(config: AxiosRequestConfig): Shown {
  const { url, baseURL, allowAbsoluteUrls } = config;
  const root = base();
  if (last && last.url === url && last.baseURL === baseURL && last.allowAbsoluteUrls === allowAbsoluteUrls && last.root === root)
    return last.shown;
  const full = fullUrl(config);
  const shown = remembered(full, isAbsolute(full) && full[0] !== '/' ? undefined : root);
  // Only texts, which nobody can change.
  const isText = typeof url === 'string' && (baseURL === undefined || typeof baseURL === 'string');
  if (isText && isKept(`${root} ${full}`)) last = { url, baseURL, allowAbsoluteUrls, root, shown };
  return shown;
}

function remembered(full: string, base: string | undefined): Shown {
  const key = base === undefined ? full : `${base} ${full}`;
  const known = shown.get(key);
  if (known) return known;
  const made = makeShown(parseUrl(full, base), full);
  if (shown.size >= CAP) shown.clear();
  if (isKept(key)) shown.set(key, made);
  return made;
}

function makeShown(url: URL | undefined, full: string): Shown {
  if (!hasHost(url)) {
    const text = unclear(full, url);
    return { origin: '', endpoint: template(text), url: text, query: [] };
  }
  const origin = originOf(url);
  const path = shownPath(url.pathname);
  return { origin, endpoint: origin + template(path), url: origin + path, query: url.search ? [...url.searchParams] : [] };
}

const METHODS = /* @__PURE__ */ new Map(
  ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'].map((method) => [method, method.toUpperCase()]),
);

export const methodOf = ({ method = 'get' }: AxiosRequestConfig): string => METHODS.get(method) ?? textOf(method ?? 'get').toUpperCase();

/** `METHOD origin/path-template`: the key of statistics, few however many resources there are. */
export function endpointOf(config: AxiosRequestConfig): string {
  const shown = show(config);
  const method = methodOf(config);
  if (shown.named?.method !== method) shown.named = { method, name: `${method} ${shown.endpoint}` };
  return shown.named.name;
}

/** The origin of a request: what breakers and limits may be counted per. */
export function originOfRequest(config: AxiosRequestConfig): string {
  return show(config).origin;
}

/** Whether the parser told the parts of a URL apart. In `user:password@host` it takes the user for a scheme. */
const hasHost = (url: URL | undefined): url is URL => Boolean(url?.host);

/** `origin` is the string "null" for schemes the standard does not know. */
const originOf = (url: URL): string => (url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin);

const REDACTED = 'REDACTED';

/** How much of a text the user and the password of a URL may take up: all up to its last @, or what was meant as one. */
const userinfoOf = (text: string): number => /^[\s\S]*(?:[@\uff20\ufe6b]|%40)/i.exec(text)?.[0].length ?? 0;

/** A URL inside the path may have a password of its own: from where it begins to its @ nothing is shown. */
function shownPath(path: string): string {
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
function unclear(full: string, parsed: URL | undefined): string {
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

/**
 * The URL for a record: no user, no password, no fragment, and of the query only the names.
 *
 * @param allowed Parameters whose values are shown, by exact name. The list is the user's word: it shows a signature where it names one.
 */
export function redactedUrl(config: AxiosRequestConfig, allowed: readonly string[] = []): string {
  const shown = show(config);
  if (config.params || allowed.length) return withQuery(shown.url, [...shown.query, ...paramsOf(config.params)], allowed);
  shown.redacted ??= withQuery(shown.url, shown.query, allowed);
  return shown.redacted;
}

function withQuery(url: string, parameters: readonly Parameter[], allowed: readonly string[]): string {
  const query = parameters.map(([name, value]) => {
    if (value !== undefined && allowed.includes(name)) return `${encode(name)}=${encode(value)}`;
    // Without a value, the name may be a token.
    return value === '' ? REDACTED : `${encode(name)}=${REDACTED}`;
  });
  return query.length ? `${url}?${query.join('&')}` : url;
}

type Parameter = [name: string, value: string | undefined];

/** As axios sends them; what becomes of objects and lists depends on the serializer. */
function paramsOf(params: unknown): Parameter[] {
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

/** `METHOD url` for a message. */
export const describeRequest = (config: AxiosRequestConfig, allowed?: readonly string[]): string =>
  `${methodOf(config)} ${redactedUrl(config, allowed)}`;
