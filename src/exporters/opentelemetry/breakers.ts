/**
 * How many breakers are in a state other than closed, as they are when that is read: a breaker changes when somebody looks, and one that is
 * forgotten tells nobody.
 */
import { type Attributes, type Meter, ValueType } from '@opentelemetry/api';

/** The attributes of each such breaker of a client. */
type Read = () => Iterable<Attributes>;

/** Of several callbacks that observe the same attributes only the last is seen, so a meter has one for all its clients. */
const meters = new WeakMap<Meter, Set<Read>>();

/** Observes a client's breakers until what is returned is called. */
export function observeBreakers(meter: Meter, read: Read): () => void {
  const reads = meters.get(meter) ?? observed(meter);
  reads.add(read);
  return () => void reads.delete(read);
}

function observed(meter: Meter): Set<Read> {
  const reads = new Set<Read>();
  const counts = new Map<string, number>(); // by the attributes' JSON
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
        if (!count) counts.delete(key); // told once: what is not observed at all would stay as it was
      }
    });
  return reads;
}
