// An alert in Alertmanager's shape: labels that stay the same from firing to resolved, times, the latest timeouts as JSON.
import { describe, expect, it } from 'vitest';
import { toAlertmanager } from '../../src/exporters/prometheus';
import type { Alert } from '../../src/telemetry/alerts';
import type { AttemptRecord } from '../../src/telemetry/record';

const STARTED_AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const timeout = (more: Partial<AttemptRecord> = {}): AttemptRecord => ({
  id: 'a',
  attempt: 2,
  endpoint: 'GET https://api.example.com/users/:id',
  method: 'GET',
  url: 'https://api.example.com/users/42?token=REDACTED',
  startedAt: STARTED_AT - 10_000,
  elapsed: 10_000.4,
  timings: {},
  timedOut: true,
  limit: 'read',
  phase: 'response',
  kind: 'read',
  code: 'ETIMEDOUT',
  outcome: 'timeout',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  ...more,
});

const alert = (more: Partial<Alert> = {}): Alert => ({
  endpoint: 'GET https://api.example.com/users/:id',
  reason: 'surge',
  status: 'firing',
  rate: 0.3333,
  baseline: 0.0049,
  calls: 30,
  timeouts: 10,
  startedAt: STARTED_AT,
  recent: [timeout(), timeout({ attempt: 1, status: 200, phase: 'body' })],
  ...more,
});

describe('toAlertmanager', () => {
  it('gives what POST /api/v2/alerts takes, and it goes through JSON', () => {
    const body = toAlertmanager(alert());
    expect(JSON.parse(JSON.stringify(body))).toEqual([
      {
        labels: {
          alertname: 'HttpEndpointTimeouts',
          severity: 'warning',
          reason: 'surge',
          http_request_method: 'GET',
          server_address: 'api.example.com',
          server_port: '443',
          url_template: '/users/:id',
        },
        annotations: {
          summary: 'GET https://api.example.com/users/:id: 33 % of the attempts time out',
          description: '10 of 30 attempts timed out within 60 s; 0.49 % in the 10 minutes before.',
          recent_timeouts: expect.any(String),
        },
        startsAt: '2026-01-02T03:04:05.678Z',
      },
    ]);
    expect(JSON.parse(body[0]?.annotations.recent_timeouts ?? '')).toEqual([
      {
        url: 'https://api.example.com/users/42?token=REDACTED',
        elapsed_ms: 10_000,
        status: null,
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        phase: 'response',
        at: '2026-01-02T03:03:55.678Z',
        attempt: 2,
      },
      expect.objectContaining({ status: 200, phase: 'body', attempt: 1 }),
    ]);
  });

  it('has the same labels and start when it is resolved, and an end', () => {
    const [firing] = toAlertmanager(alert());
    const resolved = alert({ status: 'resolved', rate: 0.01, calls: 300, timeouts: 3, endedAt: STARTED_AT + 60_000, recent: [timeout()] });
    const [over] = toAlertmanager(resolved);
    expect(over?.labels).toEqual(firing?.labels);
    expect(over).toMatchObject({ startsAt: '2026-01-02T03:04:05.678Z', endsAt: '2026-01-02T03:05:05.678Z' });
    const summary = 'GET https://api.example.com/users/:id: 1 % of the attempts time out';
    expect(over?.annotations.summary).toBe(summary);
  });

  it('ends now where nobody said when', () => {
    const [over] = toAlertmanager(alert({ status: 'resolved' }));
    expect(Math.abs(Date.parse(over?.endsAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('tells two ports of a host, and two reasons, apart', () => {
    const labels = (more: Partial<Alert>) => JSON.stringify(toAlertmanager(alert(more))[0]?.labels);
    const different = [
      labels({ endpoint: 'GET http://up.test:8080/' }),
      labels({ endpoint: 'GET http://up.test:8081/' }),
      labels({ endpoint: 'POST http://up.test:8081/' }),
      labels({ endpoint: 'POST http://up.test:8081/', reason: 'frequent' }),
    ];
    expect(new Set(different).size).toBe(4);
  });

  it('names the endpoint that the user named, and _OTHER', () => {
    const named = { alertname: 'HttpEndpointTimeouts', severity: 'warning', reason: 'surge' };
    expect(toAlertmanager(alert({ endpoint: 'checkout' }))[0]?.labels).toEqual({ ...named, breakwater_endpoint: 'checkout' });
    expect(toAlertmanager(alert({ endpoint: '_OTHER' }))[0]?.labels).toEqual({ ...named, breakwater_endpoint: '_OTHER' });
  });

  it('can be sent with others as one', () => {
    const alerts = [alert({ endpoint: 'a' }), alert({ endpoint: 'b' })];
    expect(alerts.flatMap(toAlertmanager).map(({ labels }) => labels.breakwater_endpoint)).toEqual(['a', 'b']);
  });
});
