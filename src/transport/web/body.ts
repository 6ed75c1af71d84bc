/** Watches the body of a response chunk by chunk as it arrives, however it is read. */
import type { Attempt } from '../../call/attempt';
import { define } from '../../util/define';
import type { Timings } from '../../words';
import { decoderOf, essenceOf } from './content-type';

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

/** What a reader says of a truncated body: Chromium, Firefox, WebKit. */
const CUT = /^(network error|Error in (input|body) stream|Load failed)$/;

const STREAM = { stream: true };

type Bytes = Uint8Array<ArrayBuffer>;

class WatchedBody {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #attempt: Attempt;
  readonly #measured: () => Timings | undefined;
  readonly #cut: () => void;
  #isTaken = false;
  #aborted: { reason: unknown } | undefined;
  #controller: ReadableStreamDefaultController<Bytes> | undefined;

  constructor(body: ReadableStream<Bytes>, attempt: Attempt, measured: () => Timings | undefined, cut: () => void) {
    this.#reader = body.getReader();
    this.#attempt = attempt;
    this.#measured = measured;
    this.#cut = cut;
    attempt.bodyOpen = true;
    attempt.onAbort((reason) => {
      this.#aborted = { reason };
      this.#controller?.error(reason);
      this.#reader.cancel(reason).catch(() => {});
    });
  }

  async text(decoderFor: (begin: Bytes) => TextDecoder): Promise<string> {
    let decoder: TextDecoder | undefined;
    let text = '';
    await this.#each((chunk) => {
      decoder ??= decoderFor(chunk);
      text += decoder.decode(chunk, STREAM);
    });
    return text + (decoder?.decode() ?? '');
  }

  async bytes(): Promise<ArrayBuffer> {
    const chunks: Bytes[] = [];
    let size = 0;
    await this.#each((chunk) => {
      chunks.push(chunk);
      size += chunk.byteLength;
    });
    const whole = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    return whole.buffer;
  }

  /** One chunk per pull: while there is no pull, the silence is due to backpressure. */
  stream(most = Infinity): ReadableStream<Bytes> {
    const { clock } = this.#attempt;
    let left = most;
    clock.pause(); // until the first pull
    return new ReadableStream<Bytes>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: async (controller) => {
          clock.resume();
          const chunk = await this.#next();
          if (!chunk) return controller.close();
          clock.pause();
          controller.enqueue(chunk);
          left -= chunk.byteLength;
          if (left < 0) this.#drop(new TypeError('The body is longer than maxContentLength.'));
        },
        cancel: (reason) => {
          this.#attempt.bodyEnded(null);
          return this.#reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Abandons the rest; a consumer that reads on gets the reason instead of a clean end. */
  #drop(reason: unknown): void {
    this.#aborted = { reason };
    this.#attempt.bodyEnded(null);
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Reads to the end. Has its own loop, since one more promise per chunk is a twentieth of what a megabyte takes. */
  async #each(take: (chunk: Bytes) => void): Promise<void> {
    if (this.#isTaken) throw new TypeError('body stream already read');
    this.#isTaken = true;
    const reader = this.#reader;
    const { clock } = this.#attempt;
    clock.resume(); // paused if a stream was made that nobody reads
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#aborted) throw this.#aborted.reason; // a cancelled reader reports that it is done
        if (done) break;
        clock.progress();
        take(value);
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#ended();
  }

  /** The next chunk, or undefined after the last. */
  async #next(): Promise<Bytes | undefined> {
    try {
      const { done, value } = await this.#reader.read();
      if (this.#aborted) throw this.#aborted.reason;
      if (!done) {
        this.#attempt.clock.progress();
        return value;
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#ended();
  }

  #failed(error: unknown): never {
    if (error instanceof TypeError && CUT.test(error.message)) this.#cut();
    this.#attempt.bodyEnded(error);
    throw error;
  }

  #ended(): void {
    this.#attempt.clock.stop(this.#measured());
    this.#attempt.bodyEnded();
  }
}
