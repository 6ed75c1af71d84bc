/** A body that reports each chunk as it arrives, however it is read: as text, as bytes, or as a stream. */
import type { InternalAxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call/attempt';
import type { Timings } from '../../words';

/** What a reader says of a truncated body: Chromium, Firefox, WebKit. */
const CUT = /^(network error|Error in (input|body) stream|Load failed)$/;

const STREAM = { stream: true };

type Bytes = Uint8Array<ArrayBuffer>;

/** What one attempt's fetch has to know. A class, since axios copies plain objects. */
export class Watch {
  readonly attempt: Attempt;
  readonly config: InternalAxiosRequestConfig;
  /** Whether it answers as XHR would: with text, and a Blob's type. */
  readonly isForXhr: boolean;
  /** Whether the connection broke off in the body: what reads it may say something else of that, or nothing. */
  isCut = false;
  constructor(attempt: Attempt, config: InternalAxiosRequestConfig, isForXhr: boolean) {
    this.attempt = attempt;
    this.config = config;
    this.isForXhr = isForXhr;
  }
}

export class WatchedBody {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #watch: Watch;
  readonly #measured: () => Timings | undefined;
  #isTaken = false;
  #aborted: { reason: unknown } | undefined;
  #controller: ReadableStreamDefaultController<Bytes> | undefined;

  constructor(body: ReadableStream<Bytes>, watch: Watch, measured: () => Timings | undefined) {
    this.#reader = body.getReader();
    this.#watch = watch;
    this.#measured = measured;
    const { attempt } = watch;
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
    const { clock } = this.#watch.attempt;
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
          this.#watch.attempt.bodyEnded(null);
          return this.#reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Abandons the rest; a consumer that reads on gets the reason instead of a clean end. */
  #drop(reason: unknown): void {
    this.#aborted = { reason };
    this.#watch.attempt.bodyEnded(null);
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Reads to the end. Has its own loop, since one more promise per chunk is a twentieth of what a megabyte takes. */
  async #each(take: (chunk: Bytes) => void): Promise<void> {
    if (this.#isTaken) throw new TypeError('body stream already read');
    this.#isTaken = true;
    const reader = this.#reader;
    const { clock } = this.#watch.attempt;
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
        this.#watch.attempt.clock.progress();
        return value;
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#ended();
  }

  #failed(error: unknown): never {
    this.#watch.attempt.bodyEnded(error);
    const { name, message } = (error ?? {}) as Error; // a TypeError of another frame, whose fetch was used, is no instance
    if (name === 'TypeError' && CUT.test(message)) this.#watch.isCut = true;
    throw error;
  }

  #ended(): void {
    this.#watch.attempt.clock.stop(this.#measured());
    this.#watch.attempt.bodyEnded();
  }
}
