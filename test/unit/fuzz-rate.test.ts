// The rate limit under random arrivals and aborts: never above the rate, first come first served, and nobody is forgotten.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runs } from '../setup/sample';
import { settled } from './breaker-support';
import { play, steps, Traffic } from './fuzz-limits-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT = 60_000;

/** Timers may be late by so much without a token being lost by it, in milliseconds. */
const LATE = 20;

describe('the rate', () => {
  const limit = fc.record({
    rate: fc.integer({ min: 1, max: 20 }),
    interval: fc.constantFrom(100, 1_000),
    burst: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
    maxQueue: fc.integer({ min: 0, max: 10 }),
  });

  it(
    'is never exceeded, and everybody in the queue has his turn',
    async () => {
      let waited = 0;
      await fc.assert(
        fc.asyncProperty(limit, steps(400), async (limit, steps) => {
          const traffic = new Traffic(limit);
          const perToken = limit.interval / limit.rate;
          const capacity = limit.burst ?? Math.max(1, limit.rate);
          await play(traffic, steps, () => {});
          // Whoever waits has a token at the latest when all before him have had theirs.
          await vi.advanceTimersByTimeAsync(Math.ceil((limit.maxQueue + 1) * perToken) + 5);
          await settled();

          const { sent, made } = traffic;
          for (const [i, first] of sent.entries()) {
            for (const [n, last] of sent.slice(i).entries()) {
              const most = capacity + (last.at - first.at + LATE) / perToken;
              if (n + 1 > most + 1e-6) throw new Error(`${n + 1} in ${last.at - first.at} ms`);
            }
          }
          const ids = sent.map(({ id }) => id);
          expect(ids, 'first come, first served').toEqual([...ids].sort((a, b) => a - b));
          const refused = traffic.ends('ELIMITED').map(({ id }) => id);
          const canceled = traffic.ends('ERR_CANCELED').map(({ id }) => id);
          const neither = made.map(({ id }) => id).filter((id) => !refused.includes(id) && !canceled.includes(id));
          expect(ids, 'nobody is forgotten').toEqual(expect.arrayContaining(neither));
          for (const id of ids) {
            const wait = (sent.find((one) => one.id === id)?.at ?? 0) - (made[id]?.at ?? 0);
            expect(wait).toBeLessThanOrEqual((limit.maxQueue + 1) * perToken + 5);
            if (wait > 0) waited++;
          }
          for (const one of made) one.abort();
          await settled();
          expect(vi.getTimerCount()).toBe(0);
          await traffic.client.close();
        }),
        { numRuns: runs(80) },
      );
      expect(waited).toBeGreaterThan(20);
    },
    TIMEOUT,
  );

  it(
    'refuses nobody while there is room',
    async () => {
      await fc.assert(
        fc.asyncProperty(limit, fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 30 }), async (limit, gaps) => {
          const traffic = new Traffic({ ...limit, maxQueue: 0 });
          for (const gap of gaps) {
            // So that a token has come for each before.
            await vi.advanceTimersByTimeAsync(Math.ceil(limit.interval / limit.rate) + gap);
            traffic.call();
            await settled();
          }
          expect(traffic.sent).toHaveLength(gaps.length);
          await traffic.client.close();
        }),
        { numRuns: runs(100) },
      );
    },
    TIMEOUT,
  );

  it('of any size is no reason to refuse everything', async () => {
    const positive = fc.oneof(fc.double({ min: 1e-6, noNaN: true }), fc.constantFrom(Infinity, Number.MAX_VALUE));
    await fc.assert(
      fc.asyncProperty(positive, fc.double({ min: 1e-3, max: 1e12, noNaN: true }), async (rate, interval) => {
        const traffic = new Traffic({ rate, interval });
        traffic.call();
        await settled();
        expect(traffic.sent).toHaveLength(1);
        await traffic.client.close();
      }),
      { numRuns: runs(200) },
    );
  });
});
