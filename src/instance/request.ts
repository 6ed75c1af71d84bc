/**
 * `request` for an axios instance that is ours alone: axios' own, run on a config prepared here, since merging one is most of what a
 * request costs in axios. What comes after is axios' own, or done as axios does it where there are no interceptors (direct.ts).
 */
import axios, { type Axios, type AxiosHeaders, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import type { Send } from '../policies/dispatch';
import { isAsWritten, isDirect, type Run, runDirect } from './direct';
import { CONVERTED, isObject, isPlain, REFUSED, type Template, templateOf, type Values } from './template';

/** An interceptor as axios stores it. */
interface Interceptor {
  fulfilled: ((config: InternalAxiosRequestConfig) => unknown) | null | undefined;
  rejected: unknown;
  synchronous: boolean;
  runWhen: ((config: InternalAxiosRequestConfig) => boolean) | null;
}

interface Interceptors {
  readonly handlers?: readonly unknown[] | null;
  forEach(run: (interceptor: Interceptor) => void): void;
}

type Managers = Readonly<Record<'request' | 'response', Interceptors>>;

export function requestOf(instance: AxiosInstance): Send {
  const prepare = preparer(instance.defaults as unknown as Values);
  const interceptors = instance.interceptors as unknown as Managers;
  // The instance's own `request` is bound to the one that the prototype had when it was made: a tracer may have come since.
  const whole = axiosWith(instance);
  return (asked, { timeout, adapter }) => {
    const axiosOwn = look();
    const config = axiosOwn.request ? prepare(asked as Values) : undefined;
    if (!config) return whole.request({ ...asked, timeout, adapter });
    config.timeout = timeout;
    config.adapter = adapter;
    const isAlone = interceptors.request.handlers?.length === 0 && interceptors.response.handlers?.length === 0;
    if (isAlone && axiosOwn.inner && isDirect(config) && isAsWritten(runByAxios)) return runDirect(config);
    return standIn(config, interceptors).request(interceptors.request.handlers?.length ? TURNED : NOTHING);
  };
}

let seen = { functions: [] as unknown[], request: false, inner: false };

/**
 * Which of `request` and its inner part are still axios' own. A tracer may have patched one for all instances, and must see every request;
 * it hardly has these calls in its own source.
 */
function look(): { request: boolean; inner: boolean } {
  const { request, _request: inner } = axios.Axios.prototype as Axios & { _request?: unknown };
  if (seen.functions[0] !== request || seen.functions[1] !== inner)
    seen = {
      functions: [request, inner],
      request: isWritten(request, 'async request(', 'this._request('),
      inner: isWritten(inner, '_request(', 'this.interceptors.request.forEach('),
    };
  return seen;
}

function isWritten(one: unknown, beginning: string, inside: string): boolean {
  const source = typeof one === 'function' ? Function.prototype.toString.call(one) : '';
  return source.startsWith(beginning) && source.includes(inside);
}

const NONE: Interceptors = { forEach() {} };

const runByAxios: Run = (config) => standIn(config, { request: NONE, response: NONE }).request(NOTHING);

/** An instance without defaults, whose first request interceptor supplies the prepared config. */
function standIn(config: InternalAxiosRequestConfig, { request, response }: Managers): Axios {
  const first: Managers = { request: { forEach: (run) => beginWith(config, request, run) }, response };
  return axiosWith({ defaults: NOTHING, interceptors: first });
}

const axiosWith = ({ defaults, interceptors }: { defaults: object; interceptors: object }): Axios =>
  Object.assign(Object.create(axios.Axios.prototype), { defaults, interceptors });

const NOTHING = Object.freeze({});

/** Makes axios run request interceptors from last to first, whatever its defaults. */
const TURNED = { transitional: { legacyInterceptorReqResOrdering: true } };

function beginWith(config: InternalAxiosRequestConfig, interceptors: Interceptors, run: (interceptor: Interceptor) => void): void {
  const theirs: Interceptor[] = [];
  interceptors.forEach((one) => {
    if (typeof one.runWhen !== 'function' || one.runWhen(config) !== false) theirs.push({ ...one, runWhen: null });
  });
  if (!config.transitional?.legacyInterceptorReqResOrdering) theirs.reverse();
  for (const one of theirs) run(one);
  run({ fulfilled: () => config, rejected: undefined, synchronous: true, runWhen: null });
}

/** More methods than anybody uses. */
const MANY = 20;

/** Merges a request with the defaults as axios would; `undefined` if that has to be left to axios. */
function preparer(defaults: Values): (request: Values) => InternalAxiosRequestConfig | undefined {
  const templates = new Map<string | undefined, Template>();
  const templateFor = (method: string | undefined): Template => {
    let template = templates.get(method);
    if (template?.isCurrent()) return template;
    if (templates.size >= MANY) templates.clear();
    template = templateOf(defaults, method);
    templates.set(method, template);
    return template;
  };

  return (request) => {
    const { method } = request;
    if (!(typeof method === 'string' || method === undefined) || hasSymbols(request) || hasSymbols(defaults)) return undefined;
    const template = templateFor(method);
    const config = template.copy?.();
    return config && layOver(config, request, [...template.deep], defaults) ? (config as unknown as InternalAxiosRequestConfig) : undefined;
  };
}

const hasSymbols = (values: object): boolean => Object.getOwnPropertySymbols(values).length > 0;

/** Merges the request into the config; false if that has to be left to axios. */
function layOver(config: Values, request: Values, deep: string[], defaults: Values): boolean {
  for (const name of Object.keys(request)) {
    const value = request[name];
    if (value === undefined ? name === 'validateStatus' : REFUSED.has(name) || CONVERTED.has(name)) return false;
    if (value === undefined || name === 'method') continue;
    if (name === 'headers') {
      if (!setHeaders(config.headers as AxiosHeaders, value, defaults.headers as Values)) return false;
    } else if (isTakenAsItIs(value)) config[name] = value;
    else if (!deep.includes(name)) deep.push(name);
  }
  return deep.length === 0 || mergeInto(config, deep, defaults, request);
}

/** Whether axios neither copies the value nor merges it with the defaults. */
function isTakenAsItIs(value: unknown): boolean {
  if (!isObject(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return !Array.isArray(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

/** Sets headers that are all strings and do not share a name with a group of default headers; false otherwise. */
function setHeaders(headers: AxiosHeaders, given: unknown, defaults: Values): boolean {
  if (!isObject(given) || !isPlain(given) || hasSymbols(given)) return false;
  for (const name of Object.keys(given)) {
    if (typeof given[name] !== 'string' || REFUSED.has(name) || isObject(defaults?.[name.toLowerCase()])) return false;
  }
  headers.set(given as Record<string, string>);
  return true;
}

function mergeInto(config: Values, names: readonly string[], defaults: Values, request: Values): boolean {
  try {
    const merged = axios.mergeConfig(pick(defaults, names), pick(request, names)) as unknown as Values;
    for (const name of names) if (name in merged) config[name] = merged[name];
    return true;
  } catch {
    return false; // axios has an error of its own for it
  }
}

const pick = (from: Values, names: readonly string[]): Values =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, from[name]]));
