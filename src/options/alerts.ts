/** When a client tells that an endpoint times out too often. */
import { count, durationOrZero, type Full, factor, fraction, group, lay, positive } from './check';

/** Timeouts are frequent, whatever they were before. Over the last 60 s. */
export interface FrequentOptions {
  /** From this share of the attempts on. @default 0.2 */
  rate?: number | undefined;
  /** And from so many timeouts on. @default 5 */
  timeouts?: number | undefined;
}

/** Timeouts have risen suddenly: the last 60 s against the 10 minutes before. All of it must hold. */
export interface SurgeOptions {
  /** So many times the rate before. @default 3 */
  ratio?: number | undefined;
  /** And by so much, as a share of the attempts. @default 0.05 */
  increase?: number | undefined;
  /** And by so many standard deviations of what chance would give. @default 4 */
  score?: number | undefined;
  /** And from so many timeouts on. @default 5 */
  timeouts?: number | undefined;
  /** Among so many attempts. @default 10 */
  attempts?: number | undefined;
}

/**
 * Alerts of a client. The defaults were simulated: at most 2 false alerts a day and endpoint where up to 5 % of the attempts time out by
 * chance; more where many do at once.
 */
export interface AlertOptions {
  /** Timeouts are frequent. @default 5 timeouts and 20 % in 60 s */
  frequent?: FrequentOptions | false | undefined;
  /** Timeouts have risen suddenly. @default 3 times the 10 minutes before, by 5 percentage points, at 4 standard deviations */
  surge?: SurgeOptions | false | undefined;
  /** Milliseconds after the end of an alert before the endpoint may raise another. @default 300000 */
  cooldown?: number | undefined;
  /** Alerts that may begin in a minute, all endpoints together; the rest begin later. @default 10 */
  maxPerMinute?: number | undefined;
}

/** The alerts' options in force. */
export interface AlertSettings extends Full<Omit<AlertOptions, 'frequent' | 'surge'>> {
  readonly frequent: Full<FrequentOptions> | false;
  readonly surge: Full<SurgeOptions> | false;
}

const FREQUENT: Full<FrequentOptions> = { rate: 0.2, timeouts: 5 };
const SURGE: Full<SurgeOptions> = { ratio: 3, increase: 0.05, score: 4, timeouts: 5, attempts: 10 };

export const DEFAULT_ALERTS: AlertSettings = { frequent: FREQUENT, surge: SURGE, cooldown: 300_000, maxPerMinute: 10 };

/** The settings of a client's alerts, over those of the client it was made by; `false` is off. */
export const alertSettings = (
  alerts: AlertOptions | false | undefined,
  base: AlertSettings | false = DEFAULT_ALERTS,
): AlertSettings | false =>
  lay('alerts', base, alerts, DEFAULT_ALERTS, {
    frequent: group(FREQUENT, { rate: fraction, timeouts: count }),
    surge: group(SURGE, { ratio: factor, increase: fraction, score: positive, timeouts: count, attempts: count }),
    cooldown: durationOrZero,
    maxPerMinute: count,
  });
