// A call written down naively, from the guide: a simulation in which one thing happens after the other, and nothing is saved or shared.
import { defaultDeadline, mergeSettings, type Policies, type Settings } from '../../src/options';
import type { BreakerSettings } from '../../src/options/breaker';
import type { LimitSettings } from '../../src/options/limit';
import type { RetrySettings } from '../../src/options/retry';
import { YIELD } from './fake-clock';
import { ModelBreaker } from './fuzz-breaker-model';

/** What an attempt comes to: a status, the code of an error, or nothing, ever. */
export interface Behaviour {
  after: number;
  does: number | `E${string}` | 'hang';
  retryAfter?: number | undefined;
}

export interface Asked {
  path: string;
  method: 'get' | 'post';
  /** Attempt by attempt; the last goes on for ever. */
  script: Behaviour[];
  policies: Policies & { timeout?: number };
  within?: number | undefined;
  abortAfter?: number | undefined;
  /** How long interceptors hold back the request and the response. */
  before?: number | undefined;
  later?: number | undefined;
}

export const isGood = (does: Behaviour['does']): does is number => typeof does === 'number' && does < 300;
export const codeOf = (does: Behaviour['does']): string =>
  typeof does === 'string' ? does : does < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';

/** Two things happen so close together that either order is right. */
export class Tie extends Error {}
const CLOSE = 3;

export class Simulation {
  #events: { at: number; run: () => void }[] = [];
  #last = -Infinity;

  constructor(public now: number) {}

  /** Returns what takes it back. */
  at(at: number, run: () => void): () => void {
    const event = { at, run };
    if (at < Infinity) this.#events.push(event);
    return () => {
      this.#events = this.#events.filter((one) => one !== event);
    };
  }

