// Retry under random upstreams, options and deadlines: never more than allowed, never above the budget, never past the deadline.
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RetryEvent, RetryOptions } from '../../src/index';
import { runs } from '../setup/sample';
import { settled as microtasks } from './breaker-support';
import { clientOver, type Outcome, scripted, settled, type Told } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT = 60_000;

/** Fake timers fire at whole milliseconds, and a deadline yields once before it rings. */
const SLACK = 3;

const answer: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom<Outcome>(200, 404, 408, 429, 500, 503, 'ECONNREFUSED', 'ECONNRESET', 'ERR_BAD_OPTION', 'hang', new Error('a bug')),
  fc.record({
    status: fc.constantFrom(429, 503),
    headers: fc.record({ 'retry-after': fc.oneof(fc.integer({ min: 0, max: 20 }).map(String), fc.string()) }),
  }),
);
const retry: fc.Arbitrary<RetryOptions> = fc.record(
  {
    retries: fc.nat(5),
    baseDelay: fc.constantFrom(0, 1, 100, 3_000, Infinity),
    factor: fc.constantFrom(1, 2, 10, Infinity),
    maxDelay: fc.constantFrom(1, 500, 5_000, Infinity),
    jitter: fc.constantFrom('equal' as const, 'full' as const, 'none' as const),
    maxRetryAfter: fc.constantFrom(0, 3_000, Infinity),
    budget: fc.constant(false as const),
  },
  { requiredKeys: ['budget'] },
);

it(
  'makes no more attempts than allowed, waits as long as asked, and is over by the deadline',
  async () => {
    let retried = 0;
    const script = fc.array(answer, { minLength: 1, maxLength: 6 });
    const method = fc.constantFrom('get', 'post');
    const ms = fc.integer({ min: 10, max: 15_000 });
    await fc.assert(
      fc.asyncProperty(script, retry, method, ms, ms, async (script, retry, method, total, more) => {
        const deadline = total + 1_000 + more;
        const { client, sent, events } = clientOver(script, { retry, deadline, timeout: total, alerts: false });
        const startedAt = performance.now();
        const late: RetryEvent[] = []; // what a handler throws harms nobody
        client.on('retry', (event) => {
          if (performance.now() - startedAt + (event.delay ?? 0) > deadline) late.push(event);
        });
        let settlements = 0;
        const call = client.request({ method, url: '/' });
        call.then(
          () => settlements++,
          () => settlements++,
        );
        const { error, took } = await settled(call);
        await vi.advanceTimersByTimeAsync(60_000);

        expect(settlements).toBe(1);
        expect(late).toEqual([]);
        expect(sent.length).toBeLessThanOrEqual((retry.retries ?? 2) + 1);
        expect(took).toBeLessThanOrEqual(deadline + SLACK);
        for (const { at } of sent) expect(at - startedAt).toBeLessThanOrEqual(deadline);
        for (const [i, { delay = -1 }] of events.filter(({ delay }) => delay !== undefined).entries()) {
          const gap = (sent[i + 1]?.at ?? Infinity) - (sent[i]?.at ?? 0);
          expect(gap).toBeGreaterThanOrEqual(Math.floor(delay));
          expect(delay).toBeLessThanOrEqual(Math.max(retry.maxDelay ?? 5_000, retry.maxRetryAfter ?? 10_000));
        }
        if (error?.history) expect(error.history).toHaveLength(sent.length);
        retried += sent.length - 1;
        expect(vi.getTimerCount()).toBe(0);
        await client.close();
      }),
      { numRuns: runs(400) },
    );
    expect(retried).toBeGreaterThan(20);
  },
  TIMEOUT,
);

it(
  'never takes more from the budget than there is, in any ten seconds',
  async () => {
    const budget = fc.record({ ratio: fc.constantFrom(0.05, 0.2, 1), min: fc.nat(4) });
    const calls = fc.array(fc.record({ gap: fc.nat(3_000), outcome: fc.constantFrom<Outcome>(200, 503, 503) }), {
      size: 'max',
      maxLength: 60,
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(budget, calls, async (budget, calls) => {
        const taken: number[] = [];
        const made: number[] = [];
        const above: string[] = []; // what a handler throws harms nobody
        const client = clientOver([503], { retry: { budget, baseDelay: 10, retries: 3 }, deadline: false, alerts: false }).client;
        client.on('retry', ({ delay, reason }: RetryEvent) => {
          if (reason === 'budget') refused++;
          if (delay === undefined) return;
          taken.push(performance.now());
          // The window is one of ten buckets of a second: of 9 seconds it knows all, of more than 10 nothing.
          const since = (all: number[], ms: number): number => all.filter((at) => at > performance.now() - ms).length;
          const most = Math.max(budget.min, budget.ratio * since(made, 10_000));
          if (since(taken, 9_000) > most) above.push(`${since(taken, 9_000)} of ${most}`);
        });
        for (const { gap, outcome } of calls) {
          await vi.advanceTimersByTimeAsync(gap);
          made.push(performance.now());
          client.get('/', { adapter: scripted(outcome).adapter }).catch((error: Told) => error);
          await microtasks();
        }
        await vi.advanceTimersByTimeAsync(60_000);
        expect(above).toEqual([]);
        await client.close();
      }),
      { numRuns: runs(60) },
    );
    expect(refused).toBeGreaterThan(20);
  },
  TIMEOUT,
);
