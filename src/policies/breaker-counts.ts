/** What a breaker counts: calls, failures and slow calls, over a long and a short window, and the calls hanging now. */
import { now } from '../clock';
import type { BreakerSettings } from '../options/breaker';
import { type Due, enter, leave } from '../util/heap';
import { Window } from '../util/window';

/** How a call counts. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** Which rate is too high. */
export type Excess = 'failure-rate' | 'burst' | 'slow-rate';

/** A call in flight. Once due it counts as slow, even while it still hangs. */
export interface UnderWay extends Due {
  /** Whether it is counted as hanging. */
  hangs: boolean;
}

const NAMES = ['calls', 'failures', 'slow'] as const;
type Counts = Window<(typeof NAMES)[number]>;
type Totals = ReturnType<Counts['totals']>;

/** The resolution of the windows: time passes in steps of 1/30 of the span. */
const BUCKETS = 30;

/** Spans that are counted over at a time. */
const MAX_SPANS = 8;

export class BreakerCounts {
  /** One per span, the latest asked for first: calls with spans of their own leave the counts of others as they are. */
  #windows: readonly Counts[] = [];
  #window: Counts;
  #burst: Counts | undefined;
  /** Calls in flight that are not slow yet: a heap, so that only due ones are visited. */
  #underWay: UnderWay[] = [];
  /** How many calls in flight are slow already. */
  #hanging = 0;

  constructor({ window, burst }: BreakerSettings) {
    this.#window = this.#over(window);
    this.#burst = burst ? this.#over(burst.window) : undefined;
  }

  /** Counts over these spans from now on, and goes on with those before. */
  configure({ window, burst }: BreakerSettings): void {
    if (this.#window.span === window && (!burst || this.#burst?.span === burst.window)) return;
    this.#window = this.#over(window);
    if (burst) this.#burst = this.#over(burst.window);
  }

  /** A call begins, which counts as slow once due, even if it is not over by then. */
  watch(call: UnderWay): void {
    enter(this.#underWay, call);
  }

  /** The call is over. */
  unwatch(call: UnderWay): void {
    if (call.hangs) this.#hanging--;
    else if (call.place >= 0) leave(this.#underWay, call);
  }

  add(verdict: Verdict, slow: boolean, at: number): void {
    for (const window of this.#windows) count(window, verdict, slow, at);
  }

  /** Which rate exceeds the settings, if any. */
  excess(settings: BreakerSettings, at: number): Excess | undefined {
    const { failureRate, minCalls, burst, slow } = settings;
    const counts = this.#window.totals(at);
    const shortly = burst ? this.#burst?.totals(at) : undefined;
    if (fails(counts, failureRate, minCalls)) return 'failure-rate';
    if (burst && shortly && fails(shortly, burst.failureRate, burst.minCalls)) return 'burst';
    if (!slow) return undefined;
    const hanging = this.#countHanging(at);
    if (drags(counts, hanging, slow.rate, minCalls)) return 'slow-rate';
    return burst && shortly && drags(shortly, hanging, slow.rate, burst.minCalls) ? 'slow-rate' : undefined;
  }

  /** Forgets the calls in flight: they say nothing about the state that begins now. If it began because they hang, they remain counted, as slow. */
  unwatchAll(isForHanging: boolean): void {
    for (; isForHanging && this.#hanging > 0; this.#hanging--) this.add('ignored', true, now());
    this.#underWay = [];
    this.#hanging = 0;
  }

  clear(): void {
    for (const window of this.#windows) window.clear();
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

  #over(span: number): Counts {
    const found = this.#windows.find((window) => window.span === span) ?? new Window(span, BUCKETS, NAMES);
    this.#windows = [found, ...this.#windows.filter((window) => window !== found)].slice(0, MAX_SPANS);
    return found;
  }

  #countHanging(at: number): number {
    for (let first = this.#underWay[0]; first && first.due <= at; first = this.#underWay[0]) {
      leave(this.#underWay, first);
      first.hangs = true;
      this.#hanging++;
    }
    return this.#hanging;
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
