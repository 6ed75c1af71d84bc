// A clock as WebKit's pages have it: it ticks once a millisecond, and tells seconds times a thousand, so its differences are not whole.
import type { AxiosResponse } from 'axios';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Deadline } from '../../src/deadline';
import type { TimeoutError } from '../../src/errors';
import { attempt } from '../../src/policies/attempt';
import { deadline } from '../../src/policies/deadline';
import { PhaseClock } from '../../src/transport/phase-clock';
import { callOf } from './call-support';

const LIMIT = 300;
let ticks = 0;

beforeEach(() => {
  vi.useFakeTimers();
  // Fake immediates come a millisecond later, when the alarm is late enough to hide what is tested.
  vi.stubGlobal('setImmediate', queueMicrotask);
  vi.stubGlobal('clearImmediate', () => {});
  vi.spyOn(performance, 'now').mockImplementation(() => (0.4 + 0.001 * ticks) * 1_000);
});

afterEach(() => {
  vi.unstubAllGlobals(); // first: it puts back the fake immediates
  vi.useRealTimers();
});

/** How long each of five hundred calls, begun a tick apart, says that it took until its limit ended it. */
async function elapsed(begin: () => Promise<unknown>): Promise<number[]> {
  const all = [];
  for (let tick = 0; tick < 500; tick++) {
    ticks = tick;
    const ended = begin().then(
      () => Number.NaN,
      (error: TimeoutError) => error.elapsed,
    );
    for (let passed = 0; passed <= LIMIT + 2; passed++) {
      await vi.advanceTimersByTimeAsync(1);
      ticks++;
    }
    all.push(await ended);
  }
  return all;
}

const hung = () => new Promise<AxiosResponse>(() => {});
const early = (all: number[]) => all.filter((one) => !(one >= LIMIT && one < LIMIT + 5));

it('its differences are not whole', () => {
  const short = Array.from({ length: 500 }, (_, tick) => {
    ticks = tick;
    const start = performance.now();
    ticks += LIMIT;
    return performance.now() - start < LIMIT;
  });
  expect(short).toContain(true);
});

it('no attempt that a limit ended took less than the limit', async () => {
  const run = attempt((limits, onExpiry, timer) => new PhaseClock(limits, onExpiry, timer))(hung);
  expect(early(await elapsed(() => run(callOf({ limits: { total: LIMIT } }).call)))).toEqual([]);
});

it('no call that its deadline ended took less', async () => {
  const run = deadline(hung);
  expect(early(await elapsed(() => run(callOf({ deadline: new Deadline(LIMIT) }).call)))).toEqual([]);
});

it('no phase takes a fraction of a tick', () => {
  const phases = Array.from({ length: 500 }, (_, tick) => {
    ticks = tick;
    const clock = new PhaseClock({}, () => {});
    clock.enter('queue');
    ticks += LIMIT;
    clock.enter('tcp');
    ticks += LIMIT;
    const { tcp } = clock.timings;
    clock.enter('queue'); // of a second hop
    ticks += LIMIT;
    clock.stop();
    return [clock.timings.queue, tcp];
  });
  expect(new Set(phases.flat())).toEqual(new Set([LIMIT, 2 * LIMIT]));
});
