// All policies together: random calls, options and operators against a model of a call, to the millisecond; and nothing is left of them.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AttemptRecord, type CallRecord, type Client, createClient, type Policies, withDeadline } from '../../src/index';
import { runs } from '../setup/sample';
import { YIELD } from './fake-clock';
import type { ModelBreaker } from './fuzz-breaker-model';
import { type Asked, type Behaviour, codeOf, isGood, ModelCall, ModelClient, Simulation, Tie } from './fuzz-together-model';
import type { Told } from './retry-support';

const { setTimeout: realTimeout, setImmediate: realImmediate } = globalThis;

/** When a timer is due: stopping at each by hand is ten times as fast as `advanceTimersByTimeAsync`. */
let dues: number[] = [];

/** Fake timers, but with the context that real ones keep: by it the adapter knows whose attempt it makes. */
function fakeTime(): void {
  restore();
  vi.useFakeTimers();
  dues = [];
  const { setTimeout, setImmediate } = globalThis;
  const keeping =
    (set: typeof setTimeout) =>
    (run: () => void, ms = YIELD) => {
      dues.push(performance.now() + ms);
      return set(AsyncResource.bind(run), ms);
    };
  Object.assign(globalThis, { setTimeout: keeping(setTimeout), setImmediate: keeping(setImmediate as unknown as typeof setTimeout) });
}

/** All microtasks, at a tenth of the cost of awaiting a hundred in a context. */
const settled = (): Promise<void> => new Promise((resolve) => void realImmediate(resolve));

async function pass(ms: number): Promise<void> {
  const end = performance.now() + ms;
  for (let now = performance.now(); now < end; now = performance.now()) {
    dues = dues.filter((due) => due > now);
    vi.advanceTimersByTime(Math.min(end, ...dues) - now);
    await settled();
  }
}

function restore(): void {
  vi.useRealTimers();
  Object.assign(globalThis, { setTimeout: realTimeout, setImmediate: realImmediate });
}

beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue()); // of deadlines that leave the total no room
afterEach(() => {
  restore();
  vi.restoreAllMocks();
});

class RealCall {
  readonly log: string[] = [];
  readonly controller = new AbortController();
  attempts = 0;
  isOver = false;

  constructor(readonly asked: Asked) {}
}

const current = new AsyncLocalStorage<RealCall>();
const whose = (): RealCall => current.getStore() as RealCall;
const sleep = (ms: number | undefined): unknown => ms !== undefined && new Promise<void>((resolve) => setTimeout(resolve, ms));

async function adapter(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
  const call = whose();
  const { script, path } = call.asked;
  const number = ++call.attempts;
  const { after, does, retryAfter } = script[Math.min(number, script.length) - 1] as Behaviour;
  call.log.push(`sent at ${performance.now()}`);
  await (does === 'hang' ? new Promise(() => {}) : sleep(after));
  if (typeof does === 'string') throw new AxiosError(does, does, config);
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter / 1_000) };
  const response: AxiosResponse = { data: `${path}#${number}`, status: does, statusText: '', headers, config };
  if (isGood(does)) return response;
  throw new AxiosError(String(does), codeOf(does), config, undefined, response);
}

const words = (...all: unknown[]): string => all.filter(Boolean).join(' ');

class Real {
  readonly calls: RealCall[] = [];
  readonly records: { type: string; record: AttemptRecord | CallRecord }[] = [];
  readonly holds = new Map<string, (() => void)[]>();
  readonly client: Client;

  constructor(policies: Policies) {
    this.client = createClient({ baseURL: 'http://up.test', adapter, alerts: false, ...policies });
    const { interceptors } = this.client;
    interceptors.request.use(async (config) => {
      await sleep(whose().asked.before);
      return config;
    });
    const hold = async <T>(done: () => T): Promise<T> => {
      await sleep(whose().asked.later);
      return done();
    };
    interceptors.response.use(
      (response) => hold(() => response),
      (error) => hold(() => Promise.reject(error)),
    );
    const tell = (line: string): void => void whose().log.push(line);
    this.client.on('timeout', ({ attempt, limit }) => tell(`timeout in ${attempt}: ${limit}`));
    this.client.on('retry', ({ attempt, delay, reason }) => tell(`retry of ${attempt}: ${delay ?? reason}`));
    this.client.on('limited', ({ limit }) => tell(`limited ${limit}`));
    this.client.on('attempt', (record) => {
      const { attempt, code, outcome, status, elapsed } = record;
      tell(`attempt ${attempt} ${outcome === 'success' ? 'ok' : code} ${status ?? ''} ${elapsed}`);
      this.records.push({ type: 'attempt', record });
    });
    this.client.on('call', (record) => {
      tell(`call of ${record.attempts}`);
      this.records.push({ type: 'call', record });
    });
  }

