/**
 * How a request is named: its endpoint, of which there are few, and its URL with the secrets taken out.
 */
import type { AxiosRequestConfig } from 'axios';

/** Path segments that tell one resource from another, not one endpoint from another. */
const IDENTIFIERS = [
  /^\d+$/, // 42
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, // UUID
  /^(?=.*\d)[0-9a-f]{16,}$/i, // hashes, object ids
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i, // ULID
  /^\d{4}-\d{2}(-\d{2})?(T[\d:.]+Z?)?$/, // dates
  /^(?=.*\d)(?=.*[A-Za-z])[\w-]{20,}$/, // base64url tokens
  /^[^@]+(@|%40)[^@]+\.[^@]+$/i, // mail addresses
];

const template = (path: string): string =>
  path
    .split('/')
    .map((segment) => (IDENTIFIERS.some((identifier) => identifier.test(segment)) ? ':id' : segment))
    .join('/');

/** What a relative URL is relative to; in Node there is nothing. */
const origin = (): string | undefined => (typeof location === 'object' && location.origin !== 'null' ? location.href : undefined);

const isAbsolute = (url: string): boolean => /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);

/** The request's URL, without `params`; `undefined` where it is none. */
export function urlOf({ baseURL, url = '', allowAbsoluteUrls = true }: AxiosRequestConfig): URL | undefined {
  const full = baseURL && !(isAbsolute(url) && allowAbsoluteUrls) ? `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}` : url;
  try {
    return new URL(full, origin());
  } catch {
    return undefined;
  }
}

const methodOf = (config: AxiosRequestConfig): string => (config.method ?? 'get').toUpperCase();

/** `METHOD origin/path-template`: the key of statistics, few however many resources there are. */
export function endpointOf(config: AxiosRequestConfig): string {
  const url = urlOf(config);
  return `${methodOf(config)} ${url ? originOf(url) + template(pathOf(url)) : template(bare(config.url))}`;
}

/** The origin of a request: what breakers and limits may be counted per. */
export function originOfRequest(config: AxiosRequestConfig): string {
  const url = urlOf(config);
  return url ? originOf(url) : '';
}

/** Schemes whose URL is all content: it is nobody's path. */
const isContent = ({ protocol }: URL): boolean => protocol === 'data:' || protocol === 'blob:';

/** `origin` is the string "null" for schemes the standard does not know. */
function originOf(url: URL): string {
  if (isContent(url)) return url.protocol;
  return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
}

const pathOf = (url: URL): string => (isContent(url) ? '' : url.pathname);

/** What can be shown of a URL that is none: anything up to an @ may be a password. */
const bare = (url = ''): string => url.replace(/[?#][\s\S]*/, '').replace(/^([a-z][a-z\d+.-]*:)?\/\/[\s\S]*@/i, '$1//');

/** The URL for a record: no user, no password, no fragment, and of the query only the names. */
export function redactedUrl(config: AxiosRequestConfig): string {
  const url = urlOf(config);
  const path = url ? originOf(url) + pathOf(url) : bare(config.url);
  const names = [...(url?.searchParams.keys() ?? []), ...paramNames(config.params)];
  return names.length ? `${path}?${names.map((name) => `${encodeURIComponent(name)}=REDACTED`).join('&')}` : path;
}

function paramNames(params: unknown): string[] {
  if (params instanceof URLSearchParams) return [...params.keys()];
  return typeof params === 'object' && params !== null ? Object.keys(params) : [];
}

/** `METHOD url` for a message. */
export const describeRequest = (config: AxiosRequestConfig): string => `${methodOf(config)} ${redactedUrl(config)}`;
