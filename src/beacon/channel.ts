/**
 * The best-effort channel, bounded in items, bytes, requests and time. A beacon that cannot be delivered is dropped and counted; nothing
 * is retried, nothing rejects, nobody waits, and it never keeps the program alive.
 */
import { MAX_DELAY, now } from '../clock';
import type { BeaconOptions, BeaconSettings } from '../options/beacon';
import { Later } from '../util/later';
import { Lru } from '../util/lru';
import type { Drops } from './drops';
import { handOver, QUOTA } from './hand-over';
import { InFlight } from './in-flight';
import { type Base, type Item, joined, makeItem } from './item';
import { Lane } from './lane';
import { batchOf, Queue } from './queue';
import type { DropReason, Ending, Sender, Sent } from './sender';
import type { BeaconStats } from './stats';

/** Requests in flight at a time, across all origins. */
const MAX_IN_FLIGHT = 4;

/** Origins whose state is remembered. */
const MAX_LANES = 100;

/** How long a flush may take by default, in milliseconds. */
const FLUSH = 500;

export class BeaconChannel {
  readonly #settings: BeaconSettings;
  readonly #sender: Sender;
  readonly #drops: Drops;
  readonly #queue: Queue;
  readonly #inFlight = new InFlight();
  readonly #lanes: Lru<Lane>;
  readonly #flushes = new Set<(gone: boolean) => void>();
  readonly #nextPump = new Later(() => this.#pump());
  #sent = 0;
  #closed = false;
  #stopListening: (() => void) | undefined;

