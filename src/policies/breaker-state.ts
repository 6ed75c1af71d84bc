/** The circuit breaker of one endpoint: closed, open, half-open. Lazy: it has no timer and checks the time only when used. */
import { now } from '../clock';
import type { BreakerSettings } from '../options/breaker';
import { enter, leave } from '../util/heap';
import type { BreakerReason } from '../words';
import { BreakerCounts, type UnderWay, type Verdict } from './breaker-counts';

/** What a breaker does with calls: lets them through, refuses them, or lets a few probes through. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What a call holds while the breaker watches it. A probe is due when it has failed, any other when it is slow. */
export interface Permit extends UnderWay {
  readonly breaker: Breaker;
  readonly generation: number;
  readonly slowAt: number;
}

type State =
  | { name: 'closed' }
  | { name: 'open'; until: number; openFor: number; reason: BreakerReason }
  | { name: 'half-open'; openFor: number; reason: BreakerReason; probes: Permit[]; successes: number };

/** A refusal: why, and how many milliseconds until it is worth asking again. */
export interface Refusal {
  retryAfter: number;
  reason: BreakerReason;
}

type OnChange = (breaker: Breaker, from: BreakerState, to: BreakerState, reason: BreakerReason) => void;

export class Breaker {
  readonly key: string;
  settings: BreakerSettings;
  /** When the state began, in milliseconds since the epoch. */
  since = Date.now();
  readonly #onChange: OnChange;
  #state: State = { name: 'closed' };
  #generation = 0;
  readonly counts: BreakerCounts;
  inFlight = 0;
  #gatedUntil = 0;
  /** One per operator that holds it open. */
  readonly #holds = new Set<symbol>();

  constructor(key: string, settings: BreakerSettings, onChange: OnChange) {
    this.key = key;
    this.settings = settings;
    this.#onChange = onChange;
    this.counts = new BreakerCounts(settings);
  }

  /** Applies the settings of a call, which may differ from those before. */
  configure(settings: BreakerSettings): void {
    this.settings = settings;
    this.counts.configure(settings);
  }

  /** As of the last `look`. */
  get state(): BreakerState {
    return this.#state.name;
  }

  /** Whether it must be kept in memory: open, held open, or with calls in flight. One that is due but that nobody uses need not. */
  get isBusy(): boolean {
    return this.inFlight > 0 || this.#until > now();
  }

  /** Brings the state up to date. `at`, here and below, is the current monotonic time, for callers that have already read it. */
  look(at = now()): void {
    this.#refresh(at);
    this.#evaluate(at);
  }

