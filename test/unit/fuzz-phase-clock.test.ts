// The phase clock under random orders of events: against a naive list of due times, it is never early, never late, rings once, and leaves no timer.
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Expiry } from '../../src/call/attempt';
import { PhaseClock } from '../../src/transport/phase-clock';
import { LIMIT_NAMES, type LimitName, type Limits, type Phase } from '../../src/words';
import { runs } from '../setup/sample';
import { blockable, YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const CONNECTING: Phase[] = ['lookup', 'tcp', 'proxy', 'tls'];
const PHASES: Phase[] = ['queue', ...CONNECTING, 'send', 'response', 'body', 'waiting'];

/** What the limits mean, written down as a list of due times. */
class Model {
  readonly due = new Map<LimitName, number>();
  readonly spent: Partial<Record<Phase, number>> = {};
  phase: Phase = 'waiting';
  held: { at: number; body: number | undefined } | undefined;
  #since = performance.now();

  constructor(readonly limits: Limits) {
    this.#start('total', limits.total);
  }

  #start(name: LimitName, ms: number | undefined): void {
    if (ms !== undefined) this.due.set(name, performance.now() + ms);
  }

  enter(phase: Phase, budget?: number): void {
    this.leave();
    this.held = undefined;
    for (const name of this.due.keys()) {
      const goesOn = name === 'total' || (name === 'connect' && CONNECTING.includes(phase));
      if (!goesOn) this.due.delete(name);
    }
    this.phase = phase;
    if (CONNECTING.includes(phase) && !this.due.has('connect')) this.#start('connect', this.limits.connect);
    if (phase === 'response' || phase === 'body') this.#start('read', this.limits.read);
    if (phase === 'waiting') this.#start('response', budget);
    else this.#start(phase, budget ?? this.limits[phase]);
  }

  leave(): void {
    this.spent[this.phase] = (this.spent[this.phase] ?? 0) + performance.now() - this.#since;
    this.#since = performance.now();
  }

  progress(): void {
    if (this.due.has('read')) this.#start('read', this.limits.read);
  }

  pause(): void {
    if (this.held || this.phase !== 'body') return;
    this.held = { at: performance.now(), body: this.due.get('body') };
    this.due.delete('read');
    this.due.delete('body');
  }

  resume(): void {
    if (!this.held) return;
    const { at, body } = this.held;
    this.held = undefined;
    this.#start('read', this.limits.read);
    if (body !== undefined) this.due.set('body', body + performance.now() - at);
  }
}

type Step =
  | { do: 'enter'; phase: Phase; budget: number | undefined }
  | { do: 'progress' | 'pause' | 'resume' | 'stop' }
  | { do: 'pass'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('enter' as const),
      phase: fc.constantFrom(...PHASES),
      budget: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined, freq: 4 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 120 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('progress' as const, 'pause' as const, 'resume' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const) }) },
);

const limits = fc.dictionary(fc.constantFrom(...LIMIT_NAMES), fc.integer({ min: 1, max: 200 })) as fc.Arbitrary<Limits>;

/** Takes the steps until a limit has run out. `mayBeLate`: nobody need have been told yet, the loop may have been blocked. */
function run(clock: PhaseClock, model: Model, expiries: Expiry[], steps: Step[], mayBeLate = false): void {
  let stopped = false;
  for (const one of steps) {
    if (one.do === 'pass') vi.advanceTimersByTime(one.ms);
    else if (one.do === 'stop') {
      clock.stop();
      stopped = true;
    } else if (one.do === 'enter') clock.enter(one.phase, one.budget);
    else if (one.do === 'progress') clock.progress();
    else if (model.phase === 'body') clock[one.do](); // only a body is held back
    if (expiries.length > 0 || stopped) return;
    if (one.do === 'enter') model.enter(one.phase, one.budget);
    else if (one.do !== 'pass') model[one.do as 'progress' | 'pause' | 'resume']();
    for (const [name, due] of mayBeLate ? [] : model.due) {
      if (due + YIELD <= performance.now()) throw new Error(`${name} ran out at ${due}, and nobody was told at ${performance.now()}`);
    }
  }
}

