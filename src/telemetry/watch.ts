/** What every client keeps of its own events: statistics, and alerts from them. */
import type { AlertSettings } from '../options/alerts';
import { Alerts } from './alerts';
import type { Events } from './events';
import { Statistics } from './stats';

export function watch(events: Events, alerting: AlertSettings | false): { statistics: Statistics; close(): void } {
  const statistics = new Statistics();
  let alerts = alerting ? new Alerts(alerting, statistics, (alert) => events.emit('alert', () => alert)) : undefined;
  events.on('attempt', (record) => {
    statistics.attempt(record);
    if (record.timedOut) alerts?.timedOut(record.endpoint);
  });
  events.on('call', (record) => {
    statistics.call(record);
    if (record.timedOut && record.attempts === 0) alerts?.timedOut(record.endpoint);
  });
  const close = (): void => {
    alerts?.close();
    alerts = undefined; // what is still under way is counted, and raises no alarm
  };
  return { statistics, close };
}
