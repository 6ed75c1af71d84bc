/** What tells one answer from another: what is asked, and who asks. Where it cannot be told, no answer stands in for another. */
import type { Call } from '../call';
import { headerOf } from '../util/header';

/** Headers that differ from request to request, or that an adapter adds, and that say nothing of who asks for what. */
const VOLATILE =
  /^(traceparent|tracestate|b3|x-b3-.*|(x-)?(request|correlation)-id|idempotency-key|user-agent|accept-encoding|content-.*)$/;

/** What an answer may vary by. */
export interface Varying {
  /** As they were sent. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly decompress: boolean | undefined;
}

/** `undefined` where an answer to this cannot be told from others. Who asks counts as well, and may be told by any header. */
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
 * What the headers that are left out of the key were, of those that the answer depends on by its own `Vary`. `undefined` where an answer is
 * for nobody but who asked: it varies by everything, or by cookies, which a page sends unseen.
 */
export function variantOf({ headers, decompress }: Varying, vary: string): string | undefined {
  const varying = vary.toLowerCase().split(/[\s,]+/);
  if (varying.includes('*') || (varying.includes('cookie') && typeof document === 'object')) return undefined;
  // An encoding is undone on the way here.
  const names = varying.filter((name) => VOLATILE.test(name) && (name !== 'accept-encoding' || decompress === false));
  // The adapter's own user agent comes and goes with the adapter.
  return JSON.stringify(names.map((name) => textOf(headers, name).replace(/^axios\/.*/, '')));
}

/**
 * Who asks, where no header says so: a certificate or a cookie jar in an agent, a fetch or an adapter made for one user, a proxy's password,
 * the cookies of a page as far as it sees them.
 */
function unseen(config: NonNullable<Call['config']>): unknown[] {
  return [...UNSEEN.map((name) => (config as typeof config & Record<string, unknown>)[name]), cookiesOfPage()];
}

/** A page in a sandbox may not even ask for them. */
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
  // How it is asked, and what is made of the answer.
  ...['paramsSerializer', 'transformResponse', 'responseEncoding', 'decompress', 'transitional', 'parseReviver', 'maxRedirects'],
];

/**
 * JSON tells nothing of most objects, and of others what their `toJSON` says, which need not be what is sent: what it cannot tell apart must
 * not pass for the same.
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

/** An agent is itself and no other. */
function byIdentity(this: Record<string, unknown>, name: string): unknown {
  const value = this[name];
  if (isTold(value)) return value;
  const itself = value as object;
  if (!ids.has(itself)) ids.set(itself, nextId++);
  return `#${ids.get(itself)}`;
}

/** Whether JSON tells it from others, in depth. */
function isTold(value: unknown): boolean {
  if (typeof value === 'object') return value === null || Array.isArray(value) || isPlain(value);
  return typeof value !== 'function' && typeof value !== 'symbol';
}

const isPlain = (value: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** `''` where there is none. */
export function textOf(headers: unknown, lower: string): string {
  const value = headerOf(headers, lower);
  return value === undefined || value === null || value === false ? '' : String(value);
}
