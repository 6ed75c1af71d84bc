/** The body of an answer, watched as it comes: chunk by chunk, however it is read. */
import type { Attempt } from '../../call/attempt';
import { define } from '../../util/define';
import type { Timings } from '../../words';
import { decoderOf, essenceOf } from './content-type';

/** How axios reads a response. */
interface How {
  /** By its stream, and by no method: that is handed out. */
  readonly isStream: boolean;
  /** By its stream, or by a method. */
  readonly isStreamed: boolean;
  /** By a Response that it makes of the stream. */
  readonly isRemade: boolean;
  /** Text, and a Blob's type, as by XHR. */
  readonly isForXhr: boolean;
  /** So many bytes of its stream: with more it throws, and forgets the stream. */
  readonly most: number;
}

/**
 * Has whoever reads the response read its body through here: by its methods, or where `isStreamed` as its stream too, which axios looks at
 * even when it takes a method. It stays the platform's own response: one made anew can have neither every status nor its URL.
 *
 * @param measured Gives the timings once the last byte is in.
 */
export function watchBody(
  response: Response,
  attempt: Attempt,
  measured: () => Timings | undefined,
  { isStream, isStreamed, isRemade, isForXhr, most }: How,
): Response {
  // Chromium shows an empty stream there, of which axios can make no Response.
  if (isForXhr && isRemade && [204, 205, 304].includes(response.status)) define(response, 'body', { value: null });
  const { body } = response;
  if (body === null) {
    attempt.isWhole = true;
    attempt.clock.stop(measured());
    return response;
  }
  // One that a fetch of the user's made without a stream, has read itself, or reads in its own way, shows nothing: what is left is `total`.
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
  const watched = new WatchedBody(body, attempt, measured);
  if (isStreamed) define(response, 'body', { value: watched.stream(most) });
  // What is read more seldom than text and bytes may go the long way. A status without a body is for Responses with none.
  const again = (headers: HeadersInit = response.headers): Response => new Response(watched.stream(), { headers });
  const methods = {
    text: () => watched.text((begin) => (isForXhr ? decoderOf(response, begin) : new TextDecoder())),
    arrayBuffer: () => watched.bytes(),
    blob: () =>
      again(isForXhr ? { 'Content-Type': essenceOf(response) } : undefined)
        .blob()
        .catch(asFetch),
    formData: () => again().formData().catch(asFetch),
  };
  // Not assigned: where somebody froze the prototype that throws.
  for (const [name, value] of Object.entries(methods)) define(response, name, { value });
  return response;
}

/** By what axios takes a body, save its stream. */
const METHODS = ['text', 'arrayBuffer', 'blob', 'formData'] as const;

/** Whether it has a body, or methods that it is read by, that its class has not: those may decrypt what comes, or count it. */
function readsItself(response: Response, methods: readonly (typeof METHODS)[number][]): boolean {
  const base = baseOf(response) as Response;
  return Object.getOwnPropertyDescriptor(response, 'body') !== undefined || methods.some((name) => response[name] !== base[name]);
}

/** The class that all others of an object's are derived from: of the platform's Response or of another's, whatever its realm. */
function baseOf(value: object): object {
  const above = Object.getPrototypeOf(value);
  return above && Object.getPrototypeOf(above) ? baseOf(above) : value;
}

/** A body that breaks off is for the platform's own methods what it is for fetch, by whose words axios knows it; only its reader says otherwise. */
function asFetch(error: unknown): never {
  throw error instanceof TypeError && error.message === 'network error' ? new TypeError('Failed to fetch') : error;
}

const STREAM = { stream: true };

type Bytes = Uint8Array<ArrayBuffer>;

class WatchedBody {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #attempt: Attempt;
  readonly #measured: () => Timings | undefined;
  #isTaken = false;
  #aborted: { reason: unknown } | undefined;
  #controller: ReadableStreamDefaultController<Bytes> | undefined;

  constructor(body: ReadableStream<Bytes>, attempt: Attempt, measured: () => Timings | undefined) {
    this.#reader = body.getReader();
    this.#attempt = attempt;
    this.#measured = measured;
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

  /** Chunk by chunk as it is asked for: while nobody asks, the silence is the consumer's. */
  stream(most = Infinity): ReadableStream<Bytes> {
    const { clock } = this.#attempt;
    let left = most;
    clock.pause(); // until somebody asks
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

  /** Nobody reads on; whoever does all the same is told so, and not that this was all. */
  #drop(reason: unknown): void {
    this.#aborted = { reason };
    this.#attempt.bodyEnded(null);
    this.#reader.cancel(reason).catch(() => {});
  }

  /** All the rest; in a loop of its own, since a promise more a chunk is a twentieth of what a megabyte takes. */
  async #each(take: (chunk: Bytes) => void): Promise<void> {
    if (this.#isTaken) throw new TypeError('body stream already read');
    this.#isTaken = true;
    const reader = this.#reader;
    const { clock } = this.#attempt;
    clock.resume(); // of a stream that nobody asked for
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#aborted) throw this.#aborted.reason; // a reader that was cancelled says that it is done
        if (done) break;
        clock.progress();
        take(value);
      }
    } catch (error) {
      this.#attempt.bodyEnded(error);
      asFetch(error);
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
      this.#attempt.bodyEnded(error);
      throw error;
    }
    this.#ended();
  }

  #ended(): void {
    this.#attempt.clock.stop(this.#measured());
    this.#attempt.bodyEnded();
  }
}
