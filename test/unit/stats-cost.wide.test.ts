// Statistics stay small and quick, however many endpoints there are: their memory and their cost, which are printed.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Statistics } from '../../src/telemetry/stats';
import { attemptOf, randomFrom, timeoutOf } from './telemetry-support';

let statistics: Statistics;

beforeEach(() => {
  vi.useFakeTimers();
  statistics = new Statistics();
});
afterEach(() => void vi.useRealTimers());

describe('what it takes', () => {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  const bytes = async (): Promise<number> => {
    for (let i = 0; i < 3; i++) {
      await new Promise(setImmediate);
      gc();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };

  it('is bounded memory, whatever the endpoints', async () => {
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ['performance'] });
    const before = await bytes();
    statistics = new Statistics();
    const see = (from: number, until: number): void => {
      for (let i = from; i < until; i++) {
        const endpoint = `GET https://up.test/${i}/:id`;
        for (let n = 0; n < 6; n++) statistics.attempt(timeoutOf({ endpoint, id: `${i}-${n}`, timings: { response: n } }));
      }
    };
    see(0, 10_000);
    const after10_000 = await bytes();
    // Again, with both halves of the latest attempts in use.
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 200 * 200; i++) statistics.attempt(attemptOf({ endpoint: `GET https://up.test/${i % 200}/:id` }));
      vi.advanceTimersByTime(330_000);
    }
    see(0, 10_000);
    const afterAll = await bytes();
    const megabytes = (to: number): string => `${((to - before) / 1e6).toFixed(1)} MB`;
    console.log(`statistics: ${megabytes(after10_000)} after 10 000 endpoints, ${megabytes(afterAll)} with all in use`);
    expect(statistics.list()).toHaveLength(201);
    expect(afterAll - before).toBeLessThan(8e6);
  }, 30_000);

  it('is little time', () => {
    vi.useRealTimers();
    const random = randomFrom(1);
    const records = Array.from({ length: 1_000 }, (_, i) => {
      const record = i % 100 ? attemptOf({ elapsed: 10 + 500 * random() }) : timeoutOf();
      return { ...record, endpoint: `GET https://up.test/${i % 50}`, timings: { tcp: 2, tls: 3, response: 40, body: 1 } };
    });
    for (const record of records) statistics.attempt(record);
    const startedAt = performance.now();
    for (let round = 0; round < 200; round++) for (const record of records) statistics.attempt(record);
    const each = ((performance.now() - startedAt) * 1_000) / (200 * records.length);
    console.log(`statistics: ${each.toFixed(2)} µs an attempt, over 50 endpoints`);
    expect(statistics.list().reduce((sum, { attempts }) => sum + attempts, 0)).toBe(201_000);
  });
});
