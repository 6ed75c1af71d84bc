/** The circuit breaker of one endpoint: closed, open, half-open. Lazy: no timer; time is looked at when somebody comes. */
import { now } from '../clock';
import type { BreakerSettings } from '../options/breaker';
import { Window } from '../util/window';

/** What a breaker does with calls: lets them through, refuses them, or lets a few through to see. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Why a breaker changed its state, or refuses. */
export type BreakerReason = 'failure-rate' | 'burst' | 'slow-rate' | 'probe-failed' | 'probes-succeeded' | 'due' | 'operator' | 'throttled';

/** How a call counts. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** What a call holds while the breaker watches it. */
export interface Permit {
  readonly generation: number;
  /** Milliseconds. */
  readonly slowAfter: number;
  /** Monotonic time from which the call counts as slow, though it still hangs. */
  readonly slowAt: number;
}

type State =
  | { name: 'closed' }
  | { name: 'open'; until: number; openFor: number; reason: BreakerReason }
  | { name: 'half-open'; openFor: number; reason: BreakerReason; probes: Map<Permit, number>; successes: number };

/** A refusal: how long until it is worth asking again. */
export interface Refusal {
  retryAfter: number;
  reason: BreakerReason;
}

const NAMES = ['calls', 'failures', 'slow'] as const;
type Counts = Window<(typeof NAMES)[number]>;

/** How fine the windows are: time passes in steps of 1/30 of the window. */
const BUCKETS = 30;

export class Breaker {
  readonly key: string;
  settings: BreakerSettings;
  /** When the state began, in milliseconds since the epoch. */
  since = Date.now();
  readonly #onChange: (breaker: Breaker, from: BreakerState, to: BreakerState, reason: BreakerReason) => void;
  #state: State = { name: 'closed' };
  #generation = 0;
  #window: Counts;
  #burst: Counts | undefined;
  #gatedUntil = 0;
  /** One for each operator that holds it open. */
  readonly #holds = new Set<symbol>();
  #inFlight = 0;
  /** Calls under way since the last change of state, by how long they may take before they are slow, in the order in which they began. */
  readonly #underWay = new Map<number, Set<Permit>>();
  /** Those of them that are slow already. */
  readonly #hanging = new Set<Permit>();

  constructor(
    key: string,
    settings: BreakerSettings,
    onChange: (breaker: Breaker, from: BreakerState, to: BreakerState, reason: BreakerReason) => void,
  ) {
    this.key = key;
    this.settings = settings;
    this.#onChange = onChange;
    this.#window = new Window(settings.window, BUCKETS, NAMES);
    this.#burst = settings.burst ? new Window(settings.burst.window, BUCKETS, NAMES) : undefined;
  }

