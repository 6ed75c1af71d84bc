/**
 * `request` of an axios instance that is ours alone: axios' own, which is given the config that it would have made, since to make it anew is most
 * of what axios takes for a request. All that comes after is axios': interceptors, transforms, errors.
 */
import axios, { type Axios, type AxiosHeaders, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import type { Send } from '../policies/dispatch';
import { CONVERTED, isObject, isPlain, REFUSED, type Template, templateOf, type Values } from './template';

/** An interceptor as axios hands it round. */
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
  return (asked, { timeout, adapter }) => {
    const config = isAxiosOwn() ? prepare(asked as Values) : undefined;
    if (!config) return instance.request({ ...asked, timeout, adapter });
    config.timeout = timeout;
    config.adapter = adapter;
    return standIn(config, interceptors).request(interceptors.request.handlers?.length ? TURNED : NOTHING);
  };
}

let known = { request: undefined as unknown, isOwn: false };

/** Whether what is asked goes by nobody on its way to axios: a tracer that stands in the place of all instances' `request` is to see all of it. */
function isAxiosOwn(): boolean {
  const { request } = axios.Axios.prototype;
  if (known.request !== request) known = { request, isOwn: /^async request\(/.test(Function.prototype.toString.call(request)) };
  return known.isOwn;
}

/** An instance without defaults. Of its interceptors the first brings the config. */
function standIn(config: InternalAxiosRequestConfig, { request, response }: Managers): Axios {
  const first: Managers = { request: { forEach: (run) => beginWith(config, request, run) }, response };
  return Object.assign(Object.create(axios.Axios.prototype), { defaults: NOTHING, interceptors: first });
}

const NOTHING = Object.freeze({});

/** Has axios run request interceptors from the last to the first, whatever its defaults. */
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

/** More methods than anybody has. */
const MANY = 20;

/** Makes what axios would make of a request and the defaults; `undefined` where that is for axios to say. */
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

/** Whether it could be done. */
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

/** What axios neither copies nor merges with what is in the defaults. */
function isTakenAsItIs(value: unknown): boolean {
  if (!isObject(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return !Array.isArray(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

/** Those that have a text, under names that are not also a group's. */
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
    return false; // axios has an error for it
  }
}

const pick = (from: Values, names: readonly string[]): Values =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, from[name]]));
