/**
 * How a request is named: by its endpoint, of which there are few, and by its URL without the secrets.
 */
import type { AxiosRequestConfig } from 'axios';
import { type Parameter, paramsOf, shownPath, unclear, withQuery } from './endpoint/redact';
import { LONGEST, template } from './endpoint/template';
import { isAbsolute, joinUrl, parseUrl } from './util/url';

/** What relative URLs resolve against: the page's base URL, which `<base>` may set; nothing in Node. */
function base(): string | undefined {
  const { document, location } = globalThis as Partial<typeof globalThis>;
  const base = document?.baseURI ?? location?.href;
  if (base === undefined || /^http/.test(base)) return base; // returns early, since reading `location` costs more than all the rest
  return base === location?.href && location?.origin === 'null' ? undefined : base;
}

/** Untyped callers pass null, URL objects, and values that cannot be converted to a string. */
function textOf(value: unknown): string {
  try {
    return String(value ?? '');
  } catch {
    return '';
  }
}

/** The request's URL, without `params`; `undefined` if it is not valid. */
export const urlOf = (config: AxiosRequestConfig): URL | undefined => parseUrl(fullUrl(config), base());

/** The request's URL as a string, without `params`. */
export function fullUrl({ baseURL, url, allowAbsoluteUrls }: AxiosRequestConfig): string {
  const path = textOf(url);
  const base = textOf(baseURL);
  if (!base || (isAbsolute(path) && allowAbsoluteUrls !== false)) return path;
  return joinUrl(base, path);
}

/** The parts of a URL that may be shown. */
interface Shown {
  /** Empty without a host. */
  readonly origin: string;
  /** Origin and path with `:id` in place of identifiers. */
  readonly endpoint: string;
  /** Origin and path. */
  readonly url: string;
  readonly query: readonly Parameter[];
  /** The endpoint's name with the last method asked for; kept because maps find the identical string object fastest. */
  named?: { readonly method: string; readonly name: string };
  /** The URL with only the names of its query parameters, once somebody has asked for it. */
  redacted?: string;
}

/** Most programs request few URLs, over and over. */
const shown = new Map<string, Shown>();

/** How many URLs are remembered. */
const CAP = 500;

/** A URL with an @ may contain credentials, which have no business in memory. */
const isKept = (url: string): boolean => url.length <= LONGEST && !url.includes('@');

/** The last lookup: a call makes several in a row. */
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
  // Strings only: a URL object could change.
  const isText = typeof url === 'string' && (baseURL === undefined || typeof baseURL === 'string');
  if (isText && isKept(full) && isKept(root ?? '')) last = { url, baseURL, allowAbsoluteUrls, root, shown };
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
  /* @__PURE__ */ ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'].map((method) => [method, method.toUpperCase()]),
);

export const methodOf = ({ method = 'get' }: AxiosRequestConfig): string => METHODS.get(method) ?? textOf(method ?? 'get').toUpperCase();

/** `METHOD origin/path-template`: the key of statistics, of which there are few however many resources there are. */
export function endpointOf(config: AxiosRequestConfig): string {
  const shown = show(config);
  const method = methodOf(config);
  if (shown.named?.method !== method) shown.named = { method, name: `${method} ${shown.endpoint}` };
  return shown.named.name;
}

/** The origin of a request, which breakers and limits may be kept per. */
export function originOfRequest(config: AxiosRequestConfig): string {
  return show(config).origin;
}

/** Whether the parser found a host. In `user:password@host` it takes the user for a scheme. */
const hasHost = (url: URL | undefined): url is URL => Boolean(url?.host);

/** `origin` is the string "null" for schemes the standard does not know. */
const originOf = (url: URL): string => (url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin);

/**
 * The URL for a record: no user, password or fragment, and only the names of query parameters.
 *
 * @param allow Exact names of parameters whose values are shown. The list is taken at its word, even where it names a signature.
 */
export function redactedUrl(config: AxiosRequestConfig, allow: readonly string[] | false = []): string {
  const allowed = allow || [];
  const shown = show(config);
  if (config.params || allowed.length) return withQuery(shown.url, [...shown.query, ...paramsOf(config.params)], allowed);
  shown.redacted ??= withQuery(shown.url, shown.query, allowed);
  return shown.redacted;
}

/** `METHOD url` for a message. */
export const describeRequest = (config: AxiosRequestConfig, allow?: readonly string[] | false): string =>
  `${methodOf(config)} ${redactedUrl(config, allow)}`;
