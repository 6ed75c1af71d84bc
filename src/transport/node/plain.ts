/**
 * What axios' http adapter sends for a plain request: one over HTTP/1.1, with its whole body in memory, no progress events and no rate
 * limit. Anything else, and whatever axios rejects, is left to the adapter.
 */
import { EventEmitter } from 'node:events';
import type { RequestOptions } from 'node:http';
import axios, {
  type AxiosBasicCredentials,
  type AxiosRequestHeaders,
  type InternalAxiosRequestConfig,
  type ParamsSerializerOptions,
} from 'axios';
import { own } from '../../util/own';
import { parseUrl } from '../../util/url';
import { isUntouched } from './untouched';

/** A request in the form Node takes. */
export interface Plain {
  readonly secure: boolean;
  readonly options: RequestOptions;
  readonly body: Buffer | undefined;
}

/** An option that axios reads but its types omit. */
type Config = InternalAxiosRequestConfig & { transport?: unknown };

/** Returns `undefined` if the request is not plain. Completes `headers` in place, as the adapter does. */
export function plainOf(config: Config, headers: AxiosRequestHeaders): Plain | undefined {
  const added = adapterHeaders();
  const url = added && isPlain(config) ? urlOf(config) : undefined;
  if (!added || !url) return undefined;
  const { auth, data, maxBodyLength = -1 } = config;
  const body = data ? bytesOf(data) : undefined;
  const credentials = auth ? credentialsOf(auth) : undefined;
  if ((data && !body) || (auth && !credentials) || (body && maxBodyLength > -1 && body.length > maxBodyLength)) return undefined;

  const path = pathOf(url, config);
  const sent = path === undefined ? undefined : complete(headers, added, body, credentials);
  if (!sent) return undefined;
  const options = {
    path,
    method: config.method?.toUpperCase(),
    headers: sent,
    auth: credentials,
    protocol: url.protocol,
    family: config.family,
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port,
    // Set explicitly, so that Node does not read them from a polluted Object.prototype.
    createConnection: undefined,
    insecureHTTPParser: Boolean(config.insecureHTTPParser),
    maxBodyLength: maxBodyLength > -1 ? maxBodyLength : Infinity,
  };
  return { secure: url.protocol === 'https:', options: options as RequestOptions, body };
}

function isPlain(config: Config): boolean {
  const { onUploadProgress, onDownloadProgress, maxRate, socketPath, transport, lookup, httpVersion, sensitiveHeaders, transitional } =
    config;
  if (onUploadProgress || onDownloadProgress || maxRate || socketPath || transport || lookup) return false;
  if (httpVersion !== undefined && httpVersion !== 1) return false;
  // Only follow-redirects uses these, but axios rejects anything other than a list of names before it sends the request.
  if (sensitiveHeaders !== undefined && sensitiveHeaders !== null && !isStrings(sensitiveHeaders)) return false;
  // Without redirects no response is handed on to the adapter, so mocks and tracers do not matter.
  return typeof config.method === 'string' && !transitional?.advertiseZstdAcceptEncoding && (config.maxRedirects === 0 || isUntouched());
}

const isStrings = (list: unknown): boolean => Array.isArray(list) && list.every((entry) => typeof entry === 'string');

/** Resolves the URL against `baseURL` as axios does. One with credentials, or malformed, is left to the adapter. */
function urlOf({ baseURL, url, allowAbsoluteUrls }: Config): URL | undefined {
  if (typeof url !== 'string' || (baseURL !== undefined && typeof baseURL !== 'string')) return undefined;
  let full = url;
  if (baseURL && (allowAbsoluteUrls === false || !ABSOLUTE.test(url))) {
    if (SCHEME.test(url)) return undefined;
    full = url ? `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}` : baseURL;
  }
  const parsed = HTTP.test(full) ? parseUrl(full) : undefined;
  return parsed?.username || parsed?.password ? undefined : parsed;
}

