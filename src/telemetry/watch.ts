/** What every client keeps of its own events: statistics, and alerts from them. */
import type { AlertSettings } from '../options/alerts';
import { Alerts } from './alerts';
import type { Events } from './events';
import type { AttemptRecord } from './record';
import { Statistics } from './stats';

export function watch(events: Events, alerting: AlertSettings | false): { statistics: Statistics; close(): void } {
  const statistics = new Statistics();
  let alerts = alerting ? new Alerts(alerting, statistics, (alert) => events.emit('alert', () => alert)) : undefined;
  const ended = (record: AttemptRecord): void => {
    statistics.attempt(record);
    if (record.timedOut) alerts?.timedOut(record.endpoint);
  };
  events.on('attempt', ended);
  // Of a deadline that ran out before the first attempt no attempt tells. One that was spent when the call began tells nothing of the endpoint.
  events.on('timeout', (record) => {
    if (record.attempt === 0 && record.limitMs) ended(record);
  });
  events.on('call', (record) => statistics.call(record));
  const close = (): void => {
    alerts?.close();
    alerts = undefined; // what is still under way is counted, and raises no alarm
  };
  return { statistics, close };
}