  constructor(settings: BeaconSettings, sender: Sender, drops: Drops) {
    this.#settings = settings;
    this.#queue = new Queue(settings);
    this.#sender = sender;
    this.#drops = drops;
    this.#lanes = new Lru(
      MAX_LANES,
      () => new Lane(settings),
      (lane) => lane.isBusy,
    );
  }

  /** Whether the beacon was accepted. Never throws. */
  accept(url: string, defaults: Base, data: unknown, options: BeaconOptions): boolean {
    this.#listen();
    const item = makeItem(url, defaults, data, options, (reason, dropped) => this.#drops.add(reason, dropped));
    if (!item) return false;
    const refusal = this.#closed
      ? 'already_shutdown'
      : item.body.length > this.#settings.maxBytes
        ? 'payload_too_large'
        : this.#lanes.use(item.origin).refusal();
    if (refusal) {
      this.#drops.add(refusal, item);
      return false;
    }
    this.#queue.add(item);
    const ending = this.#sender.ending?.();
    const go = (): void => (ending ? this.#handOver(ending) : this.#pump());
    // Deferred, so as to batch with other beacons of the same turn, unless some of the queue would be dropped.
    if (this.#queue.load > 1) go();
    else if (ending) queueMicrotask(go);
    for (const oldest of this.#queue) {
      if (this.#queue.load <= 1) break;
      this.#drop('queue_full', oldest);
    }
    this.#pumpSoon(0);
    this.#sender.hold?.();
    return true;
  }

  stats(): BeaconStats {
    const { length: queued, bytes } = this.#queue;
    return { queued, bytes, inFlight: this.#inFlight.size, sent: this.#sent, dropped: this.#drops.counts() };
  }

  /** Sends everything that waits, incomplete batches included. True once all is gone; false if the time runs out first. */
  flush(timeout = FLUSH): Promise<boolean> {
    if (this.#isIdle()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (gone: boolean): void => {
        clearTimeout(timer);
        this.#flushes.delete(done);
        resolve(gone);
      };
      // Not unref'd: whoever awaits a flush wants the program to stay alive for it.
      const timer = setTimeout(done, timeout >= 0 ? Math.min(timeout, MAX_DELAY) : FLUSH, false);
      this.#flushes.add(done);
      this.#pump();
    });
  }

  /** Drops what waits and what is still in flight. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abandon();
    for (const item of this.#inFlight.clear()) this.#drops.add('already_shutdown', item);
    for (const done of [...this.#flushes]) done(false);
    this.#nextPump.cancel();
    this.#stopListening?.();
    this.#sender.close();
    this.#drops.announce();
  }

  #listen(): void {
    if (this.#closed) return;
    this.#stopListening ??= this.#sender.onEnd({ handOver: (ending) => this.#handOver(ending), drain: (ms) => this.#drain(ms) });
  }

  /** Hands what waits to the browser, since the page may be gone in a moment. */
  #handOver(ending: Ending): void {
    const { handOver: take } = this.#sender;
    // A page in the back/forward cache keeps its connections, and its timers stand still: no other page could use them.
    if (ending === 'leaving') for (const item of this.#inFlight.hanging()) this.#sender.stop?.(item);
    if (!take || this.#queue.length === 0) return;
    for (const item of this.#queue) this.#dropIfStopped(item);
    const offer = (item: Item): DropReason | undefined => {
      const lane = this.#lanes.use(item.origin);
      if (!lane.mayHandOver(ending)) return 'circuit_open';
      const at = now();
      const ended = (answered: boolean): void => {
        if (answered) return lane.answered(at);
        this.#sent -= item.count;
        this.#drops.add('network_error', item);
      };
      if (item.body.length > QUOTA || !take(item, ended)) return 'quota_exceeded';
      lane.handedOver(at);
      return undefined;
    };
    handOver(this.#queue, offer, (item, refusal) => {
      if (!refusal) {
        this.#queue.remove(item);
        this.#sent++;
      } else if (ending === 'leaving') this.#drop(refusal, item); // a page that is merely hidden goes on sending as before
    });
    this.#settled();
  }

  /** Runs when the program has nothing else to do: gives what waits a moment. */
  async #drain(ms: number): Promise<void> {
    if (ms <= 0 || !(await this.flush(ms))) this.#abandon();
    this.#drops.announce();
  }

  #abandon(): void {
    for (const item of this.#queue) this.#drop('already_shutdown', item);
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#inFlight.size === 0;
  }

  /** Never postpones a pump that is already scheduled: a steady stream of beacons would put it off for ever. */
  #pumpSoon(ms: number): void {
    if (now() + ms < this.#nextPump.due) this.#nextPump.set(ms);
  }

  /** Sends what may go now. */
  #pump(): void {
    this.#nextPump.cancel();
    for (const item of this.#inFlight.lost(2 * this.#settings.timeout)) this.#ended(item, { ok: false, reason: 'timeout' });
    const waiting = new Set<string>();
    let wait = Infinity;
    for (const item of this.#queue) {
      if (this.#dropIfStopped(item) || waiting.has(item.company ?? '')) continue;
      const lane = this.#lanes.use(item.origin);
      if (this.#inFlight.size >= MAX_IN_FLIGHT || !lane.hasRoom()) continue;
      const { items, isFull } = batchOf(item, this.#queue);
      // In a full queue a batch would wait for company that cannot come.
      const isDue = isFull || this.#queue.load >= 1 || this.#flushes.size > 0;
      const rest = isDue ? 0 : item.at + (item.batch?.interval ?? 0) - now();
      if (rest <= 0) this.#send(items, lane);
      else {
        wait = Math.min(wait, rest);
        waiting.add(item.company ?? '');
      }
    }
    if (wait < Infinity) this.#pumpSoon(Math.min(wait, MAX_DELAY));
    this.#settled();
  }

  async #send(items: Item[], lane: Lane): Promise<void> {
    for (const item of items) this.#queue.remove(item);
    const item = joined(items);
    this.#inFlight.begin(item, lane);
    const sent = await this.#sender.send(item, this.#settings.timeout);
    if (this.#ended(item, sent)) this.#pump();
  }

  /** Returns false if it was counted before. */
  #ended(item: Item, sent: Sent): boolean {
    if (!this.#inFlight.end(item, sent)) return false;
    if (sent.ok) this.#sent += item.count;
    else this.#drops.add(sent.reason, item);
    return true;
  }

  /** Drops the beacon if its collector is to be left alone for now; returns whether it did. */
  #dropIfStopped(item: Item): boolean {
    const refusal = this.#lanes.use(item.origin).refusal();
    if (refusal) this.#drop(refusal, item);
    return refusal !== undefined;
  }

  #drop(reason: DropReason, item: Item): void {
    this.#queue.remove(item);
    this.#drops.add(reason, item);
  }

  #settled(): void {
    if (this.#isIdle()) for (const done of [...this.#flushes]) done(true);
  }
}
