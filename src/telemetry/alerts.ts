/**
 * Tells when an endpoint times out too often: once when it begins, once when it is over. Decided at each timeout from the endpoint's own
 * series. While an alert is on, it is looked after every 10 s.
 */
import { now } from '../clock';
import type { AlertSettings } from '../options/alerts';
import { quietly } from '../util/quietly';
import type { AttemptRecord } from './record';
import { BUCKET, type Share } from './series';
import type { Statistics, Watched } from './stats';

/** An endpoint times out too often, or no longer does. */
export interface Alert {
  /** The endpoint; `_OTHER` for all beyond the first 200. */
  endpoint: string;
  /** `surge`: many more than in the 10 minutes before. `frequent`: many, whatever there was before. */
  reason: 'frequent' | 'surge';
  /** `firing` when it begins, `resolved` when it is over. */
  status: 'firing' | 'resolved';
  /** Timed out, as a share of the attempts of the last 60 s. */
  rate: number;
  /** The same of the 10 minutes before, when the alert began; 0 where there was nothing before. */
  baseline: number;
  /** Attempts of the last 60 s. */
  calls: number;
  /** Timeouts among them. */
  timeouts: number;
  /** When the alert began: milliseconds since the epoch. */
  startedAt: number;
  /** When it was resolved. */
  endedAt?: number;
  /** The latest 5 timeouts, oldest first. */
  recent: AttemptRecord[];
}

type Firing = { status: 'firing'; watched: Watched; alert: Alert; over: number; calm: number };
type Cooling = { status: 'cooling'; until: number };

/** An alert is over when the rate has been halfway back, or further, for so many looks in a row. */
const CALM = 2;

/** Milliseconds without an attempt: three times the longest that a breaker stays open by default, whose silence is no end of an outage. */
const FORGOTTEN = 900_000;

/** Nobody has never failed: a rate of 0 would make any timeout infinitely many times more. */
const LOWEST_BASELINE = 0.005;

export class Alerts {
  readonly #settings: AlertSettings;
  readonly #statistics: Statistics;
  readonly #emit: (alert: Alert) => void;
  /** Of those endpoints that are not inactive. */
  readonly #states = new Map<string, Firing | Cooling>();
  /** Monotonic times of the alerts that began in the last minute. */
  #begun: number[] = [];
  #cancelLook: (() => void) | undefined;

  constructor(settings: AlertSettings, statistics: Statistics, emit: (alert: Alert) => void) {
    this.#settings = settings;
    this.#statistics = statistics;
    this.#emit = emit;
  }

  /** To be told of every timeout, after the statistics were. */
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
    this.#cancelLook ??= quietly(BUCKET, () => this.#look());
    this.#emit({ ...alert }); // a handler may do with it what it likes
  }

  /** What is firing is told to be over: whoever counts would count it for ever. */
  close(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    const states = [...this.#states.values()];
    this.#states.clear(); // first: a handler may close, too
    for (const state of states) if (state.status === 'firing') this.#resolved(state);
  }

  /** Why an alert begins, and below which rate it is over: halfway back to normal from what was enough for it, however bad it was. */
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

  /** Those that may not begin yet do with a later timeout. */
  #mayBegin(): boolean {
    this.#begun = this.#begun.filter((at) => now() - at < 60_000);
    return this.#begun.length < this.#settings.maxPerMinute && this.#begun.push(now()) > 0;
  }

  #look(): void {
    this.#cancelLook = undefined;
    for (const [name, state] of this.#states) {
      if (state.status === 'firing') this.#lookAfter(name, state);
      else if (now() >= state.until) this.#states.delete(name);
    }
    if (this.#states.size) this.#cancelLook = quietly(BUCKET, () => this.#look());
  }

  #lookAfter(name: string, firing: Firing): void {
    const { watched } = firing;
    const short = watched.series.short();
    firing.calm = short.attempts && rateOf(short) < firing.over ? firing.calm + 1 : 0;
    // While nobody calls, as when the breaker cuts the endpoint off, nothing is known; but that is not for ever.
    const isForgotten = now() - watched.series.lastAt >= Math.max(2 * this.#settings.cooldown, FORGOTTEN);
    if (firing.calm < CALM && !isForgotten) return;
    this.#states.set(name, { status: 'cooling', until: now() + this.#settings.cooldown });
    this.#resolved(firing);
  }

  #resolved({ watched, alert }: Firing): void {
    this.#emit({ ...alert, status: 'resolved', ...told(watched, watched.series.short()), endedAt: Date.now() });
  }
}

const rateOf = ({ timeouts, attempts }: Share): number => (attempts ? timeouts / attempts : 0);

/** Of little past little is known: half a timeout in one attempt more keeps a short one from seeming perfect. */
const expectedOf = ({ timeouts, attempts }: Share): number => Math.max((timeouts + 0.5) / (attempts + 1), LOWEST_BASELINE);

/**
 * How far a count is above what is expected, in standard deviations. Of likelihoods, not of a normal curve: where a few are expected, twice
 * as many are no rarity.
 */
const scoreOf = (count: number, expected: number): number => Math.sqrt(2 * (count * Math.log(count / expected) - (count - expected)));

const told = (watched: Watched, short: Share): Pick<Alert, 'rate' | 'calls' | 'timeouts' | 'recent'> => ({
  rate: rateOf(short),
  calls: short.attempts,
  timeouts: short.timeouts,
  recent: watched.recentTimeouts(),
});
