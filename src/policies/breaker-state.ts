/** The circuit breaker of one endpoint: closed, open, half-open. Lazy: no timer; time is looked at when somebody comes. */
import { now } from '../clock';
import type { BreakerSettings } from '../options/breaker';
import { type Due, enter, leave } from '../util/heap';
import { Window } from '../util/window';

/** What a breaker does with calls: lets them through, refuses them, or lets a few through to see. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Why a breaker changed its state, or refuses. */
export type BreakerReason = 'failure-rate' | 'burst' | 'slow-rate' | 'probe-failed' | 'probes-succeeded' | 'due' | 'operator' | 'throttled';

/** How a call counts. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** What a call holds while the breaker watches it. From when it is due it counts as slow, though it still hangs. */
export interface Permit extends Due {
  readonly generation: number;
  /** Whether it is counted among those that hang. */
  hangs: boolean;
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
type Totals = ReturnType<Counts['totals']>;

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
  /** Calls under way since the last change of state that are not slow yet: a heap, so that only those that are due are looked at. */
  #underWay: Permit[] = [];
  /** How many are. */
  #hanging = 0;

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

  /** Lets time do what it does to the state. `at`, here and below, is the monotonic time that it is, for those who know it already. */
  look(at = now()): void {
    this.#refresh(at);
    this.#evaluate(at);
  }

  /** Why a call would be refused now. */
  refusal(at = now()): Refusal | undefined {
    this.look(at);
    if (this.settings.mode === 'observe' && this.#holds.size === 0) return undefined;
    const state = this.#state;
    if (state.name === 'open') return this.#refuse(state.until, state.reason, at);
    if (state.name === 'half-open' && state.probes.size >= this.settings.probes) {
      return this.#refuse(Math.min(...state.probes.values()), state.reason, at);
    }
    return this.#gatedUntil > at ? this.#refuse(at, 'throttled', at) : undefined;
  }

  /** Lets a call through. Ask `refusal` first. */
  admit(slowAfter: number, probeFor: number, at = now()): Permit {
    const state = this.#state;
    const permit: Permit = { due: at + slowAfter, place: -1, generation: this.#generation, hangs: false };
    this.#inFlight++;
    if (state.name === 'half-open') state.probes.set(permit, at + probeFor);
    else if (slowAfter < Infinity) enter(this.#underWay, permit);
    return permit;
  }

  /** The call is over. Results of calls from before a change of state tell nothing of the state after it. */
  release(permit: Permit, verdict: Verdict, at = now()): void {
    const slow = this.settings.slow !== false && at >= permit.due;
    this.#inFlight--;
    this.#refresh(at);
    if (permit.generation !== this.#generation) return;
    const state = this.#state;
    if (state.name === 'half-open') {
      // A probe that is slow tells of an upstream that still is.
      if (state.probes.delete(permit)) this.#judgeProbe(state, slow ? 'failure' : verdict, at);
      return;
    }
    this.#forget(permit);
    if (verdict === 'ignored' && !slow) return;
    count(this.#window, verdict, slow, at);
    if (this.#burst) count(this.#burst, verdict, slow, at);
    this.#evaluate(at);
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
    const hanging = this.#countHanging(now());
    return rate(this.#window.total('slow') + hanging, this.#window.total('calls') + hanging);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  #refuse(until: number, reason: BreakerReason, at: number): Refusal {
    return { retryAfter: Math.max(until, this.#gatedUntil) - at, reason };
  }

  /** What time alone changes: an open breaker becomes half-open; a probe that never comes back has failed, when its time was up. */
  #refresh(at: number): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name === 'half-open') {
      const expired = Math.min(...this.#state.probes.values());
      if (expired <= at) this.#reopen(this.#state.openFor, expired);
    }
    if (this.#state.name === 'open' && this.#state.until <= at) {
      const { openFor, reason } = this.#state;
      this.#change({ name: 'half-open', openFor, reason, probes: new Map(), successes: 0 }, 'due');
    }
  }

  #judgeProbe(state: State & { name: 'half-open' }, verdict: Verdict, at: number): void {
    if (verdict === 'failure') this.#reopen(state.openFor, at);
    else if (verdict === 'success' && ++state.successes >= this.settings.successesToClose) this.#close('probes-succeeded');
  }

  #evaluate(at: number): void {
    if (this.#state.name !== 'closed') return;
    const { failureRate, minCalls, burst, slow, openFor } = this.settings;
    const counts = this.#window.totals(at);
    const shortly = burst ? this.#burst?.totals(at) : undefined;
    if (fails(counts, failureRate, minCalls)) return this.#open(at + openFor, openFor, 'failure-rate');
    if (burst && shortly && fails(shortly, burst.failureRate, burst.minCalls)) return this.#open(at + openFor, openFor, 'burst');
    if (!slow) return;
    const hanging = this.#countHanging(at);
    if (drags(counts, hanging, slow.rate, minCalls) || (burst && shortly && drags(shortly, hanging, slow.rate, burst.minCalls))) {
      this.#open(at + openFor, openFor, 'slow-rate');
    }
  }

  /** Calls that hang beyond their slow mark. */
  #countHanging(at: number): number {
    for (let first = this.#underWay[0]; first && first.due <= at; first = this.#underWay[0]) {
      leave(this.#underWay, first);
      first.hangs = true;
      this.#hanging++;
    }
    return this.#hanging;
  }

  #forget(permit: Permit): void {
    if (permit.hangs) this.#hanging--;
    else if (permit.place >= 0) leave(this.#underWay, permit);
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
    this.#underWay = [];
    this.#hanging = 0;
    this.since = Date.now();
    if (from !== state.name || state.name === 'open') this.#onChange(this, from, state.name, reason);
  }
}

function count(window: Counts, verdict: Verdict, slow: boolean, at: number): void {
  window.add('calls', 1, at);
  if (verdict === 'failure') window.add('failures', 1, at);
  if (slow) window.add('slow', 1, at);
}

const fails = ({ 0: calls = 0, 1: failures = 0 }: Totals, limit: number, minCalls: number): boolean =>
  calls >= minCalls && rate(failures, calls) > limit;

const drags = ({ 0: ended = 0, 2: slow = 0 }: Totals, hanging: number, limit: number, minCalls: number): boolean =>
  ended + hanging >= minCalls && rate(slow + hanging, ended + hanging) >= limit;

const rate = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
