/**
 * What axios makes of a client's defaults for a method, remembered for as long as they stay as they are. axios itself is asked, once; a copy of
 * its answer has what its next one would have.
 */
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import { own } from '../util/own';

/** A config, or a part of one, by its names. */
export type Values = Record<string, unknown>;

export interface Template {
  /** Whether axios would still make the same. */
  isCurrent(): boolean;
  /** Names whose defaults have objects in them: those are axios' to merge, each time. */
  readonly deep: readonly string[];
  /** All the rest but the adapter, as nobody else has it. `undefined` where the defaults have something that cannot be remembered. */
  readonly copy: (() => Values) | undefined;
}

export function templateOf(defaults: Values, method: string | undefined): Template {
  if (hasGetters(defaults)) return { isCurrent: () => false, deep: [], copy: undefined };
  const made = isRememberable(defaults) ? ask(defaults, method) : undefined;
  return (made && remembered(defaults, made)) || { isCurrent: unchanged([defaults, ...headersOf(defaults)]), deep: [], copy: undefined };
}

function remembered(defaults: Values, made: Values): Template | undefined {
  const { headers, adapter: _, ...others } = made;
  // `false` would keep out what is set later; without an object here axios has a default of its own for the order of interceptors.
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
      const config = Object.assign(Object.defineProperty(Object.create(null), 'hasOwnProperty', HAS_OWN), asIs);
      for (const name of lists) config[name] = (made[name] as unknown[]).slice();
      for (const name of flat) config[name] = { ...(made[name] as object) };
      config.headers = Object.assign(new axios.AxiosHeaders(), headers);
      return config;
    },
  };
}

/** What a request is sent with that says nothing but its method. */
function ask(defaults: Values, method: string | undefined): Values | undefined {
  let made: InternalAxiosRequestConfig | undefined;
  const client = new axios.Axios(defaults as AxiosRequestConfig);
  const take = (config: InternalAxiosRequestConfig): never => {
    made = config;
    throw undefined; // it is not to be sent
  };
  client.interceptors.request.use(take, null, { synchronous: true });
  client.request({ method } as AxiosRequestConfig).catch(() => {});
  return made as Values | undefined;
}

/** Names of which axios makes more than to merge them. */
export const CONVERTED: ReadonlySet<string> = new Set(['transitional', 'paramsSerializer']);

/** Names that axios leaves out, or warns of. */
export const REFUSED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype', 'baseUrl', 'withXsrfToken']);

function isRememberable(defaults: Values): boolean {
  const headers = headersOf(defaults);
  if (defaults.headers !== undefined && !isObject(defaults.headers)) return false;
  return !Object.keys(defaults).some((name) => REFUSED.has(name)) && headers.every(isPlain);
}

/** The headers, and the groups among them: common ones, and those of a method. */
function headersOf({ headers }: Values): Values[] {
  return isObject(headers) ? [headers, ...Object.values(headers).filter(isObject)] : [];
}

/** Whether its own properties are all that axios takes of it. */
export const isPlain = (headers: object): boolean => {
  const prototype = Object.getPrototypeOf(headers);
  return prototype === Object.prototype || prototype === null || headers instanceof axios.AxiosHeaders;
};

export const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null;

/** A getter may have another answer each time, and it is axios that asks: once a request. As deep as headers have groups, and looked for without asking. */
function hasGetters(values: Values, depth = 2): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(values)).some(
    ({ get, value }) => get || (depth > 0 && isObject(value) && isPlain(value) && hasGetters(value, depth - 1)),
  );
}

/** Whether objects still have what they have now. Asked at every request, and so without a function for each. */
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

/** As axios' configs have it: out of sight. */
const HAS_OWN = /* @__PURE__ */ own({
  value: Object.prototype.hasOwnProperty,
  enumerable: false,
  writable: true,
  configurable: true,
});
