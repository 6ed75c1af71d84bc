/**
 * How a request is named: its endpoint, of which there are few, and its URL with the secrets taken out.
 */
import type { AxiosRequestConfig } from 'axios';
import { type Parameter, paramsOf, shownPath, unclear, withQuery } from './endpoint/redact';
import { LONGEST, template } from './endpoint/template';
import { parseUrl } from './util/url';

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

/** `METHOD url` for a message. */
export const describeRequest = (config: AxiosRequestConfig, allowed?: readonly string[]): string =>
  `${methodOf(config)} ${redactedUrl(config, allowed)}`;
