/**
 * The clock of one attempt: which phase it is in, how long each took, and which limit runs out first. One alarm serves all limits.
 */
import type { Clock, Expiry } from '../call/attempt';
import { Alarm, credit, LOOKS, now, type Timer, toMicroseconds } from '../clock';
import { kindOf, type LimitName, type Limits, type Phase, type Timings } from '../words';

/** The limit that bounds a single phase. While a browser is waiting for headers, only `response` can be enforced. */
const ownOf = (phase: Phase): LimitName => (phase === 'waiting' ? 'response' : phase);

interface Running {
  readonly limit: LimitName;
  readonly budget: number;
  due: number;
  credited: boolean;
}

export class PhaseClock implements Clock {
  phase: Phase = 'waiting';
  watcher: { hasUnseenProgress(): boolean } | undefined;
  #timings: Timings = {};
  readonly #limits: Limits;
  readonly #onExpiry: (expiry: Expiry) => void;
  readonly #alarm: Alarm;
  // At most four limits run at a time: `total`, `connect`, `read` and the phase's own.
  readonly #total: Running | undefined;
  #connect: Running | undefined;
  #read: Running | undefined;
  #own: Running | undefined;
  #enteredAt = now();
  /** Since when the consumer has held back the body: neither `read` nor `body` runs meanwhile. */
  #heldSince: number | undefined;
  #lag = 0;
  #stopped = false;

  constructor(limits: Limits, onExpiry: (expiry: Expiry) => void, timer?: Timer) {
    this.#limits = limits;
    this.#onExpiry = onExpiry;
    this.#alarm = new Alarm((late) => this.#ring(late), timer);
    this.#total = running('total', limits.total, this.#enteredAt);
    this.#arm(this.#enteredAt);
  }

  /** Milliseconds per phase, including the current one. */
  get timings(): Timings {
    return this.#stopped ? { ...this.#timings } : { ...this.#timings, [this.phase]: this.#spent(now()) };
  }

  enter(phase: Phase, budget = phase === 'waiting' ? undefined : this.#limits[phase]): void {
    if (this.#stopped) return;
    const at = this.#leave();
    const { connect, read } = this.#limits;
    this.#heldSince = undefined;
    this.phase = phase;
    // All phases of connecting share the `connect` budget.
    this.#connect = kindOf(phase) === 'connect' ? (this.#connect ?? running('connect', connect, at)) : undefined;
    this.#read = phase === 'response' || phase === 'body' ? running('read', read, at) : undefined;
    this.#own = running(ownOf(phase), budget, at);
    this.#arm(at);
  }

  progress(at = now()): void {
    if (!this.#read) return;
    this.#read.due = at + this.#read.budget;
    this.#read.credited = false;
  }

  pause(): void {
    this.#heldSince ??= now();
  }

  resume(): void {
    if (this.#heldSince === undefined || this.#stopped) return;
    const at = now();
    if (this.#own && this.phase === 'body') this.#own.due += at - this.#heldSince;
    this.#heldSince = undefined;
    this.progress(at);
    this.#arm(at);
  }

  stop(measured?: Timings): void {
    if (this.#stopped) return;
    this.#leave();
    if (measured) this.#timings = { ...measured };
    this.#stopped = true;
    this.#alarm.stop();
    this.watcher = undefined;
  }

  #leave(): number {
    const at = now();
    this.#timings[this.phase] = this.#spent(at);
    this.#enteredAt = at;
    return at;
  }

  /** Milliseconds in the current phase, including earlier hops. */
  #spent(at: number): number {
    return toMicroseconds((this.#timings[this.phase] ?? 0) + at - this.#enteredAt);
  }

  /** `read`, unless suspended by the consumer's backpressure. */
  get #runningRead(): Running | undefined {
    return this.#heldSince === undefined ? this.#read : undefined;
  }

  /** The phase's own limit; that of the body is suspended likewise. */
  get #runningOwn(): Running | undefined {
    return this.#heldSince === undefined || this.phase !== 'body' ? this.#own : undefined;
  }

  /** While bytes may arrive that nobody reports, they are looked for: `read` counts from when they are seen. */
  #arm(at: number): void {
    const look = this.#read && this.watcher && this.phase === 'response' ? at + this.#read.budget / LOOKS : Infinity;
    this.#alarm.set(Math.min(dueOf(this.#total), dueOf(this.#connect), dueOf(this.#runningRead), dueOf(this.#runningOwn), look));
  }

  #ring(late: number): void {
    const at = now();
    if (this.#read && this.watcher?.hasUnseenProgress()) this.progress(at);
    for (const limit of [this.#total, this.#connect, this.#runningRead, this.#runningOwn]) {
      if (!limit || limit.due > at) continue;
      const extra = credit(Math.min(late, at - limit.due), limit.budget); // it may have rung for a look
      this.#lag = Math.max(this.#lag, extra);
      if (extra && !limit.credited) {
        limit.credited = true;
        limit.due = at + extra;
        continue;
      }
      this.#onExpiry({ limit: limit.limit, limitMs: limit.budget, lag: this.#lag });
      return;
    }
    this.#arm(at);
  }
}

const running = (limit: LimitName, budget: number | undefined, at: number): Running | undefined =>
  budget === undefined ? undefined : { limit, budget, due: at + budget, credited: false };

const dueOf = (limit: Running | undefined): number => (limit ? limit.due : Infinity);
