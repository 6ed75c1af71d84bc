/** What tells one answer from another: what is asked, and who asks. Where it cannot be told, no answer stands in for another. */
import type { AxiosResponse } from 'axios';
import type { Call } from '../call';

/** Headers that differ from request to request, or that an adapter adds, and that say nothing of who asks for what. */
const VOLATILE =
  /^(traceparent|tracestate|b3|x-b3-.*|(x-)?(request|correlation)-id|idempotency-key|user-agent|accept-encoding|content-.*)$/;

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
export function variantOf({ config }: Call, response: AxiosResponse): string | undefined {
  const vary = headerOf(response.headers, 'vary')
    .toLowerCase()
    .split(/[\s,]+/);
  if (vary.includes('*') || (vary.includes('cookie') && typeof document === 'object')) return undefined;
  // An encoding is undone on the way here.
  const names = vary.filter((name) => VOLATILE.test(name) && (name !== 'accept-encoding' || config?.decompress === false));
  // The adapter's own user agent comes and goes with the adapter.
  return JSON.stringify(names.map((name) => headerOf(config?.headers, name).replace(/^axios\/.*/, '')));
}

/**
 * Who asks, where no header says so: a certificate or a cookie jar in an agent, a fetch or an adapter made for one user, a proxy's password,
 * the cookies of a page as far as it sees them.
 */
function unseen(config: NonNullable<Call['config']>): unknown[] {
  return [
    ...UNSEEN.map((name) => (config as typeof config & Record<string, unknown>)[name]),
    typeof document === 'object' && document.cookie,
  ];
}

const UNSEEN = [
  ...['httpAgent', 'httpsAgent', 'proxy', 'withCredentials', 'http2Options', 'fetchOptions', 'jar'],
  ...['adapter', 'env', 'transport', 'lookup', 'beforeRedirect'],
];

/** JSON tells nothing of most objects: what it cannot tell apart must not pass for the same. */
function plainly(_: string, value: unknown): unknown {
  if (value instanceof URLSearchParams) return value.toString();
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value)) return value;
  throw new TypeError('not comparable');
}

const ids = new WeakMap<object, number>();
let nextId = 0;

/** An agent is itself and no other. */
function byIdentity(_: string, value: unknown): unknown {
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value))) return value;
  if (!ids.has(value)) ids.set(value, nextId++);
  return `#${ids.get(value)}`;
}

const isPlain = (value: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(value));

function headerOf(headers: unknown, lower: string): string {
  const value = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === lower)?.[1];
  return value === undefined || value === null || value === false ? '' : String(value);
}
