/**
 * What the browser itself measured for a successful request: exposed for the page's own origin, and for others by Timing-Allow-Origin.
 * Uses an observer, since the buffer of `performance.getEntries` is full after 250 resources and may be cleared by anybody.
 */
import type { Attempt } from '../../call/attempt';
import { now, toMicroseconds } from '../../clock';
import type { Timings } from '../../words';

/** Returns the measured timings once the last byte is in. `until` is the monotonic time by which the request had begun. */
export type ReadTimings = (until?: number) => Timings | undefined;

/** A request whose entry is awaited. */
interface Awaited {
  readonly by: string;
  readonly since: number;
  /** The two that began first: enough to tell whether only one began in time. While a stream stays open, others keep coming. */
  readonly found: PerformanceResourceTiming[];
}

/** The awaited requests by URL. One observer serves all, since creating one costs more than the rest of an attempt. */
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

/** Stays connected through pauses between requests; the first entries that arrive while nothing is awaited disconnect it. */
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

/** Watches for the entry of a request that is about to begin. If no entry, or more than one, could be it, there are no timings. */
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
    keep(observer.takeRecords()); // Chromium has queued it by now unless the body is empty; no record waits for that
    const [entry, another] = one.found.filter(({ startTime }) => startTime <= until);
    return entry && !another ? timingsOf(entry, isUpload, attempt.clock.timings.response) : undefined;
  };
}

/**
 * `waiting` is what cannot be told apart: queue, preflight, redirects and, for an upload whose end was not seen, the time to the headers.
 * `seen` is how many milliseconds passed from that end to the headers.
 */
function timingsOf(entry: PerformanceResourceTiming, isUpload: boolean, seen: number | undefined): Timings | undefined {
  const { startTime, fetchStart, domainLookupStart, domainLookupEnd, connectStart, connectEnd, requestStart, responseEnd } = entry;
  if (!requestStart) return undefined; // no Timing-Allow-Origin
  // After an interim 103, `responseStart` is when that one arrived.
  const headers = (entry as { finalResponseHeadersStart?: number }).finalResponseHeadersStart || entry.responseStart;
  const exchange = headers - requestStart;
  const response = isUpload ? seen && Math.min(seen, exchange) : exchange;
  const isNew = connectEnd > fetchStart; // for a reused connection all of these equal fetchStart
  const lookup = domainLookupEnd - domainLookupStart;
  const connect = connectEnd - connectStart;
  const tls = entry.secureConnectionStart && connectEnd - entry.secureConnectionStart;
  const timings: Timings = {
    waiting: requestStart - startTime - (isNew ? lookup + connect : 0) + (response === undefined ? exchange : 0),
    ...(isNew && { lookup, tcp: connect - tls, ...(tls && { tls }) }),
    ...(response !== undefined && { ...(isUpload && { send: exchange - response }), response }),
    body: responseEnd - headers,
  };
  return Object.fromEntries(Object.entries(timings).map(([phase, ms]) => [phase, toMicroseconds(ms)]));
}