it('rings at the first due time, once, whatever came before', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 30, size: 'max' }), (limits, steps) => {
      const model = new Model(limits);
      const expiries: Expiry[] = [];
      let early = -Infinity; // asserted below: what is thrown to a clock goes no further
      const clock = new PhaseClock(limits, (expiry) => {
        expiries.push(expiry);
        early = (model.due.get(expiry.limit) ?? Infinity) - performance.now();
        model.leave();
        clock.stop();
      });
      run(clock, model, expiries, steps);
      if (expiries.length === 0) model.leave();
      clock.stop();
      expect(early, 'it ran out early').toBeLessThanOrEqual(0);
      for (const { lag } of expiries) expect(lag).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      expect(clock.timings).toEqual(model.spent);

      vi.advanceTimersByTime(1_000);
      clock.enter('body');
      clock.progress();
      clock.pause();
      clock.resume();
      vi.advanceTimersByTime(1_000);
      expect(expiries.length, 'it rang after it was stopped, or twice').toBeLessThanOrEqual(1);
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: runs(1_500) },
  );
}, 30_000);

/** Lets the clock go on while no timer runs, in between steps. */
const blockedStep: fc.Arbitrary<Step | { do: 'block'; ms: number } | { do: 'bytes' }> = fc.oneof(
  { weight: 8, arbitrary: step },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('block' as const), ms: fc.integer({ min: 0, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bytes' as const) }) },
);

it('under a blocked loop: never early, what is given back is no more than the limit and than what was lost, and it rings in the end', () => {
  const lose = blockable();
  fc.assert(
    fc.property(limits, fc.array(blockedStep, { maxLength: 30, size: 'max' }), (limits, steps) => {
      const model = new Model(limits);
      const expiries: Expiry[] = [];
      let lost = 0;
      let [unseen, overlooked] = [false, false];
      let early = -Infinity;
      const clock = new PhaseClock(limits, (expiry) => {
        expiries.push(expiry);
        early = (model.due.get(expiry.limit) ?? Infinity) - performance.now();
        overlooked = expiry.limit === 'read' && unseen;
        clock.stop();
      });
      const hasUnseenProgress = () => {
        const seen = unseen;
        unseen = false;
        if (seen) model.progress();
        return seen;
      };
      clock.watcher = { hasUnseenProgress };
      let stopped = false;
      for (const one of steps) {
        if (expiries.length > 0 || stopped) break;
        if (one.do === 'block') {
          lose(one.ms);
          lost += one.ms;
        } else if (one.do === 'bytes') unseen = true;
        else {
          if (one.do === 'stop') stopped = true;
          run(clock, model, expiries, [one], true);
        }
      }
      // With a loop that is free again, everything that still runs comes to its end, and given back is each limit once.
      const most = Math.max(0, ...model.due.values()) - performance.now();
      if (!stopped) vi.advanceTimersByTime(Math.max(0, most) + 2 * Math.max(0, ...Object.values(limits), 200) + 400 + YIELD);
      if (!stopped && model.due.size > 0) expect(expiries).toHaveLength(1);
      expect(expiries.length).toBeLessThanOrEqual(1);
      expect(early, 'it ran out early').toBeLessThanOrEqual(0);
      expect(overlooked, 'bytes had come').toBe(false);
      for (const { lag } of expiries) {
        expect(lag).toBeGreaterThanOrEqual(0);
        expect(lag).toBeLessThanOrEqual(lost + 10 * YIELD); // each ring before it was late by one
        expect(lag).toBeLessThanOrEqual(Math.max(...Object.values(limits), 200));
      }
      clock.stop();
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: runs(800) },
  );
}, 30_000);
