/**
 * Limits that fit what was measured: twice the 99th percentile, and no less than one lost packet costs. None if more than 1 % timed out,
 * since nobody knows how long those would have taken.
 */
import { Histogram } from './histogram';
import type { Share } from './series';

/** Limits that would fit what was measured. */
export interface SuggestedLimits {
  /** Milliseconds; absent if fewer than 20 new connections were seen, as in a browser that does not reveal them. */
  connect?: number;
  /** Milliseconds. A whole body counts as one silence, so for long downloads it is more than needed. */
  read: number;
  /** How many responses `read` is based on. */
  sampleSize: number;
  /** How many new connections `connect` is based on. */
  connections: number;
}

const SAMPLE = 200;
const CONNECTIONS = 20;

const QUANTILE = 0.99;
const MARGIN = 2;

/** Milliseconds. A lost SYN is retransmitted after 1 s (RFC 6298, 2.1). */
const LEAST_CONNECT = 1_500;

/** Milliseconds. A lost segment is retransmitted after 200 ms or so, and a garbage collection on either side takes its time. */
const LEAST_READ = 500;

export function suggest({ attempts, timeouts }: Share, connect: Histogram[], answer: Histogram[]): SuggestedLimits | undefined {
  const sampleSize = Histogram.count(answer);
  if (sampleSize < SAMPLE || timeouts > (1 - QUANTILE) * attempts) return undefined;
  const connections = Histogram.count(connect);
  return {
    ...(connections >= CONNECTIONS && { connect: limit(connect, LEAST_CONNECT) }),
    read: limit(answer, LEAST_READ),
    sampleSize,
    connections,
  };
}

/** Rounded up to two significant digits: the figure is no more exact than that. */
function limit(histograms: Histogram[], least: number): number {
  const value = Math.max(least, MARGIN * Histogram.quantile(QUANTILE, ...histograms));
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.ceil(value / unit) * unit;
}
