/**
 * Counts the breakers in a state other than closed at each read, rather than from events: a breaker changes only when somebody looks, and
 * one that is forgotten emits nothing.
 */
import { type Attributes, type Meter, ValueType } from '@opentelemetry/api';

/** The attributes of each such breaker of a client. */
type Read = () => Iterable<Attributes>;

/** If several callbacks observe the same attributes, only the last one counts, so a meter has one for all its clients. */
const meters = new WeakMap<Meter, Set<Read>>();

/** Observes a client's breakers until the returned function is called. */
export function observeBreakers(meter: Meter, read: Read): () => void {
  const reads = meters.get(meter) ?? observed(meter);
  reads.add(read);
  return () => void reads.delete(read);
}

function observed(meter: Meter): Set<Read> {
  const reads = new Set<Read>();
  const counts = new Map<string, number>(); // keyed by the attributes' JSON
  meters.set(meter, reads);
  meter
    .createObservableUpDownCounter('breakwater.breaker.state', {
      description: 'Breakers that are in a state other than closed.',
      unit: '{breaker}',
      valueType: ValueType.INT,
    })
    .addCallback((result) => {
      for (const key of counts.keys()) counts.set(key, 0);
      for (const read of reads) {
        for (const attributes of read()) {
          const key = JSON.stringify(attributes);
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      }
      for (const [key, count] of counts) {
        result.observe(count, JSON.parse(key));
        if (!count) counts.delete(key); // reported as 0 once: if not observed at all, it would stay as it was
      }
    });
  return reads;
}
