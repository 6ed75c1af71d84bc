/**
 * What axios' http adapter sends for a plain request: one over HTTP/1.1, with its whole body in memory, no progress events and no rate
 * limit. Anything else, and whatever axios rejects, is left to the adapter.
 */
import type { RequestOptions } from 'node:http';
import axios, {
  type AxiosBasicCredentials,
  type AxiosRequestHeaders,
  type InternalAxiosRequestConfig,
  type ParamsSerializerOptions,
} from 'axios';
import { own } from '../../util/own';
import { isAbsolute, joinUrl, parseUrl } from '../../util/url';
import { adapterHeaders, complete } from './sent-headers';
import { isUntouched } from './untouched';

/** A request in the form Node takes. */
export interface Plain {
  readonly secure: boolean;
  readonly options: RequestOptions;
  readonly body: Buffer | undefined;
}

/** An option that axios reads but its types omit. */
type Config = InternalAxiosRequestConfig & { transport?: unknown };

/**
 * Returns `undefined` if the request is not plain. Completes `headers` in place, as the adapter does.
 *
 * @param serializer That of `serializingOnce`.
 */
export function plainOf(config: Config, headers: AxiosRequestHeaders, serializer: Config['paramsSerializer']): Plain | undefined {
  const added = adapterHeaders();
  const url = added && isPlain(config) ? urlOf(config) : undefined;
  if (!added || !url) return undefined;
  const { auth, data, maxBodyLength = -1 } = config;
  const body = data ? bytesOf(data) : undefined;
  const credentials = auth ? credentialsOf(auth) : undefined;
  if ((data && !body) || (auth && !credentials) || (body && maxBodyLength > -1 && body.length > maxBodyLength)) return undefined;

  const path = pathOf(url, config.params, serializer);
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
  if (baseURL && (allowAbsoluteUrls === false || !isAbsolute(url))) {
    if (SCHEME.test(url)) return undefined;
    full = joinUrl(baseURL, url);
  }
  const parsed = HTTP.test(full) ? parseUrl(full) : undefined;
  return parsed?.username || parsed?.password ? undefined : parsed;
}

const HTTP = /^https?:\/\//i;
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

/** Has a serializer of the user's run once, though the adapter may build the URL again: it may count, or sign. */
export function serializingOnce({ params, paramsSerializer: given }: Config): Pick<Config, 'paramsSerializer'> {
  if (!params || !given) return NONE;
  const { serialize } = own(given as ParamsSerializerOptions); // ignores one on a polluted Object.prototype
  let written: (() => string) | undefined;
  const write = (): string =>
    serialize ? serialize(params, given as ParamsSerializerOptions) : writer.getUri({ params, paramsSerializer: given }).slice(1);
  const once = (): string => {
    written ??= outcomeOf(write);
    return written();
  };
  return { paramsSerializer: { serialize: once } };
}

/** What a function returns or throws, again and again. */
function outcomeOf<T>(run: () => T): () => T {
  try {
    const value = run();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Inherits nothing, so that a polluted `Object.prototype` brings no serializer. */
const NONE: Pick<Config, 'paramsSerializer'> = own({});

/** Returns `undefined` if the params cannot be serialized; the adapter has an error for that. */
function pathOf({ pathname, search }: URL, params: unknown, serializer: Config['paramsSerializer']): string | undefined {
  if (!params) return pathname + search;
  try {
    if (!serializer) return writer.getUri({ url: pathname + search, params });
    const written = (serializer as ParamsSerializerOptions).serialize?.(params as object);
    return pathname + search + (written ? (search ? '&' : '?') + written : '');
  } catch {
    return undefined;
  }
}
