// The cost of each part by itself, in nanoseconds per operation, beside peers that have the same part. `--quick` for a short run.
import { bulkhead, circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import CircuitBreaker from 'opossum';
import { internals } from './internals.mjs';
import { again, againAwaited, nanoseconds, short } from './measure.mjs';

const { alertSettings, Breaker, Call, concurrency, DEFAULT_BREAKER, DEFAULT_LIMITS, endpointOf, Events, Histogram, now, observe, ...rest } =
  await internals({
    call: ['Call'],
    clock: ['now'],
    endpoint: ['endpointOf', 'redactedUrl'],
    'options/alerts': ['alertSettings'],
    'options/breaker': ['DEFAULT_BREAKER'],
    'options/timeout': ['DEFAULT_LIMITS'],
    'policies/breaker-state': ['Breaker'],
    'policies/concurrency': ['concurrency'],
    'policies/rate-limit': ['rateLimit'],
    'policies/retry-budget': ['RetryBudget'],
    'telemetry/events': ['Events'],
    'telemetry/histogram': ['Histogram'],
    'telemetry/observer': ['observe'],
    'telemetry/record': ['attemptRecord', 'callRecord'],
    'telemetry/stats': ['Statistics'],
    'telemetry/watch': ['watch'],
    trace: ['newTrace'],
    'transport/phase-clock': ['PhaseClock'],
  });
const { attemptRecord, callRecord, newTrace, PhaseClock, rateLimit, redactedUrl, RetryBudget, Statistics, watch } = rest;

/**
 * Prints what each takes, and how much more that is than what the first takes. A candidate named `await` measures calling and awaiting a
 * function that is done at once, which is subtracted from those marked `(awaited)`.
 * @param {string} title
 * @param {Record<string, (times: number) => unknown>} candidates
 */
async function show(title, candidates) {
  const { await: awaiting = 0, ...taken } = await nanoseconds(candidates);
  const own = Object.entries(taken).map(([name, ns]) => ({ name, ns: name.includes('(awaited)') ? Math.max(0, ns - awaiting) : ns }));
  const first = own[0]?.ns ?? 0;
  console.log(`\n${title}${awaiting ? `; awaited ones without the ${short(awaiting, 2)} ns that an await takes` : ''}`);
  console.table(Object.fromEntries(own.map(({ name, ns }) => [name, { ns: short(ns), '× the first': short(ns / first) }])));
}

const done = Promise.resolve(1);
const work = () => done;

const breaker = (/** @type {number} */ hanging = 0) => {
  const made = new Breaker('GET https://api.example.com/users/:id', DEFAULT_BREAKER, () => {});
  for (let i = 0; i < hanging; i++) made.admit(1e9 + i, 1e9);
  return made;
};
const [given, reading, busy, wrapped] = [breaker(), breaker(), breaker(10_000), breaker()];
const started = now();
const sampling = circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new SamplingBreaker({ threshold: 0.5, duration: 30_000 }) });
const opossum = new CircuitBreaker(work);
const untimed = new CircuitBreaker(work, { timeout: false });

await show('Breaker: decide, and record what became of it', {
  'Breakwater, told the time': again(() => {
    given.refusal(started);
    given.release(given.admit(8_000, 10_000, started), 'success', started);
  }),
  'Breakwater, reading the clock': again(() => {
    const at = now();
    reading.refusal(at);
    reading.release(reading.admit(8_000, 10_000, at), 'success');
  }),
  'Breakwater, reading the clock, 10 000 under way': again(() => {
    const at = now();
    busy.refusal(at);
    busy.release(busy.admit(8_000, 10_000, at), 'success');
  }),
  'Breakwater, reading the clock, round a function (awaited)': againAwaited(async () => {
    const at = now();
    if (wrapped.refusal(at)) return;
    const permit = wrapped.admit(8_000, 10_000, at);
    await work();
    wrapped.release(permit, 'success');
  }),
  'cockatiel, SamplingBreaker (awaited)': againAwaited(() => sampling.execute(work)),
  'opossum (awaited)': againAwaited(() => opossum.fire()),
  'opossum without its timeout (awaited)': againAwaited(() => untimed.fire()),
  'one look at the clock': again(() => now()),
  await: againAwaited(work),
});

