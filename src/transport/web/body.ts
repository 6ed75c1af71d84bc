/** Makes whatever reads a response read a body that is watched chunk by chunk. */
import { define } from '../../util/define';
import type { Timings } from '../../words';
import { decoderOf, essenceOf } from './content-type';
import { type Watch, WatchedBody } from './watched-body';

/**
 * Makes every reader of the body go through here: the response's methods and, where axios may read it, its stream, which axios inspects
 * even when it reads by a method. Patches the platform's own response, since a constructed one cannot have every status, nor a URL.
 *
 * @param measured Returns the timings once the last byte is in.
 */
export function watchBody(response: Response, watch: Watch, measured: () => Timings | undefined): void {
  const { attempt, config, isForXhr } = watch;
  const { method, responseType, onDownloadProgress, maxContentLength } = config;
  const isStream = /^stream$/i.test(String(responseType));
  const isRemade = !!onDownloadProgress || maxContentLength !== -1; // axios builds a Response of its own from it
  const isBodiless = [204, 205, 304].includes(response.status);
  // Chromium has an empty stream for these, from which axios cannot build a Response.
  if (isForXhr && isRemade && isBodiless) define(response, 'body', null);
  const { body } = response; // once, since a getter may make another stream each time
  // Whoever is handed an empty stream need not read it; anything else axios reads at once.
  if (body === null || (isStream && (isBodiless || /^head$/i.test(`${method}`)))) {
    attempt.isWhole = true;
    attempt.clock.stop(measured());
  } else if (isOutOfSight(response, body, isStream)) attempt.clock.pause();
  else {
    const watched = new WatchedBody(body, watch, measured);
    // Cases in which axios may read the stream; whether it does depends on much more, so it may still use a method.
    if (isRemade || isStream || /^response$/i.test(String(responseType))) {
      const isLimited = typeof maxContentLength === 'number' && maxContentLength > -1;
      define(response, 'body', watched.stream(isLimited ? maxContentLength : Infinity));
    }
    readBy(watched, response, isForXhr);
  }
}

/** Has the methods of a response read the watched body. */
function readBy(watched: WatchedBody, response: Response, isForXhr: boolean): void {
  // The rarer ways to read may take a detour. Without the status, since some statuses do not allow a body.
  const again = (headers: HeadersInit = response.headers): Response => new Response(watched.stream(), { headers });
  const methods: Pick<Response, (typeof METHODS)[number]> = {
    text: () => watched.text((begin) => (isForXhr ? decoderOf(response, begin) : new TextDecoder())),
    arrayBuffer: () => watched.bytes(),
    blob: () => again(isForXhr ? { 'Content-Type': essenceOf(response) } : undefined).blob(),
    formData: () => again().formData(),
  };
  // Assignment would throw if somebody froze the prototype.
  for (const name of METHODS) define(response, name, methods[name]);
}

/** The methods by which axios reads a body. */
const METHODS = ['text', 'arrayBuffer', 'blob', 'formData'] as const;

/**
 * A custom fetch may return a body without a stream, already read, or read in a way of its own, as one that decrypts what arrives or counts
 * it: its `body` or its methods are not those of its class. It is bounded by `total` alone.
 */
function isOutOfSight(response: Response, body: Response['body'], isStream: boolean): boolean {
  if (typeof body?.getReader !== 'function' || body.locked || response.bodyUsed || !Object.isExtensible(response)) return true;
  const base = baseOf(response) as Response;
  return (
    Object.getOwnPropertyDescriptor(response, 'body') !== undefined || (!isStream && METHODS.some((name) => response[name] !== base[name]))
  );
}

/** The last prototype before `Object.prototype`: that of the platform's Response or of another one, in any realm. */
function baseOf(value: object): object {
  const above = Object.getPrototypeOf(value);
  return above && Object.getPrototypeOf(above) ? baseOf(above) : value;
}