  call(asked: Asked): void {
    const { path, method, policies, within, abortAfter } = asked;
    const call = new RealCall(asked);
    this.calls.push(call);
    const end = (what: string): void => {
      call.log.push(`${what} at ${performance.now()}`);
      call.isOver = true;
    };
    const make = (): Promise<void> =>
      this.client.request({ url: `/${path}`, method, signal: call.controller.signal, ...policies }).then(
        ({ data, fallback, age }) => end(words(data, fallback, age !== undefined && String(age))),
        ({ code, limit, response, reason, retryAfter, retryStopped, history = [] }: Told & { limit?: string; reason?: string }) => {
          const each = history.map(({ attempt, code = 'ok', status = '', elapsed, delay }) =>
            words(`${attempt} ${code} ${status} ${elapsed}`, delay !== undefined && `+${delay}`),
          );
          const told = retryStopped && `${retryStopped} [${each.join(', ')}]`;
          end(words(code, limit, response?.status, code === 'EBREAKEROPEN' && reason, retryAfter, told));
        },
      );
    current.run(call, () => {
      if (abortAfter !== undefined) setTimeout(() => call.controller.abort(), abortAfter);
      if (within === undefined) make();
      else withDeadline(within, make).catch(() => {});
    });
  }
}

type Step = { do: 'call'; asked: Asked } | { do: 'pass'; ms: number } | { do: 'hold' | 'letGo' | 'close'; path: string };

function operate({ do: what, path }: Extract<Step, { path: string }>, model: ModelClient, { client, holds }: Real): void {
  if (!model.settings.breaker) return;
  const key = model.settings.breaker.per === 'origin' ? 'http://up.test' : `GET http://up.test/${path}`;
  const breaker = model.breaker(key);
  const held = holds.get(key) ?? [];
  holds.set(key, held);
  if (what === 'hold') {
    held.push(client.breakers.open(key));
    if (++breaker.holds === 1) breaker.open(Infinity, breaker.settings.openFor, 'operator');
  } else if (what === 'letGo') {
    const mine = held.pop();
    mine?.();
    if (mine && --breaker.holds === 0) breaker.close('operator');
  } else {
    client.breakers.close(key);
    held.length = breaker.holds = breaker.gatedUntil = 0;
    breaker.close('operator');
  }
}

function compareBreaker(key: string, model: ModelBreaker, client: Client): void {
  const { state, calls, failureRate, inFlight } = client.breakers.get(key);
  model.look();
  const counted = model.counts(model.settings.window);
  expect({ key, state, calls, failureRate, inFlight }).toEqual({
    key,
    state: model.state,
    calls: counted.calls,
    failureRate: counted.calls && counted.failures / counted.calls,
    inFlight: model.inFlight,
  });
}

/** Whatever was tied: once all is over nothing is left, and what was counted is what was recorded. */
function checkEnd({ calls, client, records }: Real): void {
  expect(calls.filter(({ isOver }) => !isOver)).toEqual([]);
  expect(vi.getTimerCount(), 'timers').toBe(0);
  for (const { controller } of calls) expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  for (const { inFlight } of client.breakers.list()) expect(inFlight).toBe(0);
  for (const { endpoint, calls, attempts, timeouts } of client.stats.list()) {
    const mine = records.filter(({ record }) => record.endpoint === endpoint);
    const ended = mine.filter(({ type }) => type === 'call');
    const early = ended.filter(({ record }) => record.timedOut && (record as CallRecord).attempts === 0);
    const counted = [...mine.filter(({ type, record }) => type === 'attempt' && record.outcome !== 'canceled'), ...early];
    expect([calls, attempts, timeouts.unknown]).toEqual([
      ended.length,
      counted.length,
      counted.filter(({ record }) => record.timedOut).length,
    ]);
  }
}

async function play(policies: Asked['policies'], steps: Step[], seen: Set<string>): Promise<void> {
  fakeTime();
  const model = new ModelClient(policies, new Simulation(performance.now()));
  const real = new Real(policies);
  const { sim } = model;
  const models: ModelCall[] = [];
  try {
    for (const step of [...steps, { do: 'pass' as const, ms: 1_000_000 }]) {
      if (step.do === 'pass') {
        await pass(step.ms);
        sim.advance(sim.now + step.ms);
      } else {
        sim.act();
        if (step.do === 'call') {
          real.call(step.asked);
          models.push(new ModelCall(model, step.asked));
        } else operate(step, model, real);
      }
      await settled();
      for (const [key, breaker] of model.breakers) compareBreaker(key, breaker, real.client);
    }
    for (const [i, { log, asked }] of real.calls.entries()) {
      expect({ asked, log: log.sort() }).toEqual({ asked, log: models[i]?.log.sort() }); // what happens at once has no order
      for (const line of log) for (const word of line.match(/\b[A-Za-z]\w+\b/g) ?? []) seen.add(word);
    }
  } catch (error) {
    if (!(error instanceof Tie)) throw error;
    await pass(1_000_000);
  }
  await settled();
  checkEnd(real);
}

