// A phase clock, and when it is to expire.
import { expect, vi } from 'vitest';
import type { Expiry } from '../../src/call/attempt';
import { PhaseClock } from '../../src/transport/phase-clock';
import type { LimitName, Limits } from '../../src/words';
import { YIELD } from './fake-clock';

type OnExpiry = ReturnType<typeof vi.fn<(expiry: Expiry) => void>>;

export function clockOf(limits: Limits): { clock: PhaseClock; expired: OnExpiry } {
  const expired: OnExpiry = vi.fn<(expiry: Expiry) => void>();
  return { clock: new PhaseClock(limits, expired), expired };
}

/** Asserts that the limit has not run out a millisecond before its time, and has at its time. */
export function expectExpiryIn(ms: number, expired: OnExpiry, limit: LimitName, limitMs: number): void {
  vi.advanceTimersByTime(ms - 1);
  expect(expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1 + YIELD);
  expect(expired).toHaveBeenCalledExactlyOnceWith({ limit, limitMs, lag: 0 });
}
