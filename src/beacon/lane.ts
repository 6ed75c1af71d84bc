/** The channel to one origin: the requests in flight, and whether the collector asked for a pause or, by timing out, needs one. */
import { now } from '../clock';
import type { BeaconSettings } from '../options/beacon';
import type { DropReason, Ending, Sent } from './sender';

/** The longest pause a collector may ask for, and the default if it does not say, in milliseconds. */
const MAX_PAUSE = 300_000;
const PAUSE = 60_000;

/**
 * How many requests are handed to the browser while they may get in the page's way: nobody can abort them, a browser keeps one that hangs
 * for as long as the page is there, and together with those in flight they must be fewer than the six connections of a page.
 */
const HANDED = 3;
const HANDED_FOR = 30_000;

export class Lane {
  readonly #settings: BeaconSettings;
  #inFlight = 0;
  #timeouts = 0;
  /** Until when past timeouts count. */
  #rememberedUntil = 0;
  #stoppedUntil = 0;
  #pausedUntil = 0;
  /** Set after a stop: one beacon goes first, as a probe. */
  #probing = false;
  /** Until when a timeout counts, unless it has answered since. As some browsers leave a page, all in flight fails: that is no answer. */
  #hangsUntil = 0;
  /** How many requests the browser was handed that it may have kept, and when the last. */
  #handed = 0;
  #handedAt = -Infinity;
  /** When the latest of those that were answered was sent: what was handed over before does not hang. */
  #answered = -Infinity;

  constructor(settings: BeaconSettings) {
    this.#settings = settings;
  }

  /** Whether it timed out lately and has not answered since. */
  get hangs(): boolean {
    return this.#hangsUntil > now();
  }

  /** Whether there is state worth remembering. */
  get isBusy(): boolean {
    return this.#inFlight > 0 || (this.#timeouts > 0 && this.#rememberedUntil > now()) || this.refusal() !== undefined;
  }

  /** Why beacons are refused right now, if they are. */
  refusal(): DropReason | undefined {
    const at = now();
    if (this.#pausedUntil > at) return 'ratelimit_backoff';
    return this.#stoppedUntil > at ? 'circuit_open' : undefined;
  }

  hasRoom(): boolean {
    return this.#inFlight < (this.#probing ? 1 : this.#settings.perOrigin);
  }

  /** Whether the browser may be given another request: none for a collector that hangs, and only a few unless the page is leaving. */
  mayHandOver(ending: Ending): boolean {
    if (this.hangs || ending === 'leaving') return !this.hangs;
    if (this.#handedAt <= Math.min(now() - HANDED_FOR, this.#answered)) this.#handed = 0;
    return this.#handed < HANDED;
  }

  /** The browser was handed a request at `at`. */
  handedOver(at: number): void {
    this.#handed++;
    this.#handedAt = at;
  }

  /** The collector answered what was sent at `at`. */
  answered(at: number): void {
    this.#answered = Math.max(this.#answered, at);
    this.#hangsUntil = 0;
  }

  begin(): void {
    this.#inFlight++;
  }

  end(sent: Sent, at: number): void {
    this.#inFlight--;
    if (sent.ok || sent.reason === 'rejected') this.answered(at);
    if (!sent.ok && sent.reason === 'timeout') {
      const { maxTimeouts, stopFor } = this.#settings;
      const stops = ++this.#timeouts >= maxTimeouts || this.#probing;
      // Not for ever, since each of many origins may time out once. After a stop for as long again, to cover the probe.
      this.#rememberedUntil = now() + (stops ? 2 * stopFor : stopFor);
      this.#hangsUntil = this.#rememberedUntil;
      if (!stops) return;
      this.#stoppedUntil = now() + stopFor;
      this.#probing = true;
      return;
    }
    this.#timeouts = 0;
    this.#probing = false;
    if (sent.ok) return;
    if (sent.status === 429) this.#pause(sent.retryAfter ?? PAUSE);
    // A 503 without a Retry-After is a failure, not a request to pause.
    if (sent.status === 503 && sent.retryAfter !== undefined) this.#pause(sent.retryAfter);
  }

  #pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now() + Math.min(ms, MAX_PAUSE));
  }
}
