// The breaker as a state machine: any order of calls, results, operators and time, against a naive model of the same rules.
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BreakerSettings, DEFAULT_BREAKER } from '../../src/options/breaker';
import type { Verdict } from '../../src/policies/breaker-counts';
import { Breaker, type Permit } from '../../src/policies/breaker-state';
import { runs } from '../setup/sample';
import { ModelBreaker, type Through } from './fuzz-breaker-model';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Real {
  readonly moves: string[] = [];
  readonly permits = new Map<Through, Permit>();
  readonly letGo: (() => void)[] = [];
  readonly breaker: Breaker;

  constructor(settings: BreakerSettings) {
    this.breaker = new Breaker('k', settings, (_, from, to, reason) => void this.moves.push(`${from} > ${to}: ${reason}`));
  }
}

/** What can be seen of both must be the same, after each step. */
function compare(model: ModelBreaker, { breaker, moves }: Real): void {
  breaker.look();
  model.look();
  const { calls, failures, slow, hanging } = model.counts(model.settings.window);
  expect({
    moves,
    state: breaker.state,
    inFlight: breaker.inFlight,
    calls: breaker.counts.calls,
    failureRate: breaker.counts.failureRate,
    slowRate: breaker.counts.slowRate,
    refusal: breaker.refusal(),
  }).toEqual({
    moves: model.moves,
    state: model.state,
    inFlight: model.inFlight,
    calls,
    failureRate: calls ? failures / calls : 0,
    slowRate: calls + hanging ? (slow + hanging) / (calls + hanging) : 0,
    refusal: model.refusal(),
  });
}

type Command = fc.Command<ModelBreaker, Real>;
const command = (name: string, run: (model: ModelBreaker, real: Real) => void): Command => ({
  check: () => true,
  run: (model, real) => {
    run(model, real);
    compare(model, real);
  },
  toString: () => name,
});

const ask = (slowAfter: number, probeFor: number): Command =>
  command(`ask(${slowAfter}, ${probeFor})`, (model, real) => {
    if (real.breaker.refusal()) return; // the same as the model's: it was compared
    real.permits.set(model.admit(slowAfter, probeFor), real.breaker.admit(slowAfter, probeFor));
  });
const end = (which: number, verdict: Verdict): Command =>
  command(`end(${which}, ${verdict})`, (model, real) => {
    const underWay = model.through.filter(({ over }) => !over);
    const call = underWay[which % underWay.length];
    const permit = call && real.permits.get(call);
    if (!call || !permit) return;
    real.breaker.release(permit, verdict);
    model.release(call, verdict);
  });
const pass = (ms: number): Command => command(`pass(${ms})`, () => void vi.advanceTimersByTime(ms));
const hold = command('hold', (model, real) => {
  real.letGo.push(real.breaker.hold());
  if (++model.holds === 1) model.open(Infinity, model.settings.openFor, 'operator');
});
const letGo = command('letGo', (model, real) => {
  const mine = real.letGo.pop();
  mine?.();
  mine?.(); // letting go twice is letting go once
  if (mine && model.holds > 0 && --model.holds === 0) model.close('operator');
});
const close = command('close', (model, real) => {
  real.breaker.close();
  real.letGo.length = 0;
  model.holds = 0;
  model.gatedUntil = 0;
  model.close('operator');
});
const gate = (ms: number): Command =>
  command(`gate(${ms})`, (model, real) => {
    real.breaker.gate(ms);
    model.gatedUntil = Math.max(model.gatedUntil, performance.now() + Math.min(ms, model.settings.maxOpenFor));
  });

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const results = (failing: boolean): fc.Arbitrary<Verdict> =>
  failing
    ? fc.constantFrom('failure', 'failure', 'success', 'ignored')
    : fc.constantFrom('success', 'success', 'success', 'failure', 'ignored');
const calls = [true, false].flatMap((failing) => [
  fc.tuple(fc.constantFrom(Infinity, 20, 100), fc.integer({ min: 1, max: 300 })).map((args) => ask(...args)),
  fc.tuple(fc.nat(20), results(failing)).map((args) => end(...args)),
]);
const time = [ms(30), ms(150), ms(600)].map((some) => some.map(pass));
const operators = [fc.constant(hold), fc.constant(letGo), fc.constant(close), ms(500).map(gate)];
const size = { size: 'max', maxCommands: 120 } as const;
/** With nobody about, or with an operator who is at it all the time. */
const commands = fc.oneof(
  fc.commands([...calls, ...calls, ...calls, ...time, ...time], size),
  fc.commands([...calls, ...calls, ...time, ...operators], size),
);

const share = fc.constantFrom(0, 0.3, 0.5, 0.8, 1);
const count = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const settings = fc
  .record({
    failureRate: share,
    window: fc.constantFrom(600, 1_500),
    minCalls: count(6),
    openFor: fc.constantFrom(100, 400),
    maxOpenFor: fc.constantFrom(50, 400, 1_000),
    burst: fc.option(fc.record({ failureRate: share, window: fc.constantFrom(90, 300), minCalls: count(4) }), { nil: false as const }),
    slow: fc.option(fc.record({ after: fc.constant(undefined), rate: share.filter(Boolean) }), { nil: false as const }),
    probes: count(3),
    successesToClose: count(3),
    mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'observe' as const),
  })
  .map((some): BreakerSettings => ({ ...DEFAULT_BREAKER, ...some }));

it('does what its model does', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(settings, commands, (settings, commands) => {
      const model = new ModelBreaker(settings, () => performance.now());
      const real = new Real(settings);
      fc.modelRun(() => ({ model, real }), commands);
      for (const move of real.moves) seen.add(move);
    }),
    { numRuns: runs(700) },
  );
  // Whatever can happen has happened: a run that never gets anywhere proves nothing.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'closed > open: failure-rate',
      'closed > open: burst',
      'closed > open: slow-rate',
      'closed > open: operator',
      'open > half-open: due',
      'half-open > open: probe-failed',
      'half-open > closed: probes-succeeded',
    ]),
  );
}, 30_000);
