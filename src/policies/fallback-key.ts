/** What tells responses apart: what is asked for, and who asks. If that cannot be told, no response stands in for another. */
import type { Call } from '../call';
import { textOf } from '../util/header';

/** Headers that differ from request to request, or that an adapter adds, and that say nothing about who asks for what. */
const VOLATILE =
  /^(traceparent|tracestate|b3|x-b3-.*|(x-)?(request|correlation)-id|idempotency-key|user-agent|accept-encoding|content-.*)$/;

/** What a response may vary by. */
export interface Varying {
  /** As they were sent. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly decompress: boolean | undefined;
}

/** `undefined` if a response to this cannot be told from others. Who asks counts too, and any header may say so. */
export function keyOf(call: Call): string | undefined {
  const { config } = call;
  if (!config || (config.method ?? 'get').toLowerCase() !== 'get' || config.responseType === 'stream') return undefined;
  const { baseURL, allowAbsoluteUrls, url, params, auth, data, responseType, socketPath, headers } = config;
  const ignored = call.policies.deadlineHeader || '';
  const asking = Object.entries(headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !VOLATILE.test(name) && name !== ignored.toLowerCase())
    .sort(([a], [b]) => (a < b ? -1 : 1));
  try {
    return (
      JSON.stringify([baseURL, allowAbsoluteUrls, url, params, auth, data, responseType, socketPath, asking], plainly) +
      JSON.stringify(unseen(config), byIdentity)
    );
  } catch {
    return undefined;
  }
}

/**
 * The values of headers that the key leaves out but the response's own `Vary` names. `undefined` if a response is for nobody but the one
 * who asked: it varies by everything, or by cookies, which a page sends unseen.
 */
export function variantOf({ headers, decompress }: Varying, vary: string): string | undefined {
  const varying = vary.toLowerCase().split(/[\s,]+/);
  if (varying.includes('*') || (varying.includes('cookie') && typeof document === 'object')) return undefined;
  // The content encoding has been undone by now, unless `decompress` is off.
  const names = varying.filter((name) => VOLATILE.test(name) && (name !== 'accept-encoding' || decompress === false));
  // The user agent that axios sets by itself depends on the adapter.
  return JSON.stringify(names.map((name) => textOf(headers, name).replace(/^axios\/.*/, '')));
}

/**
 * Who asks, if no header says so: a certificate or a cookie jar in an agent, a fetch or an adapter made for one user, a proxy's password,
 * the cookies of a page as far as it sees them.
 */
function unseen(config: NonNullable<Call['config']>): unknown[] {
  return [...UNSEEN.map((name) => (config as typeof config & Record<string, unknown>)[name]), cookiesOfPage()];
}

/** In a sandboxed page, even reading them throws. */
function cookiesOfPage(): unknown {
  try {
    return typeof document === 'object' && document.cookie;
  } catch {
    return '';
  }
}

const UNSEEN = [
  ...['httpAgent', 'httpsAgent', 'proxy', 'withCredentials', 'http2Options', 'fetchOptions', 'jar'],
  ...['adapter', 'env', 'transport', 'lookup', 'beforeRedirect'],
  // How the request is sent, and how the response is processed.
  ...['paramsSerializer', 'transformResponse', 'responseEncoding', 'decompress', 'transitional', 'parseReviver', 'maxRedirects'],
];

/**
 * A JSON replacer that throws for what JSON cannot tell apart, such as most objects, and looks past `toJSON`, which need not give what is
 * sent: different requests must not pass for the same.
 */
function plainly(this: Record<string, unknown>, name: string): unknown {
  const value = this[name];
  if (value instanceof URLSearchParams) return value.toString();
  if (value instanceof Date && value.toISOString === Date.prototype.toISOString) return value.toISOString(); // as axios sends it
  if (typeof value === 'number' ? Number.isFinite(value) : isTold(value)) return value;
  throw new TypeError('not comparable');
}

const ids = new WeakMap<object, number>();
let nextId = 0;

/** A JSON replacer that tells objects such as agents apart by identity. */
function byIdentity(this: Record<string, unknown>, name: string): unknown {
  const value = this[name];
  if (isTold(value)) return value;
  const itself = value as object;
  if (!ids.has(itself)) ids.set(itself, nextId++);
  return `#${ids.get(itself)}`;
}

/** Whether JSON tells it from others, given that its parts are. */
function isTold(value: unknown): boolean {
  if (typeof value === 'object') return value === null || Array.isArray(value) || isPlain(value);
  return typeof value !== 'function' && typeof value !== 'symbol';
}

const isPlain = (value: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(value));
