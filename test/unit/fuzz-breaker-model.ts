// A breaker written down naively: every call is kept, and everything is counted anew each time somebody looks.
import type { BreakerSettings } from '../../src/options/breaker';
import type { Verdict } from '../../src/policies/breaker-counts';
import type { BreakerState } from '../../src/policies/breaker-state';

const BUCKETS = 30;

interface Ended {
  at: number;
  failed: boolean;
  slow: boolean;
}

/** A call that was let through. */
export interface Through {
  /** Which state let it through: results that come after another began mean nothing. */
  era: number;
  startedAt: number;
  slowAfter: number;
  /** When it has failed, if it is a probe. */
  expiresAt: number;
  over: boolean;
}

export class ModelBreaker {
  state: BreakerState = 'closed';
  readonly moves: string[] = [];
  readonly through: Through[] = [];
  era = 0;
  until = 0;
  openFor: number;
  reason = '';
  gatedUntil = 0;
  holds = 0;
  ended: Ended[] = [];
  #successes = 0;

  constructor(
    public settings: BreakerSettings,
    readonly now: () => number,
  ) {
    this.openFor = settings.openFor;
  }

  get inFlight(): number {
    return this.through.filter(({ over }) => !over).length;
  }

  get #probes(): Through[] {
    return this.through.filter(({ over, era }) => !over && era === this.era);
  }

  /** Time passes in steps of 1/30 of a window. */
  counts(span: number): { calls: number; failures: number; slow: number; hanging: number } {
    const width = span / BUCKETS;
    const inside = this.ended.filter(({ at }) => Math.floor(at / width) > Math.floor(this.now() / width) - BUCKETS);
    const hanging =
      this.state !== 'half-open' ? this.#probes.filter(({ startedAt, slowAfter }) => this.now() >= startedAt + slowAfter).length : 0;
    return {
      calls: inside.length,
      failures: inside.filter(({ failed }) => failed).length,
      slow: inside.filter(({ slow }) => slow).length,
      hanging,
    };
  }

  refusal(): { retryAfter: number; reason: string } | undefined {
    const { settings, holds } = this;
    const at = this.now();
    if (settings.mode === 'observe' && holds === 0) return undefined;
    if (this.state === 'open') return { retryAfter: Math.max(this.until, this.gatedUntil) - at, reason: this.reason };
    if (this.state === 'half-open' && this.#probes.length >= settings.probes) {
      const first = Math.min(...this.#probes.map(({ expiresAt }) => expiresAt));
      return { retryAfter: Math.max(first, this.gatedUntil) - at, reason: this.reason };
    }
    return this.gatedUntil > at ? { retryAfter: this.gatedUntil - at, reason: 'throttled' } : undefined;
  }

  admit(slowAfter: number, probeFor: number): Through {
    const expiresAt = this.state === 'half-open' ? this.now() + probeFor : Infinity;
    const call = { era: this.era, startedAt: this.now(), slowAfter, expiresAt, over: false };
    this.through.push(call);
    return call;
  }

  release(call: Through, verdict: Verdict): void {
    this.#pass();
    const counts = call.era === this.era;
    const slow = this.settings.slow !== false && this.now() >= call.startedAt + call.slowAfter;
    call.over = true;
    if (!counts) return;
    if (this.state === 'half-open') {
      if (slow || verdict === 'failure') this.#reopen(this.now());
      else if (verdict === 'success' && ++this.#successes >= this.settings.successesToClose) this.close('probes-succeeded');
    } else if (verdict !== 'ignored' || slow) {
      this.ended.push({ at: this.now(), failed: verdict === 'failure', slow });
      this.look();
    }
  }

  /** What time does to the state. */
  #pass(): void {
    const at = this.now();
    if (this.state === 'half-open') {
      const expired = Math.min(...this.#probes.map(({ expiresAt }) => expiresAt));
      if (expired <= at) this.#reopen(expired);
    }
    if (this.state === 'open' && this.until <= at) {
      this.#successes = 0;
      this.#move('half-open', 'due', this.reason);
    }
  }

  /** What time and the counts do to the state. */
  look(): void {
    this.#pass();
    const at = this.now();
    if (this.state !== 'closed') return;
    const { failureRate, window, minCalls, burst, slow, openFor } = this.settings;
    const windows = [
      { span: window, limit: failureRate, min: minCalls, reason: 'failure-rate' },
      ...(burst ? [{ span: burst.window, limit: burst.failureRate, min: burst.minCalls, reason: 'burst' }] : []),
    ];
    for (const { span, limit, min, reason } of windows) {
      const { calls, failures } = this.counts(span);
      if (calls >= min && failures / calls > limit) return this.open(at + openFor, openFor, reason);
    }
    for (const { span, min } of slow ? windows : []) {
      const { calls, slow: ended, hanging } = this.counts(span);
      const all = calls + hanging;
      if (slow && all >= min && (ended + hanging) / all >= slow.rate) return this.open(at + openFor, openFor, 'slow-rate');
    }
  }

  open(until: number, openFor: number, reason: string): void {
    this.until = until;
    this.openFor = openFor;
    this.#move('open', reason, reason);
  }

  close(reason: string): void {
    this.ended = [];
    this.#move('closed', reason, '');
  }

  #reopen(from: number): void {
    const openFor = Math.max(this.openFor, Math.min(this.openFor * 2, this.settings.maxOpenFor));
    this.open(from + openFor, openFor, 'probe-failed');
  }

  #move(to: BreakerState, why: string, reason: string): void {
    // Calls that hang have been slow, however they end; elsewhere they would dilute the rate that opened it.
    const { hanging } = reason === 'slow-rate' && to === 'open' ? this.counts(1) : { hanging: 0 };
    for (let i = 0; i < hanging; i++) this.ended.push({ at: this.now(), failed: false, slow: true });
    if (this.state !== to || to === 'open') this.moves.push(`${this.state} > ${to}: ${why}`);
    this.state = to;
    this.reason = reason;
    this.era++;
  }
}