const HTTP = /^https?:\/\//i;
const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;
/** axios rejects a relative URL that begins like an absolute one. */
const SCHEME = /^[^/?#]*:/;

const bytesOf = (data: unknown): Buffer | undefined => {
  if (typeof data === 'string') return Buffer.from(data);
  if (Buffer.isBuffer(data)) return data;
  return data instanceof ArrayBuffer ? Buffer.from(new Uint8Array(data)) : undefined; // a copy, as axios makes one
};

/** Only from a plain object without hidden properties; for anything else the adapter knows where to look. */
function credentialsOf(auth: Partial<AxiosBasicCredentials>): string | undefined {
  const names = Object.keys(auth);
  const prototype = Object.getPrototypeOf(auth);
  if ((prototype && prototype !== Object.prototype) || Object.getOwnPropertyNames(auth).length > names.length) return undefined;
  const part = (name: 'username' | 'password'): string => (names.includes(name) && auth[name]) || '';
  return names.includes('username') || names.includes('password') ? `${part('username')}:${part('password')}` : undefined;
}

/** Has no defaults, since it only serializes params. */
const writer = new axios.Axios({});

/** Returns `undefined` if the params cannot be serialized; the adapter has an error for that. */
function pathOf({ pathname, search }: URL, { params, paramsSerializer }: Config): string | undefined {
  if (!params) return pathname + search;
  try {
    // Ignores a `serialize` on a polluted Object.prototype.
    const { serialize } = own((paramsSerializer ?? {}) as ParamsSerializerOptions);
    if (serialize) {
      const written = serialize(params, paramsSerializer as ParamsSerializerOptions);
      return pathname + search + (written ? (search ? '&' : '?') + written : '');
    }
    return writer.getUri({ url: pathname + search, params, ...(paramsSerializer && { paramsSerializer }) });
  } catch {
    return undefined;
  }
}

/** The headers of a request before and after they were completed. */
interface Completed {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly headers: Record<string, unknown>;
  readonly sent: Sent;
}

/** Those of the last request that had neither a body nor `auth`: most requests of a program have the same headers. */
let last: Completed | undefined;

const isUnchanged = (headers: AxiosRequestHeaders, names: readonly string[], { names: before, values }: Completed): boolean =>
  names.length === before.length && names.every((name, i) => name === before[i] && headers[name] === values[i]);

/** Adds what the adapter adds and returns the headers as it passes them to Node, or `undefined` if it would have to alter a value. */
function complete(headers: AxiosRequestHeaders, added: Added, body: Buffer | undefined, credentials: string | undefined): Sent | undefined {
  if (body || credentials) return completed(headers, added, body, credentials);
  const names = Object.keys(headers);
  if (last && isUnchanged(headers, names, last)) {
    Object.assign(headers, last.headers);
    return copyOf(last.sent);
  }
  const values = names.map((name) => headers[name]);
  const sent = completed(headers, added, body, credentials);
  if (!sent) return undefined;
  // An object may become another text each time it is asked; and a name that is gone now was one of two that differ in case.
  const isRepeatable = values.every(isTextOrNothing) && names.every((name) => name in headers);
  if (isRepeatable) last = { names, values, headers: { ...headers }, sent };
  return copyOf(sent);
}

function completed(
  headers: AxiosRequestHeaders,
  added: Added,
  body: Buffer | undefined,
  credentials: string | undefined,
): Sent | undefined {
  let names = namesOf(headers);
  if (!names) {
    headers.normalize(false);
    names = namesOf(headers);
    if (!names) return undefined;
  }
  setUnlessThere(headers, names, 'User-Agent', added['User-Agent']);
  if (body) setUnlessThere(headers, names, 'Content-Length', String(body.length));
  if (credentials) headers.delete('authorization');
  setUnlessThere(headers, names, 'Accept-Encoding', added['Accept-Encoding']);
  const sent: Sent = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') sent[name] = value;
  }
  return sent;
}

type Sent = Record<string, string>;

/** Without a prototype, as axios' own; made by `Object.create(null)` it would be a dictionary, which is slower. */
const copyOf = (sent: Sent): Sent => Object.setPrototypeOf({ ...sent }, null);

/** What the adapter would change in a value: control characters, those beyond one byte, and surrounding whitespace. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]|^[\t ]|[\t ]$/;

const isTextOrNothing = (value: unknown): boolean => typeof value === 'string' || value === undefined || value === null || value === false;

/** The names by their lower case, or `undefined` if the headers are not as axios makes them: each once, with a clean text or no value. */
function namesOf(headers: AxiosRequestHeaders): Record<string, string> | undefined {
  const names: Record<string, string> = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    const lower = name.toLowerCase();
    const isClean = isTextOrNothing(value) && !(typeof value === 'string' && UNSENDABLE.test(value));
    if (!isClean || lower in names || name.trim() !== name) return undefined;
    names[lower] = name;
  }
  return names;
}

function setUnlessThere(headers: AxiosRequestHeaders, names: Record<string, string>, name: string, value: string): void {
  const there = names[name.toLowerCase()];
  if (there === undefined || headers[there] === undefined) headers[there ?? name] = value;
}

type Added = Record<'User-Agent' | 'Accept-Encoding', string>;

let known: Added | undefined | null;

/** What axios' adapter adds to every request, probed from the adapter itself, since the next release of axios may add something else. */
function adapterHeaders(): Added | null {
  if (known === undefined) known = probe();
  return known;
}

function probe(): Added | null {
  let sent: Partial<Added> = {};
  const nobody = Object.assign(new EventEmitter(), { setTimeout: () => {}, end: () => {} });
  const transport = {
    request(options: { headers: Added }) {
      sent = options.headers;
      return nobody;
    },
  };
  const config = {
    url: 'http://localhost/',
    method: 'get',
    headers: new axios.AxiosHeaders(),
    proxy: false,
    httpAgent: {}, // a dummy, or `proxy: false` would make axios modify Node's global agent where that proxies from the environment
    maxRedirects: 0,
    transport,
  };
  axios
    .getAdapter('http')(config as never)
    .catch(() => {});
  const { 'User-Agent': agent, 'Accept-Encoding': encoding, ...others } = sent;
  return agent && encoding && Object.keys(others).length === 0 ? { 'User-Agent': agent, 'Accept-Encoding': encoding } : null;
}
