/**
 * What axios' http adapter sends for a plain request: one whose body is there as a whole, over HTTP/1.1, with nothing to watch and nothing to
 * slow down. Anything else, and whatever axios refuses, is left to the adapter.
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

/** A request as Node takes it. */
export interface Plain {
  readonly secure: boolean;
  readonly options: RequestOptions;
  readonly body: Buffer | undefined;
}

/** What axios knows and its types do not say. */
type Config = InternalAxiosRequestConfig & { transport?: unknown };

/** `undefined` where the request is not plain. `headers` is completed, as the adapter does it. */
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
    // Named, so that Node finds nothing in their place that somebody put on Object.prototype.
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
  // axios checks these for follow-redirects alone, and refuses what is no list of names before it sends anything.
  if (sensitiveHeaders !== undefined && sensitiveHeaders !== null && !isStrings(sensitiveHeaders)) return false;
  // Without redirects nothing is handed on.
  return typeof config.method === 'string' && !transitional?.advertiseZstdAcceptEncoding && (config.maxRedirects === 0 || isUntouched());
}

const isStrings = (list: unknown): boolean => Array.isArray(list) && list.every((entry) => typeof entry === 'string');

/** Absolute, or relative to a base, as axios tells them apart; with credentials in it, or malformed, it is the adapter's. */
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
/** axios refuses a relative URL that begins like an absolute one. */
const SCHEME = /^[^/?#]*:/;

const bytesOf = (data: unknown): Buffer | undefined => {
  if (typeof data === 'string') return Buffer.from(data);
  if (Buffer.isBuffer(data)) return data;
  return data instanceof ArrayBuffer ? Buffer.from(new Uint8Array(data)) : undefined; // a copy, as axios makes one
};

/** Of a plain object that shows all it has; any other may have them elsewhere, and the adapter knows where it looks. */
function credentialsOf(auth: Partial<AxiosBasicCredentials>): string | undefined {
  const names = Object.keys(auth);
  const prototype = Object.getPrototypeOf(auth);
  if ((prototype && prototype !== Object.prototype) || Object.getOwnPropertyNames(auth).length > names.length) return undefined;
  const part = (name: 'username' | 'password'): string => (names.includes(name) && auth[name]) || '';
  return names.includes('username') || names.includes('password') ? `${part('username')}:${part('password')}` : undefined;
}

/** Without defaults: it is only asked how params are written. */
const writer = new axios.Axios({});

/** `undefined` where the params cannot be written; the adapter has an error for that. */
function pathOf({ pathname, search }: URL, { params, paramsSerializer }: Config): string | undefined {
  if (!params) return pathname + search;
  try {
    // What somebody put on Object.prototype is none of the user's.
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

/** Sets what the adapter sets, and gives all as it gives them to Node; `undefined` where it would have to change a value for that. */
function complete(headers: AxiosRequestHeaders, added: Added, body: Buffer | undefined, credentials: string | undefined): Sent | undefined {
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

/** What the adapter would change in a value: characters that are no bytes, and white space at its ends. */
const UNCLEAN = /[^\t\x20-\x7e\x80-\xff]|^[\t ]|[\t ]$/;

/** The names, by what they are in small letters; `undefined` where the headers are not as axios makes them: each once, each a clean text or nothing. */
function namesOf(headers: AxiosRequestHeaders): Record<string, string> | undefined {
  const names: Record<string, string> = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    const lower = name.toLowerCase();
    const isClean = typeof value === 'string' ? !UNCLEAN.test(value) : value === undefined || value === null || value === false;
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

/** What axios' adapter adds to every request, asked of the adapter itself: the next release of axios may add something else. */
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
    httpAgent: {}, // of nobody's: for `proxy: false` axios would change Node's own, where that takes its proxy from the environment
    maxRedirects: 0,
    transport,
  };
  axios
    .getAdapter('http')(config as never)
    .catch(() => {});
  const { 'User-Agent': agent, 'Accept-Encoding': encoding, ...others } = sent;
  return agent && encoding && Object.keys(others).length === 0 ? { 'User-Agent': agent, 'Accept-Encoding': encoding } : null;
}