const ms = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const some = <T>(all: { [K in keyof T]-?: fc.Arbitrary<NonNullable<T[K]>> }) => fc.record(all, { requiredKeys: [] }) as fc.Arbitrary<T>;
const rarely = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof<fc.WeightedArbitrary<T | undefined>[]>({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const off = fc.constant(false as const);

const behaviour: fc.Arbitrary<Behaviour> = fc
  .record({
    after: fc.oneof(ms(5, 3_000), ms(5, 40_000)),
    does: fc.constantFrom<Behaviour['does']>(200, 200, 200, 404, 408, 429, 500, 501, 503, 503, 'ECONNREFUSED', 'ECONNRESET', 'hang'),
    retryAfter: fc.option(ms(1, 60).map((seconds) => seconds * 1_000)),
  })
  .map(({ retryAfter, ...rest }) => (retryAfter && (rest.does === 429 || rest.does === 503) ? { ...rest, retryAfter } : rest));
const retry = some({
  retries: ms(1, 4),
  baseDelay: ms(50, 9_000),
  factor: ms(1, 3),
  maxDelay: ms(1_000, 40_000),
  maxRetryAfter: ms(0, 60_000),
  budget: fc.oneof(off, fc.record({ ratio: fc.constantFrom(0, 0.2, 1), min: ms(0, 3) })),
});
const places = { concurrency: ms(1, 4), maxQueue: ms(0, 5), maxWait: ms(0, 50_000) };
const rates = { rate: ms(1, 5), burst: ms(1, 4), per: fc.constantFrom('endpoint' as const, 'origin' as const, 'client' as const) };
const limit = some({ ...places, ...rates }).map((limit) => ({ ...limit, interval: 60_000 }));
/** Of each call: the windows are the client's, since one begins to count when it is first asked for. */
const judged = {
  failureRate: fc.constantFrom(0, 0.5, 1),
  minCalls: ms(1, 6),
  openFor: ms(1_000, 60_000),
  slow: fc.oneof(off, fc.record({ after: ms(500, 20_000), rate: fc.constantFrom(0.3, 0.8, 1) })),
  probes: ms(1, 3),
  successesToClose: ms(1, 3),
};
const breaker = some({
  ...judged,
  burst: fc.oneof(off, fc.record({ failureRate: fc.constantFrom(0, 0.5), window: fc.constantFrom(9_000, 30_000), minCalls: ms(1, 4) })),
});
const per = fc.constantFrom('endpoint' as const, 'origin' as const);
const fallback = some({ value: fc.constant('spare'), staleFor: ms(1_000, 100_000) });
const deadline = ms(500, 120_000);
const client = some({
  timeout: ms(500, 60_000),
  deadline,
  limit: fc.oneof(off, limit),
  breaker: fc.oneof(
    off,
    fc.tuple(breaker, per).map(([breaker, per]) => ({ ...breaker, per })),
  ),
  fallback,
}).chain((rest) => retry.map((retry) => ({ ...rest, retry: { ...retry, jitter: 'none' as const } })));
const asked: fc.Arbitrary<Asked> = fc.record({
  path: fc.constantFrom('a', 'a', 'b'),
  method: fc.constantFrom('get', 'get', 'post'),
  script: fc.array(behaviour, { minLength: 1, maxLength: 4 }),
  policies: some({
    timeout: ms(500, 60_000),
    deadline,
    retry: fc.oneof(off, retry),
    limit: fc.oneof(off, some(places)),
    breaker: fc.oneof(off, some(judged)),
    fallback: fc.oneof(off, fallback),
  }),
  within: rarely(deadline),
  abortAfter: rarely(ms(1, 50_000)),
  before: rarely(ms(5, 20_000)),
  later: rarely(ms(5, 40_000)),
});
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 10, arbitrary: asked.map((asked) => ({ do: 'call', asked })) },
  { weight: 5, arbitrary: fc.oneof(ms(1, 3_000), ms(1, 60_000), ms(1, 200_000)).map((ms) => ({ do: 'pass', ms })) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('hold', 'letGo', 'close'), path: fc.constantFrom('a', 'b') }) },
);

it('do what a model of them does', async () => {
  const seen = new Set<string>();
  const steps = fc.array(step, { minLength: 1, maxLength: 25, size: 'max' });
  await fc.assert(
    fc.asyncProperty(client, steps, (policies, steps) => play(policies, steps, seen)),
    { numRuns: runs(160) },
  );
  // Of what is to happen often: a run in which nothing does proves nothing.
  const often = ['ETIMEDOUT', 'EBREAKEROPEN', 'ELIMITED', 'ERR_CANCELED', 'total', 'deadline', 'spare', 'retries', 'permanent', 'local'];
  expect([...seen]).toEqual(expect.arrayContaining(often));
});