  advance(to: number): void {
    for (;;) {
      const [next] = this.#events.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#events.splice(this.#events.indexOf(next), 1);
      if (next.at - this.#last < CLOSE || this.#isClose(next.at)) throw new Tie();
      this.now = this.#last = next.at;
      next.run();
    }
    this.now = to;
  }

  /** Somebody acts from outside. */
  act(): void {
    if ((this.now !== this.#last && this.now - this.#last < CLOSE) || this.#isClose(this.now)) throw new Tie();
    this.#last = this.now;
  }

  #isClose = (to: number): boolean => this.#events.some(({ at }) => at - to < CLOSE);
}

interface Failure {
  code: string;
  status?: number;
  retryAfter?: number;
  reason?: string;
}

interface Bucket {
  tokens: number;
  at: number;
  waiting: (() => void)[];
  stop: () => void;
}

interface Places {
  taken: number;
  waiting: { most: number; enter: () => void }[];
}

const got = <T>(map: Map<string, T>, key: string, make: () => T): T => {
  if (!map.has(key)) map.set(key, make());
  return map.get(key) as T;
};

export class ModelClient {
  readonly settings: Settings;
  readonly breakers = new Map<string, ModelBreaker>();
  readonly buckets = new Map<string, Bucket>();
  readonly places = new Map<string, Places>();
  readonly calls = new Map<string, number[]>();
  readonly retries = new Map<string, number[]>();
  readonly kept = new Map<string, { at: number; data: string }>();

  constructor(
    readonly policies: Asked['policies'],
    readonly sim: Simulation,
  ) {
    this.settings = mergeSettings(undefined, policies);
  }

  breaker(key: string): ModelBreaker {
    return got(this.breakers, key, () => new ModelBreaker(this.settings.breaker as BreakerSettings, () => this.sim.now));
  }
}

const ORIGIN = 'http://up.test';

export class ModelCall {
  /** What is to be seen of it. */
  readonly log: string[] = [];
  readonly #client: ModelClient;
  readonly #asked: Asked;
  readonly #settings: Settings;
  readonly #total: number | undefined;
  readonly #endpoint: string;
  readonly #deadlineAt: number;
  #attempts = 0;
  readonly #history: string[] = [];
  #pauses = 0;
  /** Whether it has come as far as the policies below axios. */
  #isBelow = false;
  #wasBelow = false;
  #ended = false;
  #isRunning = false;
  /** Takes it out of wherever it is. */
  #leave: (failure: Failure) => void = () => {};
  #stops: (() => void)[] = [];
  #keep = (): void => {};

  constructor(client: ModelClient, asked: Asked) {
    const { policies, before, within = Infinity, abortAfter = Infinity } = asked;
    const { sim } = client;
    this.#client = client;
    this.#asked = asked;
    this.#settings = mergeSettings(client.settings, policies);
    this.#total = policies.timeout ?? client.policies.timeout;
    this.#endpoint = `${asked.method.toUpperCase()} ${ORIGIN}/${asked.path}`;
    const own = (policies.deadline ?? client.policies.deadline ?? defaultDeadline({ total: this.#total ?? 0 })) as number | false;
    this.#deadlineAt = sim.now + Math.min(own === false ? Infinity : own, within);
    this.#stops = [
      sim.at(this.#deadlineAt + YIELD, () => this.#end({ code: 'ETIMEDOUT deadline' })),
      sim.at(sim.now + abortAfter, () => this.#end({ code: 'ERR_CANCELED' })),
    ];
    if (before === undefined) this.#begin();
    else this.#leave = sim.at(sim.now + before, () => this.#begin());
  }

  #begin(): void {
    this.#isBelow = this.#wasBelow = true;
    if (this.#settings.retry) got(this.#client.calls, this.#endpoint, () => []).push(this.#client.sim.now);
    this.#try();
  }

  #try(): void {
    const { sim } = this.#client;
    const { limit, breaker: settings } = this.#settings;
    const breaker = settings ? this.#client.breaker(settings.per === 'origin' ? ORIGIN : this.#endpoint) : undefined;
    const isRefused = (): boolean => {
      if (!breaker) return false;
      breaker.settings = settings as BreakerSettings;
      breaker.look();
      const refusal = breaker.refusal();
      if (refusal) this.#failed({ code: 'EBREAKEROPEN', ...refusal }, true);
      return refusal !== undefined;
    };
    if (isRefused()) return; // before any queue
    const until = limit && limit.maxWait !== undefined ? sim.now + limit.maxWait : Infinity;
    this.#rate(limit, until, () =>
      this.#place(limit, until, (release) => {
        if (isRefused()) release();
        else this.#attempt(breaker, release);
      }),
    );
  }

  #limited(limit: 'rate' | 'concurrency', retryAfter?: number): void {
    this.log.push(`limited ${limit}`);
    this.#failed({ code: `ELIMITED ${limit}`, ...(retryAfter !== undefined && { retryAfter }) }, true);
  }

  #keyOf = ({ per }: LimitSettings): string => (per === 'client' ? '' : per === 'origin' ? ORIGIN : this.#endpoint);

  /** A bucket of tokens, which those who wait get one after the other. That a timer yields costs no token. */
  #rate(limit: LimitSettings | false, until: number, next: () => void): void {
    if (!limit || limit.rate === undefined) return next();
    const { sim, buckets } = this.#client;
    const { rate, interval, burst = rate, maxQueue } = limit;
    const perToken = interval / rate;
    const bucket = got(buckets, this.#keyOf(limit), () => ({ tokens: burst, at: sim.now, waiting: [], stop: () => {} }));
    const refill = (at: number): void => {
      bucket.tokens = Math.min(burst, bucket.tokens + (at - bucket.at) / perToken);
      bucket.at = at;
    };
    const due = (ahead: number): number => Math.round(bucket.at + (ahead + 1 - bucket.tokens) * perToken);
    refill(sim.now);
    const turn = due(bucket.waiting.length);
    if (turn <= sim.now && bucket.waiting.length === 0) {
      bucket.tokens--;
      return next();
    }
    if (bucket.waiting.length >= maxQueue || turn > Math.min(until, this.#deadlineAt)) return this.#limited('rate', turn - sim.now);
    const serve = (): void => {
      bucket.stop();
      const [first] = bucket.waiting;
      if (!first) return;
      bucket.stop = sim.at(Math.max(due(0), sim.now) + YIELD, () => {
        refill(sim.now - YIELD);
        bucket.tokens--;
        bucket.waiting.shift();
        first();
        serve();
      });
    };
    bucket.waiting.push(next);
    this.#leave = () => {
      bucket.waiting.splice(bucket.waiting.indexOf(next), 1);
      serve();
    };
    serve();
  }

  #place(limit: LimitSettings | false, until: number, next: (release: () => void) => void): void {
    this.#leave = () => {};
    if (!limit || limit.concurrency === undefined) return next(() => {});
    const { sim } = this.#client;
    const { concurrency: most, maxQueue } = limit;
    const places = got(this.#client.places, this.#keyOf(limit), () => ({ taken: 0, waiting: [] }));
    const take = (): void => {
      places.taken++;
      next(() => {
        places.taken--;
        places.waiting.find(({ most }) => places.taken < most)?.enter();
      });
    };
    if (places.taken < most) return take();
    if (places.waiting.length >= maxQueue || until <= sim.now) return this.#limited('concurrency');
    const leave = (): void => {
      stop();
      this.#leave = () => {};
      places.waiting.splice(places.waiting.indexOf(me), 1);
    };
    const me = {
      most,
      enter: () => {
        leave();
        take();
      },
    };
    const stop = sim.at(until + YIELD, () => {
      leave();
      this.#limited('concurrency');
    });
    places.waiting.push(me);
    this.#leave = leave;
  }

  #attempt(breaker: ModelBreaker | undefined, release: () => void): void {
    const { sim } = this.#client;
    const { script, path, later } = this.#asked;
    const number = ++this.#attempts;
    const { after, does, retryAfter } = script[Math.min(number, script.length) - 1] as Behaviour;
    const startedAt = sim.now;
    const allowed = this.#total ?? 13_000; // of connect and read together
    const { slow } = (this.#settings.breaker || {}) as Partial<BreakerSettings>;
    const permit = breaker?.admit(slow ? (slow.after ?? 0.8 * allowed) : Infinity, allowed);
    this.log.push(`sent at ${startedAt}`);
    this.#isRunning = true;
    const over = (failure: Failure | undefined, status?: number): void => {
      for (const stop of stops) stop();
      this.#isRunning = false;
      this.#leave = () => {};
      if (breaker && permit) {
        breaker.settings = this.#settings.breaker as BreakerSettings;
        breaker.release(permit, verdictOn(failure, status));
        if ((status === 429 || status === 503) && retryAfter !== undefined)
          breaker.gatedUntil = Math.max(breaker.gatedUntil, sim.now + Math.min(retryAfter, breaker.settings.maxOpenFor));
      }
      const [code = 'ok', limit] = failure?.code.split(' ') ?? [];
      if (limit) this.log.push(`timeout in ${number}: ${limit}`);
      this.#history.push(`${number} ${code} ${status ?? ''} ${sim.now - startedAt}`);
      this.log.push(`attempt ${number} ${code} ${status ?? ''} ${sim.now - startedAt}`);
      release();
    };
    const answer = (): void => {
      const status = typeof does === 'number' ? does : undefined;
      if (isGood(does)) {
        const kept = { at: sim.now, data: `${path}#${number}` };
        this.#keep = () => void (this.#canBeStale && this.#client.kept.set(path, kept));
        if (later === undefined) this.#keep();
        over(undefined, status);
        return this.#return(undefined, kept.data);
      }
      const failure = {
        code: codeOf(does),
        ...(status && { status }),
        ...(this.#settings.retry && retryAfter !== undefined && { retryAfter }),
      };
      over(failure, status);
      this.#failed(failure, false);
    };
    const timesOut = { code: 'ETIMEDOUT total' };
    const stops = [
      sim.at(does === 'hang' ? Infinity : startedAt + after, answer),
      sim.at(startedAt + (this.#total ?? Infinity) + YIELD, () => {
        over(timesOut);
        this.#failed(timesOut, false);
      }),
    ];
    this.#leave = over;
  }

  /** Whether and when there is another attempt. */
  #failed(failure: Failure, isRefusal: boolean): void {
    const { sim } = this.#client;
    const { retry } = this.#settings;
    if (!retry) return this.#return(failure);
    const decision = this.#decide(failure, isRefusal, retry);
    if (typeof decision === 'number' && !isRefusal) this.#history[this.#history.length - 1] += ` +${decision}`;
    if (this.#attempts > 0 && !(isRefusal && typeof decision === 'number')) this.log.push(`retry of ${this.#attempts}: ${decision}`);
    if (typeof decision === 'string') return this.#return(failure, this.#told(decision));
    this.#leave = sim.at(sim.now + decision, () => this.#try());
  }

  #decide({ code, status, reason, retryAfter }: Failure, isRefusal: boolean, retry: RetrySettings): number | string {
    const { sim, retries, calls } = this.#client;
    const room = this.#deadlineAt - sim.now - Math.min(100, this.#total ?? 100);
    const isTooLong = (retryAfter ?? 0) > Math.min(retry.maxRetryAfter, room);
    if (reason === 'throttled' && this.#attempts > 0 && this.#pauses++ < retry.retries)
      return isTooLong ? 'retry-after' : (retryAfter as number);
    if (isRefusal) return 'local';
    const isDone = status === undefined ? code !== 'ECONNREFUSED' : !(status === 429 || (status === 503 && retryAfter !== undefined));
    if (status !== undefined && ![408, 429, 500, 503].includes(status)) return 'permanent';
    if (isDone && this.#asked.method === 'post') return 'unsafe';
    if (this.#attempts > retry.retries) return 'retries';
    if (retryAfter !== undefined && isTooLong) return 'retry-after';
    const delay = Math.max(retryAfter ?? 0, Math.min(retry.baseDelay * retry.factor ** (this.#attempts - 1), retry.maxDelay));
    if (delay > room) return 'deadline';
    if (!retry.budget) return delay;
    /** Of the last 10 s, in steps of one. */
    const recent = (all: number[] = []): number => all.filter((at) => Math.floor(at / 1_000) > Math.floor(sim.now / 1_000) - 10).length;
    const taken = got(retries, this.#endpoint, () => []);
    if (recent(taken) + 1 > Math.max(retry.budget.min, retry.budget.ratio * recent(calls.get(this.#endpoint)))) return 'budget';
    taken.push(sim.now);
    return delay;
  }

  #told = (stopped: string): string => (this.#settings.retry && this.#wasBelow ? ` ${stopped} [${this.#history.join(', ')}]` : '');

  /** Ended from outside: by its deadline at once; an abort travels back through the interceptors. */
  #end(failure: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    const isDeadline = failure.code !== 'ERR_CANCELED';
    if (isDeadline && !this.#isRunning) this.log.push(`timeout in ${this.#attempts}: deadline`);
    this.#leave(failure);
    const told = this.#told(isDeadline ? 'deadline' : 'canceled');
    if (isDeadline || !this.#isBelow) this.#settle(failure, told);
    else this.#return(failure, told);
  }

  #return(failure: Failure | undefined, told = ''): void {
    const { sim } = this.#client;
    this.#isBelow = false;
    const { later } = this.#asked;
    const settle = (): void => this.#settle(failure, told);
    if (later === undefined) settle();
    else if (this.#ended && sim.now + later > this.#deadlineAt)
      this.#leave = sim.at(this.#deadlineAt + YIELD, settle); // no longer than that
    else this.#leave = sim.at(sim.now + later, settle);
  }

  get #canBeStale(): boolean {
    const { fallback } = this.#settings;
    return this.#wasBelow && this.#asked.method === 'get' && fallback !== false && fallback.staleFor !== undefined;
  }

  #settle(failure: Failure | undefined, told: string): void {
    const { sim, kept } = this.#client;
    const { fallback } = this.#settings;
    for (const stop of this.#stops) stop();
    this.#ended = true;
    this.log.push(`call of ${this.#attempts}`);
    const answers = (what: string): void => void this.log.push(`${what} at ${sim.now}`);
    if (!failure) {
      this.#keep();
      return answers(told);
    }
    const { code, status, reason, retryAfter } = failure;
    const isAnswer = status !== undefined && status < 500 && status !== 408 && status !== 429;
    if (fallback && code !== 'ERR_CANCELED' && !isAnswer) {
      const last = this.#canBeStale ? kept.get(this.#asked.path) : undefined;
      if (last && sim.now - last.at <= (fallback.staleFor as number)) return answers(`${last.data} stale ${sim.now - last.at}`);
      if (fallback.value !== undefined) return answers(`${fallback.value} value`);
    }
    answers(
      [code, status, reason, retryAfter && Math.ceil(Math.min(retryAfter, Number.MAX_SAFE_INTEGER))].filter(Boolean).join(' ') + told,
    );
  }
}

function verdictOn(failure: Failure | undefined, status: number | undefined): 'success' | 'failure' | 'ignored' {
  if (status !== undefined) return status === 429 ? 'ignored' : status === 408 || (status >= 500 && status !== 501) ? 'failure' : 'success';
  if (!failure) return 'success';
  return failure.code === 'ERR_CANCELED' || failure.code === 'ETIMEDOUT deadline' ? 'ignored' : 'failure';
}
