// The concurrency limit under random arrivals, ends and aborts: never above the number, no place stays empty, and none is lost.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runs } from '../setup/sample';
import { settled } from './breaker-support';
import { play, steps, Traffic } from './fuzz-limits-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT = 60_000;

describe('concurrency', () => {
  const limit = fc.record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    maxQueue: fc.integer({ min: 0, max: 6 }),
    maxWait: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  });

  it(
    'is never exceeded, no place stays empty while somebody waits, and none is lost',
    async () => {
      const ends = new Set<string>();
      await fc.assert(
        fc.asyncProperty(limit, fc.constantFrom(false as const, 150), steps(100), async (limit, deadline, steps) => {
          const traffic = new Traffic(limit, deadline);
          const underWay = (): number => traffic.sent.filter(({ id }) => traffic.made[id]?.ended === undefined).length;
          await play(traffic, steps, () => {
            expect(underWay()).toBeLessThanOrEqual(limit.concurrency);
            const alive = traffic.made.filter(({ ended }) => ended === undefined).length;
            expect(underWay(), 'a place stays empty').toBe(Math.min(alive, limit.concurrency));
            expect(alive, 'too many wait').toBeLessThanOrEqual(limit.concurrency + limit.maxQueue);
          });
          for (const { ended = 'none' } of traffic.made) ends.add(ended);
          for (const one of traffic.made) one.abort();
          await settled();
          expect(vi.getTimerCount()).toBe(0);

          const before = traffic.sent.length;
          for (let i = 0; i < limit.concurrency; i++) traffic.call();
          await settled();
          expect(traffic.sent.length - before, 'places that were lost').toBe(limit.concurrency);
          for (const one of traffic.made) one.abort();
          await settled();
          await traffic.client.close();
        }),
        { numRuns: runs(60) },
      );
      expect([...ends]).toEqual(expect.arrayContaining(['ok', 'ECONNRESET', 'ERR_CANCELED', 'ELIMITED', 'ETIMEDOUT', 'none']));
    },
    TIMEOUT,
  );
});