  /** What a call may set anew; the counts stay, unless the span they are counted over is another. */
  configure(settings: BreakerSettings): void {
    this.settings = settings;
    if (this.#window.span !== settings.window) this.#window = new Window(settings.window, BUCKETS, NAMES);
    if (settings.burst && this.#burst?.span !== settings.burst.window) this.#burst = new Window(settings.burst.window, BUCKETS, NAMES);
  }

  /** As of the last `look`. */
  get state(): BreakerState {
    return this.#state.name;
  }

  /** Worth keeping in memory: open, forced, or with calls under way. One that is due and that nobody asks for is not. */
  get isBusy(): boolean {
    return this.#inFlight > 0 || (this.#state.name === 'open' && this.#state.until > now());
  }

  /** Lets time do what it does to the state. */
  look(): void {
    this.#refresh();
    this.#evaluate();
  }

  /** Why a call would be refused now. */
  refusal(): Refusal | undefined {
    this.look();
    if (this.settings.mode === 'observe' && this.#holds.size === 0) return undefined;
    const at = now();
    const state = this.#state;
    const refuse = (until: number, reason: BreakerReason): Refusal => ({ retryAfter: Math.max(until, this.#gatedUntil) - at, reason });
    if (state.name === 'open') return refuse(state.until, state.reason);
    if (state.name === 'half-open' && state.probes.size >= this.settings.probes) {
      return refuse(Math.min(...state.probes.values()), state.reason);
    }
    return this.#gatedUntil > at ? refuse(at, 'throttled') : undefined;
  }

  /** Lets a call through. Ask `refusal` first. */
  admit(slowAfter: number, probeFor: number): Permit {
    const startedAt = now();
    const state = this.#state;
    const permit: Permit = { generation: this.#generation, slowAfter, slowAt: startedAt + slowAfter };
    this.#inFlight++;
    if (state.name === 'half-open') state.probes.set(permit, startedAt + probeFor);
    else if (slowAfter < Infinity) this.#underWay.set(slowAfter, (this.#underWay.get(slowAfter) ?? new Set()).add(permit));
    return permit;
  }

  /** The call is over. Results of calls from before a change of state tell nothing of the state after it. */
  release(permit: Permit, verdict: Verdict): void {
    const slow = this.settings.slow !== false && now() >= permit.slowAt;
    this.#inFlight--;
    this.#refresh();
    if (permit.generation !== this.#generation) return;
    const state = this.#state;
    if (state.name === 'half-open') {
      // A probe that is slow tells of an upstream that still is.
      if (state.probes.delete(permit)) this.#judgeProbe(state, slow ? 'failure' : verdict);
      return;
    }
    this.#forget(permit);
    if (verdict === 'ignored' && !slow) return;
    for (const window of [this.#window, this.#burst]) {
      window?.add('calls');
      if (verdict === 'failure') window?.add('failures');
      if (slow) window?.add('slow');
    }
    this.#evaluate();
  }

  /** The peer asked for a pause. */
  gate(ms: number): void {
    this.#gatedUntil = Math.max(this.#gatedUntil, now() + Math.min(ms, this.settings.maxOpenFor));
  }

  /** Held open by an operator until every handle is let go; then closed, and empty. */
  hold(): () => void {
    const mine = Symbol('hold');
    this.#holds.add(mine);
    if (this.#holds.size === 1) this.#open(Infinity, this.settings.openFor, 'operator');
    return () => {
      if (this.#holds.delete(mine) && this.#holds.size === 0) this.#close('operator');
    };
  }

  /** Closed by an operator, whoever held it open; the counts begin anew. */
  close(): void {
    this.#holds.clear();
    this.#gatedUntil = 0;
    this.#close('operator');
  }

  get retryAfter(): number {
    return Math.max(0, this.#state.name === 'open' ? this.#state.until - now() : 0, this.#gatedUntil - now());
  }

  get calls(): number {
    return this.#window.total('calls');
  }

  get failureRate(): number {
    return rate(this.#window.total('failures'), this.#window.total('calls'));
  }

  get slowRate(): number {
    const hanging = this.#countHanging();
    return rate(this.#window.total('slow') + hanging, this.#window.total('calls') + hanging);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** What time alone changes: an open breaker becomes half-open; a probe that never comes back has failed, when its time was up. */
  #refresh(): void {
    const at = now();
    if (this.#state.name === 'half-open') {
      const expired = Math.min(...this.#state.probes.values());
      if (expired <= at) this.#reopen(this.#state.openFor, expired);
    }
    if (this.#state.name === 'open' && this.#state.until <= at) {
      const { openFor, reason } = this.#state;
      this.#change({ name: 'half-open', openFor, reason, probes: new Map(), successes: 0 }, 'due');
    }
  }

  #judgeProbe(state: State & { name: 'half-open' }, verdict: Verdict): void {
    if (verdict === 'failure') this.#reopen(state.openFor, now());
    else if (verdict === 'success' && ++state.successes >= this.settings.successesToClose) this.#close('probes-succeeded');
  }

  #evaluate(): void {
    if (this.#state.name !== 'closed') return;
    const { failureRate, minCalls, burst, slow, openFor } = this.settings;
    const trips = (window: Counts, limit: number, min: number): boolean =>
      window.total('calls') >= min && rate(window.total('failures'), window.total('calls')) > limit;
    if (trips(this.#window, failureRate, minCalls)) return this.#open(now() + openFor, openFor, 'failure-rate');
    if (burst && this.#burst && trips(this.#burst, burst.failureRate, burst.minCalls)) return this.#open(now() + openFor, openFor, 'burst');
    if (!slow) return;
    const hanging = this.#countHanging();
    const isSlow = (window: Counts, min: number): boolean => {
      const calls = window.total('calls') + hanging;
      return calls >= min && rate(window.total('slow') + hanging, calls) >= slow.rate;
    };
    if (isSlow(this.#window, minCalls) || (burst && this.#burst && isSlow(this.#burst, burst.minCalls))) {
      this.#open(now() + openFor, openFor, 'slow-rate');
    }
  }

  /** Calls that hang beyond their slow mark. Those with the same patience began in order, so only the eldest are looked at. */
  #countHanging(): number {
    const at = now();
    for (const permits of this.#underWay.values()) {
      for (const permit of permits) {
        if (permit.slowAt > at) break;
        permits.delete(permit);
        this.#hanging.add(permit);
      }
    }
    return this.#hanging.size;
  }

  #forget(permit: Permit): void {
    this.#hanging.delete(permit);
    const alike = this.#underWay.get(permit.slowAfter);
    alike?.delete(permit);
    if (alike?.size === 0) this.#underWay.delete(permit.slowAfter);
  }

  #reopen(openFor: number, from: number): void {
    const longer = Math.max(openFor, Math.min(openFor * 2, this.settings.maxOpenFor));
    this.#open(from + longer, longer, 'probe-failed');
  }

  #open(until: number, openFor: number, reason: BreakerReason): void {
    this.#change({ name: 'open', until, openFor, reason }, reason);
  }

  #close(reason: BreakerReason): void {
    this.#window.clear();
    this.#burst?.clear();
    this.#change({ name: 'closed' }, reason);
  }

  /** Tells of the change once it is made, so that whoever listens sees the state that is. */
  #change(state: State, reason: BreakerReason): void {
    const from = this.#state.name;
    this.#state = state;
    this.#generation++;
    this.#underWay.clear();
    this.#hanging.clear();
    this.since = Date.now();
    if (from !== state.name || state.name === 'open') this.#onChange(this, from, state.name, reason);
  }
}

const rate = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
