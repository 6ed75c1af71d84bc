/** An alert in the form that Alertmanager takes. */
import type { Alert } from '../../telemetry/alerts';
import { partsOf } from '../endpoint-labels';
import { recentTimeouts } from '../recent-timeouts';
import { endpointLabels } from './labels';

/** One alert of the array that `POST /api/v2/alerts` takes. Plain JSON data. */
export interface AlertmanagerAlert {
  /** What identifies the alert: the same while it fires and when it is resolved. */
  labels: Record<string, string>;
  /** `recent_timeouts` is JSON: the latest 5 as `{ at, url, elapsed_ms, phase, status, trace_id, attempt }`. */
  annotations: Record<string, string>;
  /** When it began: RFC 3339. */
  startsAt: string;
  /**
   * When it was resolved: RFC 3339. Without it, Alertmanager takes the alert for resolved when it has not been sent again for
   * `resolve_timeout`, 5 minutes by default.
   */
  endsAt?: string;
}

/**
 * An `alert` event as the body of `POST /api/v2/alerts`: an array, so that several can be sent as one with `flatMap`.
 * (What Alertmanager sends to its receivers has another shape, which it makes itself.) A firing alert has to be sent again within
 * Alertmanager's `resolve_timeout`, 5 minutes by default, for as long as it fires. It needs no Prometheus, but prom-client, which this
 * module imports, must be installed.
 */
export function toAlertmanager(alert: Alert): AlertmanagerAlert[] {
  const { endpoint, reason, status, rate, baseline, calls, timeouts, startedAt, endedAt } = alert;
  return [
    {
      labels: { alertname: 'HttpEndpointTimeouts', severity: 'warning', reason, ...endpointLabels(partsOf({ endpoint })) },
      annotations: {
        summary: `${endpoint}: ${percent(rate)} of the attempts time out`,
        description: `${timeouts} of ${calls} attempts timed out within 60 s; ${percent(baseline)} in the 10 minutes before.`,
        recent_timeouts: JSON.stringify(recentTimeouts(alert.recent)),
      },
      startsAt: new Date(startedAt).toISOString(),
      ...(status === 'resolved' && { endsAt: new Date(endedAt ?? Date.now()).toISOString() }),
    },
  ];
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
