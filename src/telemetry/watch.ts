/** What every client makes of its own events: statistics, and alerts based on them. */
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
    alerts?.attempted();
    if (record.timedOut) alerts?.timedOut(record.endpoint);
  };
  events.on('attempt', ended);
  // A deadline that ran out before the first attempt has no `attempt` event. One spent when the call began says nothing of the endpoint.
  events.on('timeout', (record) => {
    if (record.attempt === 0 && record.limitMs) ended(record);
  });
  events.on('call', (record) => statistics.call(record));
  const close = (): void => {
    alerts?.close();
    alerts = undefined; // attempts still in flight are counted, but raise no alert
  };
  return { statistics, close };
}
