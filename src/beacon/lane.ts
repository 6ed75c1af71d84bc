/** The channel to one origin: how many are on their way, and whether the collector wants or deserves a pause. */
import { now } from '../clock';
import type { BeaconSettings } from '../options/beacon';
import type { DropReason, Ending, Sent } from './sender';

/** The longest pause a collector may ask for, and the one where it does not say, in milliseconds. */
const MAX_PAUSE = 300_000;
const PAUSE = 60_000;

/**
 * Requests a page hands to the browser, where they may be in its way: nobody can end them, a browser keeps one that hangs for 30 s, and
 * with those on their way they must be fewer than the six connections a page has.
 */
const HANDED = 3;
const HANDED_FOR = 30_000;

export class Lane {
  readonly #settings: BeaconSettings;
  #inFlight = 0;
  #timeouts = 0;
  /** Until when the timeouts are worth remembering. */
  #rememberedUntil = 0;
  #stoppedUntil = 0;
  #pausedUntil = 0;
  /** After a stop one beacon goes first, to see. */
  #probing = false;
  /** When requests were handed to the browser. */
  #handed: number[] = [];

  constructor(settings: BeaconSettings) {
    this.#settings = settings;
  }

  /** Whether there is something to remember. */
  get isBusy(): boolean {
    return this.#inFlight > 0 || (this.#timeouts > 0 && this.#rememberedUntil > now()) || this.refusal() !== undefined;
  }

  /** Why nothing is taken now. */
  refusal(): DropReason | undefined {
    const at = now();
    if (this.#pausedUntil > at) return 'ratelimit_backoff';
    return this.#stoppedUntil > at ? 'circuit_open' : undefined;
  }

  hasRoom(): boolean {
    return this.#inFlight < (this.#probing ? 1 : this.#settings.perOrigin);
  }

  /** Whether the browser may be given a request: few, unless the page is over and the collector has not hung. */
  mayHandOver(ending: Ending): boolean {
    if (ending === 'leaving' && this.#timeouts === 0) return true;
    const since = now() - HANDED_FOR;
    return this.#handed.filter((at) => at > since).length < HANDED;
  }

  handedOver(): void {
    this.#handed.push(now());
    if (this.#handed.length > HANDED) this.#handed.shift();
  }

  begin(): void {
    this.#inFlight++;
  }

  end(sent: Sent): void {
    this.#inFlight--;
    if (!sent.ok && sent.reason === 'timeout') {
      const { maxTimeouts, stopFor } = this.#settings;
      const stops = ++this.#timeouts >= maxTimeouts || this.#probing;
      // For ever would be too long: of many origins each may time out once. After a stop as long again, for the probe.
      this.#rememberedUntil = now() + (stops ? 2 * stopFor : stopFor);
      if (!stops) return;
      this.#stoppedUntil = now() + stopFor;
      this.#probing = true;
      return;
    }
    this.#timeouts = 0;
    this.#probing = false;
    if (sent.ok) return;
    if (sent.status === 429) this.#pause(sent.retryAfter ?? PAUSE);
    // A 503 that does not say how long is one failure, not a wish.
    if (sent.status === 503 && sent.retryAfter !== undefined) this.#pause(sent.retryAfter);
  }

  #pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now() + Math.min(ms, MAX_PAUSE));
  }
}