  /** Why a call would be refused now; `undefined` if it would not be. */
  refusal(at = now()): Refusal | undefined {
    this.look(at);
    if (this.settings.mode === 'observe' && this.#holds.size === 0) return undefined;
    const state = this.#state;
    const until = this.#until;
    if (until && state.name !== 'closed') return this.#refuse(until, state.reason, at);
    return this.#gatedUntil > at ? this.#refuse(at, 'throttled', at) : undefined;
  }

  /** Lets a call through. Ask `refusal` first. */
  admit(slowAfter: number, probeFor: number, at = now()): Permit {
    const state = this.#state;
    const probes = state.name === 'half-open' ? state.probes : undefined;
    const slowAt = at + slowAfter;
    const due = probes ? at + probeFor : slowAt;
    const permit: Permit = { breaker: this, due, place: -1, generation: this.#generation, hangs: false, slowAt };
    this.inFlight++;
    if (probes) enter(probes, permit);
    else if (slowAfter < Infinity) this.counts.watch(permit);
    return permit;
  }

  /** The call is over. If the state has changed since it began, its result is ignored. */
  release(permit: Permit, verdict: Verdict, at = now()): void {
    const slow = this.settings.slow !== false && at >= permit.slowAt;
    this.inFlight--;
    this.#refresh(at);
    if (permit.generation !== this.#generation) return;
    const state = this.#state;
    if (state.name === 'half-open') {
      // A slow probe means that the upstream still is slow.
      leave(state.probes, permit);
      return this.#judgeProbe(state, slow ? 'failure' : verdict, at);
    }
    this.counts.unwatch(permit);
    if (verdict === 'ignored' && !slow) return;
    this.counts.add(verdict, slow, at);
    this.#evaluate(at);
  }

  /** The upstream asked for a pause of so many milliseconds. */
  gate(ms: number): void {
    this.#gatedUntil = Math.max(this.#gatedUntil, now() + Math.min(ms, this.settings.maxOpenFor));
  }

  /** Held open by an operator until every hold is released; then closed, with its counts reset. */
  hold(): () => void {
    const mine = Symbol('hold');
    this.#holds.add(mine);
    if (this.#holds.size === 1) this.#open(Infinity, this.settings.openFor, 'operator');
    return () => {
      if (this.#holds.delete(mine) && this.#holds.size === 0) this.#close('operator');
    };
  }

  /** Closed by an operator: releases all holds and resets the counts. */
  close(): void {
    this.#holds.clear();
    this.#gatedUntil = 0;
    this.#close('operator');
  }

  get retryAfter(): number {
    return Math.max(0, this.#until - now(), this.#gatedUntil - now());
  }

  /** Until when the state itself refuses calls: at the latest, while probes are under way. 0 if it does not. */
  get #until(): number {
    const state = this.#state;
    if (state.name === 'open') return state.until;
    return state.name === 'half-open' && state.probes.length >= this.settings.probes ? firstOf(state.probes) : 0;
  }

  #refuse(until: number, reason: BreakerReason, at: number): Refusal {
    return { retryAfter: Math.max(until, this.#gatedUntil) - at, reason };
  }

  /** Applies what time alone changes: an open breaker becomes half-open; a probe that never returns fails as of when its time was up. */
  #refresh(at: number): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name === 'half-open') {
      const expired = firstOf(this.#state.probes);
      if (expired <= at) this.#reopen(this.#state.openFor, expired);
    }
    if (this.#state.name === 'open' && this.#state.until <= at) {
      const { until, openFor, reason } = this.#state;
      this.#change({ name: 'half-open', openFor, reason, probes: [], successes: 0 }, 'due', until);
    }
  }

  #judgeProbe(state: State & { name: 'half-open' }, verdict: Verdict, at: number): void {
    if (verdict === 'failure') this.#reopen(state.openFor, at);
    else if (verdict === 'success' && ++state.successes >= this.settings.successesToClose) this.#close('probes-succeeded');
  }

  #evaluate(at: number): void {
    if (this.#state.name !== 'closed') return;
    const { openFor } = this.settings;
    const excess = this.counts.excess(this.settings, at);
    if (excess) this.#open(at + openFor, openFor, excess);
  }

  #reopen(openFor: number, from: number): void {
    const longer = Math.max(openFor, Math.min(openFor * 2, this.settings.maxOpenFor));
    this.#open(from + longer, longer, 'probe-failed', from);
  }

  #open(until: number, openFor: number, reason: BreakerReason, at?: number): void {
    this.#change({ name: 'open', until, openFor, reason }, reason, at);
  }

  #close(reason: BreakerReason): void {
    this.counts.clear();
    this.#change({ name: 'closed' }, reason);
  }

  /** Reports a change only once it is made, so that listeners see the new state. `at` is when it was due, if nobody looked then. */
  #change(state: State, reason: BreakerReason, at = now()): void {
    const from = this.#state.name;
    this.#state = state;
    this.#generation++;
    this.counts.unwatchAll(reason === 'slow-rate');
    this.since = Math.round(Date.now() - now() + at);
    if (from !== state.name || state.name === 'open') this.#onChange(this, from, state.name, reason);
  }
}

/** When the first of the probes is due: of a heap, since in `observe` mode all calls are probes. */
const firstOf = ([first]: Permit[]): number => first?.due ?? Infinity;
