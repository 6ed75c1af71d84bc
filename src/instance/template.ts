/**
 * What axios makes of a client's defaults for a method, remembered until they change. axios itself is asked once; a copy of its answer
 * equals what its next one would be.
 */
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import { own } from '../util/own';

/** A config, or a part of one, by property name. */
export type Values = Record<string, unknown>;

export interface Template {
  /** Whether axios would still give the same. */
  isCurrent(): boolean;
  /** Names whose defaults have nested objects, which axios has to merge each time. */
  readonly deep: readonly string[];
  /** Copies all the rest but the adapter. `undefined` if the defaults have something that cannot be remembered. */
  readonly copy: (() => Values) | undefined;
}

export function templateOf(defaults: Values, method: string | undefined): Template {
  if (hasGetters(defaults)) return { isCurrent: () => false, deep: [], copy: undefined };
  const made = isRememberable(defaults) ? ask(defaults, method) : undefined;
  return (made && remembered(defaults, made)) || { isCurrent: unchanged([defaults, ...headersOf(defaults)]), deep: [], copy: undefined };
}

function remembered(defaults: Values, made: Values): Template | undefined {
  const { headers, adapter: _, ...others } = made;
  // A `false` header would block later ones; without a `transitional` object axios orders interceptors by a default of its own.
  if (!Object.values(headers as Values).every((value) => typeof value === 'string' || value === undefined || value === null))
    return undefined;
  if (!isObject(others.transitional)) return undefined;
  const asIs: Values = {};
  const lists: string[] = [];
  const flat: string[] = [];
  const deep: string[] = [];
  for (const [name, value] of Object.entries(others)) {
    if (!isObject(value) || value === defaults[name]) asIs[name] = value;
    else if (Array.isArray(value)) lists.push(name);
    else (Object.values(value).some(isObject) ? deep : flat).push(name);
  }
  const { common, [String(made.method)]: theirs } = (defaults.headers ?? {}) as Values;
  const sources = [defaults, defaults.headers, common, theirs, ...[...lists, ...flat].map((name) => defaults[name])].filter(isObject);
  return {
    isCurrent: unchanged(sources),
    deep,
    copy() {
      // Not made by Object.create(null), of which V8 makes a dictionary: twice as large, and slower to read.
      const config = Object.assign(Object.defineProperty(Object.setPrototypeOf({}, null), 'hasOwnProperty', HAS_OWN), asIs);
      for (const name of lists) config[name] = (made[name] as unknown[]).slice();
      for (const name of flat) config[name] = { ...(made[name] as object) };
      config.headers = Object.assign(new axios.AxiosHeaders(), headers);
      return config;
    },
  };
}

/** The config that axios makes of a request with nothing but a method. */
function ask(defaults: Values, method: string | undefined): Values | undefined {
  let made: InternalAxiosRequestConfig | undefined;
  const client = new axios.Axios(defaults as AxiosRequestConfig);
  const take = (config: InternalAxiosRequestConfig): never => {
    made = config;
    throw undefined; // keeps axios from sending it
  };
  client.interceptors.request.use(take, null, { synchronous: true });
  client.request({ method } as AxiosRequestConfig).catch(() => {});
  return made as Values | undefined;
}

/** Names whose values axios converts rather than merges. */
export const CONVERTED: ReadonlySet<string> = new Set(['transitional', 'paramsSerializer']);

/** Names that axios drops, or warns about. */
export const REFUSED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype', 'baseUrl', 'withXsrfToken']);

function isRememberable(defaults: Values): boolean {
  const headers = headersOf(defaults);
  if (defaults.headers !== undefined && !isObject(defaults.headers)) return false;
  return !Object.keys(defaults).some((name) => REFUSED.has(name)) && headers.every(isPlain);
}

/** The headers, and the groups among them: the common ones, and those per method. */
function headersOf({ headers }: Values): Values[] {
  return isObject(headers) ? [headers, ...Object.values(headers).filter(isObject)] : [];
}

/** Whether axios uses only its own properties. */
export const isPlain = (headers: object): boolean => {
  const prototype = Object.getPrototypeOf(headers);
  return prototype === Object.prototype || prototype === null || headers instanceof axios.AxiosHeaders;
};

export const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null;

/**
 * Whether there is a getter, as deep as headers have groups. Its answer may differ each time and only axios may ask, once per request, so
 * it is looked for without calling it.
 */
function hasGetters(values: Values, depth = 2): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(values)).some(
    ({ get, value }) => get || (depth > 0 && isObject(value) && isPlain(value) && hasGetters(value, depth - 1)),
  );
}

/** Returns a check of whether the objects still have their present values. It runs for every request, hence the plain loops. */
function unchanged(objects: Values[]): () => boolean {
  const seen = objects.map((of) => ({ of, names: Object.keys(of), values: Object.values(of) }));
  return () => {
    for (const { of, names, values } of seen) {
      if (Object.keys(of).length !== names.length) return false;
      for (let i = 0; i < names.length; i++) if (of[names[i] as string] !== values[i]) return false;
    }
    return true;
  };
}

/** Not enumerable, as on axios' own configs. */
const HAS_OWN = /* @__PURE__ */ own({
  value: Object.prototype.hasOwnProperty,
  enumerable: false,
  writable: true,
  configurable: true,
});
