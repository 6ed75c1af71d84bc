/** Merges a request with a client's defaults as axios would: laid over a copy of what axios makes of the defaults for its method. */
import axios, { type AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { CONVERTED, isObject, isPlain, REFUSED, type Template, templateOf, type Values } from './template';

/** More methods than anybody uses. */
const MANY = 20;

/** Returns a function that makes the config of a request; `undefined` if that has to be left to axios. */
export function preparer(defaults: Values): (request: Values) => InternalAxiosRequestConfig | undefined {
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
