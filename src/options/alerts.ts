/** When a client reports that an endpoint times out too often. */
import { count, durationOrZero, type Full, factor, fraction, group, lay, positive } from './check';

/** When timeouts count as frequent, over the last 60 s and whatever the rate was before. Both conditions must hold. */
export interface FrequentOptions {
  /** The least share of attempts that time out. @default 0.2 */
  rate?: number | undefined;
  /** The least number of timeouts. @default 5 */
  timeouts?: number | undefined;
}

/** When a rise in timeouts counts as sudden: the last 60 s against the 10 minutes before. All conditions must hold. */
export interface SurgeOptions {
  /** The least ratio to the rate before. @default 3 */
  ratio?: number | undefined;
  /** The least rise, as a share of the attempts. @default 0.05 */
  increase?: number | undefined;
  /** The least rise in standard deviations of what chance would give. @default 4 */
  score?: number | undefined;
  /** The least number of timeouts. @default 5 */
  timeouts?: number | undefined;
  /** The least number of attempts. @default 10 */
  attempts?: number | undefined;
}

/**
 * The alerts of a client. The defaults were simulated: at most 2 false alerts per endpoint and day if up to 5 % of the attempts time out
 * by chance; more if many time out at once.
 */
export interface AlertOptions {
  /** Alerts on frequent timeouts, or `false`. @default 5 timeouts and 20 % in 60 s */
  frequent?: FrequentOptions | false | undefined;
  /** Alerts on a sudden rise, or `false`. @default 3 times the 10 minutes before, by 5 percentage points, at 4 standard deviations */
  surge?: SurgeOptions | false | undefined;
  /** Milliseconds after the end of an alert before the endpoint may raise another. @default 300000 */
  cooldown?: number | undefined;
  /** How many alerts may begin per minute, all endpoints together; the rest begin later. @default 10 */
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
