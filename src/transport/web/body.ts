/** Makes whatever reads a response read a body that is watched chunk by chunk. */
import type { Attempt } from '../../call/attempt';
import { define } from '../../util/define';
import type { Timings } from '../../words';
import { decoderOf, essenceOf } from './content-type';
import { WatchedBody } from './watched-body';

/** How axios reads a response. */
interface How {
  readonly isHead: boolean;
  /** Only as a stream, which is handed out. */
  readonly isStream: boolean;
  /** As a stream or by a method. */
  readonly isStreamed: boolean;
  /** Through a Response that it builds from the stream. */
  readonly isRemade: boolean;
  /** With text, and a Blob's type, as XHR would give them. */
  readonly isForXhr: boolean;
  /** The number of bytes beyond which it throws and abandons the stream. */
  readonly most: number;
}

/**
 * Makes every reader of the body go through here: the response's methods and, if `isStreamed`, its stream, which axios inspects even when
 * it reads by a method. Patches the platform's own response, since a constructed one cannot have every status, nor a URL.
 *
 * @param measured Returns the timings once the last byte is in.
 * @param cut Told of the connection that broke off: what reads the body may say something else of it, or nothing.
 */
export function watchBody(
  response: Response,
  attempt: Attempt,
  measured: () => Timings | undefined,
  cut: () => void,
  { isHead, isStream, isStreamed, isRemade, isForXhr, most }: How,
): Response {
  const isBodiless = [204, 205, 304].includes(response.status);
  // Chromium has an empty stream for these, from which axios cannot build a Response.
  if (isForXhr && isRemade && isBodiless) define(response, 'body', null);
  const { body } = response;
  // Whoever is handed an empty stream need not read it; anything else axios reads at once.
  if (body === null || (isStream && (isBodiless || isHead))) {
    attempt.isWhole = true;
    attempt.clock.stop(measured());
    return response;
  }
  // A custom fetch may return a body without a stream, already read, or read in a way of its own: unseen, it is bounded by `total` alone.
  if (
    typeof body?.getReader !== 'function' ||
    body.locked ||
    response.bodyUsed ||
    !Object.isExtensible(response) ||
    readsItself(response, isStream ? [] : METHODS)
  ) {
    attempt.clock.pause();
    return response;
  }
  const watched = new WatchedBody(body, attempt, measured, cut);
  if (isStreamed) define(response, 'body', watched.stream(most));
  // The rarer ways to read may take a detour. Without the status, since some statuses do not allow a body.
  const again = (headers: HeadersInit = response.headers): Response => new Response(watched.stream(), { headers });
  const methods = {
    text: () => watched.text((begin) => (isForXhr ? decoderOf(response, begin) : new TextDecoder())),
    arrayBuffer: () => watched.bytes(),
    blob: () => again(isForXhr ? { 'Content-Type': essenceOf(response) } : undefined).blob(),
    formData: () => again().formData(),
  };
  // Assignment would throw if somebody froze the prototype.
  for (const [name, value] of Object.entries(methods)) define(response, name, value);
  return response;
}

/** The methods by which axios reads a body. */
const METHODS = ['text', 'arrayBuffer', 'blob', 'formData'] as const;

/** Whether its `body`, or the methods that read it, are not those of its class: they may decrypt what arrives, or count it. */
function readsItself(response: Response, methods: readonly (typeof METHODS)[number][]): boolean {
  const base = baseOf(response) as Response;
  return Object.getOwnPropertyDescriptor(response, 'body') !== undefined || methods.some((name) => response[name] !== base[name]);
}

/** The last prototype before `Object.prototype`: that of the platform's Response or of another one, in any realm. */
function baseOf(value: object): object {
  const above = Object.getPrototypeOf(value);
  return above && Object.getPrototypeOf(above) ? baseOf(above) : value;
}
