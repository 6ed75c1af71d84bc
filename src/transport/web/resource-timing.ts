/**
 * What the browser itself measured of a request that succeeded: told of the page's own origin, and of others with Timing-Allow-Origin.
 * An observer and not `performance.getEntries`, whose buffer is full after 250 resources and may be cleared by anybody.
 */
import type { Attempt } from '../../call/attempt';
import { now } from '../../clock';
import type { Timings } from '../../words';

/** Gives the measured timings once the last byte is in. `until`: the monotonic time by which the request had begun. */
export type ReadTimings = (until?: number) => Timings | undefined;

/** A request whose entry is awaited. */
interface Awaited {
  readonly by: string;
  readonly since: number;
  /** The two that began first: they tell whether one alone had begun in time. While a stream stays open others come without end. */
  readonly found: PerformanceResourceTiming[];
}

/** Those awaited, by URL. One observer serves all: making one costs more than the rest of an attempt. */
const awaited = new Map<string, Set<Awaited>>();
let observer: PerformanceObserver | undefined;
let isObserving = false;

function keep(entries: PerformanceEntryList): void {
  for (const entry of entries as PerformanceResourceTiming[])
    for (const { by, since, found } of awaited.get(entry.name) ?? [])
      if (entry.initiatorType === by && entry.startTime >= since) {
        found.push(entry);
        found.sort((a, b) => a.startTime - b.startTime).splice(2);
      }
}

/** Goes on over the pauses between requests; what is told when nobody waits for anything ends it. */
function observe(): PerformanceObserver {
  observer ??= new PerformanceObserver((list) => {
    if (awaited.size) return keep(list.getEntries());
    isObserving = false;
    observer?.disconnect();
  });
  if (!isObserving) observer.observe({ type: 'resource' });
  isObserving = true;
  return observer;
}

/** Watches for the browser's entry of a request that is about to begin. Where none, or several, could be it, there are no timings. */
export function watchTimings(
  attempt: Attempt,
  { url, by, isUpload }: { url: string; by: 'fetch' | 'xmlhttprequest'; isUpload: boolean },
): ReadTimings {
  if (!globalThis.PerformanceObserver?.supportedEntryTypes?.includes('resource')) return () => undefined;
  const observer = observe();
  const one: Awaited = { by, since: now(), found: [] };
  const others = awaited.get(url);
  if (others) others.add(one);
  else awaited.set(url, new Set([one]));
  attempt.whenOver(() => {
    const all = awaited.get(url);
    if (all?.delete(one) && !all.size) awaited.delete(url);
  });
  return (until = Infinity) => {
    keep(observer.takeRecords()); // Chromium has queued it by now, save where the body is empty: no record waits for that
    const [entry, another] = one.found.filter(({ startTime }) => startTime <= until);
    return entry && !another ? timingsOf(entry, isUpload, attempt.clock.timings.response) : undefined;
  };
}

/**
 * `waiting` is what no one tells apart: queue, preflight, redirects; and with an upload the way to the headers, unless its end was `seen`:
 * the milliseconds from there to the headers.
 */
function timingsOf(entry: PerformanceResourceTiming, isUpload: boolean, seen: number | undefined): Timings | undefined {
  const { startTime, fetchStart, domainLookupStart, domainLookupEnd, connectStart, connectEnd, requestStart, responseEnd } = entry;
  if (!requestStart) return undefined; // not granted
  // After an interim 103 `responseStart` is that one's.
  const headers = (entry as { finalResponseHeadersStart?: number }).finalResponseHeadersStart || entry.responseStart;
  const exchange = headers - requestStart;
  const response = isUpload ? seen && Math.min(seen, exchange) : exchange;
  const isNew = connectEnd > fetchStart; // of a reused connection all its times are fetchStart
  const lookup = domainLookupEnd - domainLookupStart;
  const connect = connectEnd - connectStart;
  const tls = entry.secureConnectionStart && connectEnd - entry.secureConnectionStart;
  return {
    waiting: requestStart - startTime - (isNew ? lookup + connect : 0) + (response === undefined ? exchange : 0),
    ...(isNew && { lookup, tcp: connect - tls, ...(tls && { tls }) }),
    ...(response !== undefined && { ...(isUpload && { send: exchange - response }), response }),
    body: responseEnd - headers,
  };
}