const limited = { settings: { limit: { rate: 1e9, interval: 1_000, concurrency: 1e6, maxQueue: 0, per: 'endpoint' } }, attempts: 0 };
const limitedCall = {
  ...limited,
  keyOf: () => 'GET https://api.example.com/users/:id',
  whenOver: (/** @type {() => void} */ run) => run(),
};
const [inPlace, inTurn] = [concurrency(work), rateLimit(work)];
const compartment = bulkhead(1e6);
await show('Limits', {
  'concurrency: a place (awaited)': againAwaited(() => inPlace(limitedCall)),
  'rate: a token (awaited)': againAwaited(() => inTurn(limitedCall)),
  'cockatiel, bulkhead: a place (awaited)': againAwaited(() => compartment.execute(work)),
  await: againAwaited(work),
});

const budget = new RetryBudget();
const [nobody, somebody, watched] = [new Events(), new Events(), new Events()];
let heard = 0;
somebody.on('retry', () => heard++);
const event = () => ({ id: 'a-1', endpoint: 'GET https://api.example.com/users/:id', attempt: 1 });
await show('Events', {
  'emitted, nobody listens': again(() => nobody.emit('retry', event)),
  'emitted, one listens': again(() => somebody.emit('retry', event)),
});

const config = { url: 'https://api.example.com/users/42?page=1', method: 'get', headers: { Accept: 'application/json' } };
const calls = Array.from({ length: 100 }, () => {
  const startedAt = now();
  const call = new Call({ startedAt, request: config, requested: {}, policies: {}, settings: {}, limits: DEFAULT_LIMITS });
  const clock = new PhaseClock(DEFAULT_LIMITS, () => {});
  clock.stop({ send: 0.1, response: 2, body: 0.1 });
  return Object.assign(call, { config, attempts: 1, attempt: { number: 1, startedAt, clock, reusedSocket: true } });
});
const end = { outcome: 'success', elapsed: 12.3, error: undefined, status: 200 };
const names = Array.from({ length: 100 }, (_, i) => `GET https://api.example.com/${i}/:id`);
const attemptRecords = names.map((endpoint) => ({ ...attemptRecord(calls[0], calls[0].attempt, end), endpoint }));
const callRecords = names.map((endpoint) => ({ ...callRecord(calls[0], end), endpoint }));
const statistics = new Statistics();
watch(watched, alertSettings(undefined));
const observer = observe(watched);
const histogram = new Histogram();
await show('Statistics and records, 100 endpoints', {
  'an attempt counted': again((i) => statistics.attempt(attemptRecords[i % 100])),
  'a call counted': again((i) => statistics.call(callRecords[i % 100])),
  'the record of an attempt': again((i) => attemptRecord(calls[i % 100], calls[i % 100].attempt, end)),
  'the record of a call': again((i) => callRecord(calls[i % 100], end)),
  'an attempt: recorded, told, counted': again((i) => observer.attemptEnded(calls[i % 100], calls[i % 100].attempt, end)),
  'a call: recorded, told, counted': again((i) => observer.callEnded(calls[i % 100], end)),
  'histogram: a value added': again((i) => histogram.add((i * 7_919) % 1_000)),
  'retry budget: a call counted': again((i) => budget.called(names[i % 100])),
});

let seen = 0;
const configs = names.map((_, i) => ({ url: `https://api.example.com/users/${i}`, method: 'get' }));
await show('Names', {
  'endpoint of a URL asked for last': again(() => endpointOf(config)),
  'endpoint of a known URL, one of 100': again((i) => endpointOf(configs[i % 100])),
  'endpoint of a URL never seen': again(() => endpointOf({ url: `https://api.example.com/users/${seen++}/orders?page=1`, method: 'get' })),
  'URL for a record': again(() => redactedUrl(config)),
  'trace of a call that has none': again(() => newTrace()),
});
process.exit();
