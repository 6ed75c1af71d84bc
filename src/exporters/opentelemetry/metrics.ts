/** A client's events as metrics. */
import { type Attributes, type Meter, ValueType } from '@opentelemetry/api';
import { BUCKETS } from '../buckets';
import type { Collectable } from '../collectable';
import { defined } from '../defined';
import type { EndpointLabels, Named } from '../endpoint-labels';
import { errorTypeOf } from '../error-type';
import { endpointAttributes } from './attributes';
import { observeBreakers } from './breakers';
import { Level } from './level';

/** Measures a client until the returned function is called. */
export function measure(client: Collectable, meter: Meter, labels: EndpointLabels): () => void {
  const duration = meter.createHistogram('http.client.request.duration', {
    description: 'Duration of HTTP client requests.',
    unit: 's',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`breakwater.${name}`, { unit, description, valueType: ValueType.INT });

  const timeouts = counter('timeouts', '{timeout}', 'Limits and deadlines that ran out.');
  const retries = counter('retries', '{retry}', 'Failed attempts that are to be made again.');
  const refused = counter('refused', '{request}', 'Requests that a limit or an open breaker refused: nothing was sent.');
  const fallbacks = counter('fallbacks', '{response}', "Calls answered with something that is not the upstream's.");
  const dropped = counter('beacon.dropped', '{beacon}', 'Beacons that were dropped.');
  const alerts = new Level(meter, 'breakwater.alerts.firing', {
    description: 'Alerts of endpoints that time out too often.',
    unit: '{alert}',
    valueType: ValueType.INT,
  });

  const about = (named: Named, more: Attributes = {}): Attributes => ({ ...endpointAttributes(labels.partsOf(named)), ...defined(more) });

  const ends = [
    client.on('attempt', (record) =>
      duration.record(
        record.elapsed / 1_000,
        about(record, { 'http.response.status_code': record.status, 'error.type': errorTypeOf(record) }),
      ),
    ),
    client.on('timeout', (record) =>
      timeouts.add(
        1,
        about(record, { 'breakwater.kind': record.kind, 'breakwater.phase': record.phase, 'breakwater.limit': record.limit }),
      ),
    ),
    client.on('retry', ({ endpoint, delay, phase, status, code }) => {
      if (delay === undefined) return;
      // A good status is that of a response whose body broke off.
      const outcome = phase !== undefined ? 'timeout' : status !== undefined && status >= 300 ? 'http-error' : 'error';
      const failure = { outcome, ...(status !== undefined && { status }), ...(code !== undefined && { code }) } as const;
      retries.add(1, about({ endpoint }, { 'error.type': errorTypeOf(failure) }));
    }),
    client.on('limited', ({ endpoint, limit }) => refused.add(1, about({ endpoint }, { 'breakwater.by': limit }))),
    // A breaker's refusal ends the call, and has no event of its own.
    client.on('call', ({ endpoint, refusedBy }) => {
      if (refusedBy === 'breaker') refused.add(1, about({ endpoint }, { 'breakwater.by': 'breaker' }));
    }),
    client.on('fallback', ({ endpoint, kind }) => fallbacks.add(1, about({ endpoint }, { 'breakwater.kind': kind }))),
    client.on('beacon', ({ reason, count }) => dropped.add(count, { 'breakwater.reason': reason })),
    observeBreakers(meter, () =>
      client.breakers
        .list()
        .filter(({ state }) => state !== 'closed')
        .map(({ endpoint, state }) => about({ endpoint }, { 'breakwater.state': state })),
    ),
    client.on('alert', ({ endpoint, reason, status }) =>
      alerts.add(status === 'firing' ? 1 : -1, about({ endpoint }, { 'breakwater.reason': reason })),
    ),
  ];
  return () => {
    for (const end of ends) end();
    alerts.clear();
  };
}
