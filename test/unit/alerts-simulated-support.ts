// For the simulations of alerts: records on a fake clock, traffic that makes them, and a table that is printed at the end.
import { afterAll, afterEach, beforeEach, vi } from 'vitest';
import type { Alert } from '../../src/telemetry/alerts';
import { arrivals, attemptOf, type Traffic, timeoutOf, Watching } from './telemetry-support';

/** Milliseconds, of a test. */
export const LIMIT = 60_000;

const ANSWER = attemptOf();
const TIMEOUT = timeoutOf();

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function simulation() {
  const lines: string[] = [];
  let watching: Watching;
  beforeEach(() => {
    vi.useFakeTimers();
    watching = new Watching();
  });
  afterEach(() => {
    watching.close();
    vi.useRealTimers();
  });
  afterAll(() => console.log(lines.join('\n')));
  return {
    alerts: (): readonly Alert[] => watching.alerts,
    /** Forgets the traffic so far. */
    begin(): void {
      watching.close();
      watching = new Watching();
    },
    /** Traffic for so many milliseconds, or until it is enough. */
    run(traffic: Traffic, milliseconds: number, isEnough = (): boolean => false): void {
      for (const timesOut of arrivals(traffic, milliseconds)) {
        watching.attempt(timesOut ? TIMEOUT : ANSWER);
        if (isEnough()) return;
      }
    },
    tell: (line: string): void => void lines.push(line),
  };
}
