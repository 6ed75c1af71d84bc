/**
 * Structured lines, at warn level, for what somebody should look at: timeouts, breakers, alerts, lost beacons. It only listens to a
 * client's events and acts on nothing.
 *
 * @module breakwater/log
 */
import { badOption } from '../errors/bad-option';
import type { Listenable } from '../telemetry/events';
import type { AttemptRecord } from '../telemetry/record';
import { alertLine, beaconLine, breakerLine, type Drops, timeoutLine } from './log/lines';
import { Throttle } from './log/throttle';
import { type LogFunction, type WarnLogger, writerTo } from './log/writer';
import { optionsOf } from './options';

export type { AlertLine, BeaconLine, BreakerLine, LogLine, TimeoutLine } from './log/lines';
export type { LogFunction, WarnLogger } from './log/writer';
export type { RecentTimeout } from './recent-timeouts';

const EVENTS = ['timeout', 'breaker', 'alert', 'beacon'] as const;

/** What can be logged; the `event` of a line. */
export type LogEvent = (typeof EVENTS)[number];

/** Options of `logTo`. */
export interface LogOptions {
  /** What to log. Retries, refusals and fallbacks never are: listen to `client.on('retry')` and the like for them. @default all four */
  events?: readonly LogEvent[] | undefined;
}

const ONE_SECOND = 1_000; // between two lines of timeouts of an endpoint
const ONE_MINUTE = 60_000; // between two lines of lost beacons

/** How many endpoints get a line per second of their own. */
const CAP = 200;

/**
 * Logs a client's timeouts, breaker changes, alerts and lost beacons at warn level: a slow upstream is not an error of the program.
 * Each line is one plain object ({@link LogLine}) and a message. There is at most one line of timeouts per second and endpoint, and one
 * of lost beacons per 60 s; the next line counts what had none.
 *
 * @param client What `createClient` or `protect` returned.
 * @param logger `console`, pino, winston, anything else with `warn(message, fields)`, or a function `(line, message) => void`.
 * @param options Which events to log.
 * @returns A function that writes what was held back and stops logging. Call it before the program ends, after `client.close()`.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid argument
 */
export function logTo(client: Listenable, logger: LogFunction | WarnLogger, options?: LogOptions): () => void {
  const { events = EVENTS } = optionsOf(options, 'events');
  if (typeof client?.on !== 'function') throw badOption('client', client, 'It takes what createClient or protect gave.');
  if (!Array.isArray(events) || !events.every((event) => EVENTS.includes(event)))
    throw badOption('events', events, `It takes a list of ${EVENTS.map((event) => `'${event}'`).join(', ')}.`);
  const write = writerTo(logger);

  const timeouts = new Throttle<{ record: AttemptRecord; suppressed: number }>(
    ONE_SECOND,
    CAP,
    (held, { record, suppressed }) => ({ record, suppressed: held.suppressed + 1 + suppressed }),
    ({ record, suppressed }) => write(...timeoutLine(record, suppressed)),
  );
  const drops = new Throttle<Drops>(ONE_MINUTE, 1, added, (dropped) => write(...beaconLine(dropped)));

  const listen: Record<LogEvent, () => () => void> = {
    timeout: () => client.on('timeout', (record) => timeouts.add(record.endpoint, { record, suppressed: 0 })),
    breaker: () => client.on('breaker', (event) => write(...breakerLine(event))),
    alert: () => client.on('alert', (alert) => write(...alertLine(alert))),
    beacon: () => client.on('beacon', ({ reason, count, url }) => drops.add('', { reasons: { [reason]: count }, url })),
  };
  const stops = [...new Set<LogEvent>(events)].map((event) => listen[event]());
  return () => {
    for (const stop of stops) stop();
    timeouts.stop();
    drops.stop();
  };
}

function added(held: Drops, { reasons, url }: Drops): Drops {
  const sum = { ...held.reasons };
  for (const [reason, count] of Object.entries(reasons) as [keyof typeof sum, number][]) sum[reason] = (sum[reason] ?? 0) + count;
  return { reasons: sum, url };
}
