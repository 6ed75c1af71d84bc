/**
 * Alerts when an endpoint times out too often: once when it begins, once when it is over. Decided at each timeout from the endpoint's own
 * series; a firing alert is checked every 10 s.
 */
import { now } from '../clock';
import type { AlertSettings } from '../options/alerts';
import { Later } from '../util/later';
import type { AttemptRecord } from './record';
import { BUCKET, rateOf, type Share } from './series';
import type { Statistics, Watched } from './stats';

/** An endpoint times out too often, or no longer does. */
export interface Alert {
  /** The endpoint; `_OTHER` for all beyond the first 200. */
  endpoint: string;
  /** `surge`: many more than in the 10 minutes before. `frequent`: many, whatever there was before. */
  reason: 'frequent' | 'surge';
  /** `firing` when it begins, `resolved` when it is over. */
  status: 'firing' | 'resolved';
  /** Share of the attempts of the last 60 s that timed out. */
  rate: number;
  /** The same for the 10 minutes before, as of when the alert began; 0 if there was nothing before. */
  baseline: number;
  /** Attempts of the last 60 s. */
  calls: number;
  /** Timeouts among them. */
  timeouts: number;
  /** When the alert began: milliseconds since the epoch. */
  startedAt: number;
  /** When it was resolved: milliseconds since the epoch. */
  endedAt?: number;
  /** The latest 5 timeouts, oldest first. */
  recent: AttemptRecord[];
}

type Firing = { status: 'firing'; watched: Watched; alert: Alert; over: number; calm: number };
type Cooling = { status: 'cooling'; until: number };

/** An alert is over when the rate has been halfway back, or further, at so many checks in a row. */
const CALM = 2;

/** Milliseconds without an attempt that end an alert: three times the default `maxOpenFor`, as an open breaker's silence is no recovery. */
const FORGOTTEN = 900_000;

/** A floor for the expected rate: compared to 0, any timeout would be an infinite rise. */
const LOWEST_BASELINE = 0.005;

export class Alerts {
  readonly #settings: AlertSettings;
  readonly #statistics: Statistics;
  readonly #emit: (alert: Alert) => void;
  /** Only endpoints whose alert is firing or cooling down. */
  readonly #states = new Map<string, Firing | Cooling>();
  /** Monotonic times of the alerts that began in the last minute. */
  #begun: number[] = [];
  readonly #nextLook = new Later(() => this.#look());

  constructor(settings: AlertSettings, statistics: Statistics, emit: (alert: Alert) => void) {
    this.#settings = settings;
    this.#statistics = statistics;
    this.#emit = emit;
  }

  /** To be called for every timeout, after the statistics have counted it. */
  timedOut(endpoint: string): void {
    const watched = this.#statistics.watched(endpoint);
    if (!watched) return;
    const state = this.#states.get(watched.name);
    if (state?.status === 'firing' || (state && now() < state.until)) return;
    const short = watched.series.short();
    const long = watched.series.long();
    const cause = this.#cause(short, expectedOf(long));
    if (!cause || !this.#mayBegin()) return;
    const [reason, over] = cause;
    const alert: Alert = {
      endpoint: watched.name,
      reason,
      status: 'firing',
      baseline: rateOf(long),
      ...told(watched, short),
      startedAt: Date.now(),
    };
    this.#states.set(watched.name, { status: 'firing', watched, alert, over, calm: 0 });
    if (this.#nextLook.due === Infinity) this.#nextLook.set(BUCKET);
    this.#emit({ ...alert }); // a copy, which handlers may change
  }

  /** To be called for every attempt: makes the look whose timer was lost. */
  attempted(): void {
    if (this.#nextLook.isLost) this.#look();
  }

  /** Resolves what is firing: whoever counts alerts would count it for ever. */
  close(): void {
    this.#nextLook.cancel();
    const states = [...this.#states.values()];
    this.#states.clear(); // first: a handler may call close() too
    for (const state of states) if (state.status === 'firing') this.#resolved(state);
  }

  /** Why an alert begins, and below which rate it is over: halfway from the threshold back to normal, however bad it got. */
  #cause(short: Share, expected: number): [Alert['reason'], over: number] | undefined {
    const { surge, frequent } = this.#settings;
    const rate = rateOf(short);
    if (surge && short.timeouts >= surge.timeouts && short.attempts >= surge.attempts) {
      const least = Math.max(surge.ratio * expected, expected + surge.increase);
      const score = scoreOf(short.timeouts, expected * short.attempts);
      if (rate >= least && score >= surge.score) return ['surge', (expected + least) / 2];
    }
    return frequent && short.timeouts >= frequent.timeouts && rate >= frequent.rate ? ['frequent', frequent.rate / 2] : undefined;
  }

  /** Alerts that may not begin yet do so with a later timeout. */
  #mayBegin(): boolean {
    this.#begun = this.#begun.filter((at) => now() - at < 60_000);
    return this.#begun.length < this.#settings.maxPerMinute && this.#begun.push(now()) > 0;
  }

  #look(): void {
    this.#nextLook.cancel();
    for (const [name, state] of this.#states) {
      if (state.status === 'firing') this.#lookAfter(name, state);
      else if (now() >= state.until) this.#states.delete(name);
    }
    if (this.#states.size) this.#nextLook.set(BUCKET);
  }

  #lookAfter(name: string, firing: Firing): void {
    const { watched } = firing;
    const short = watched.series.short();
    firing.calm = short.attempts && rateOf(short) < firing.over ? firing.calm + 1 : 0;
    // Without calls, as while the breaker is open, nothing is known; but an alert must not fire for ever.
    const isForgotten = now() - watched.series.lastAt >= Math.max(2 * this.#settings.cooldown, FORGOTTEN);
    if (firing.calm < CALM && !isForgotten) return;
    this.#states.set(name, { status: 'cooling', until: now() + this.#settings.cooldown });
    this.#resolved(firing);
  }

  #resolved({ watched, alert }: Firing): void {
    const endedAt = Math.max(alert.startedAt, Date.now()); // the system's clock may have been set back
    this.#emit({ ...alert, status: 'resolved', ...told(watched, watched.series.short()), endedAt });
  }
}

/** Half a timeout in one more attempt is added, to keep a short past from looking perfect. */
const expectedOf = ({ timeouts, attempts }: Share): number => Math.max((timeouts + 0.5) / (attempts + 1), LOWEST_BASELINE);

/**
 * How far a count is above what is expected, in standard deviations. From the likelihood ratio, not a normal approximation: where few are
 * expected, twice as many are not rare.
 */
const scoreOf = (count: number, expected: number): number => Math.sqrt(2 * (count * Math.log(count / expected) - (count - expected)));

const told = (watched: Watched, short: Share): Pick<Alert, 'rate' | 'calls' | 'timeouts' | 'recent'> => ({
  rate: rateOf(short),
  calls: short.attempts,
  timeouts: short.timeouts,
  recent: watched.recentTimeouts(),
});
