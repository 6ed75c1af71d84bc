/**
 * Cuts off an endpoint that fails or hangs, so that neither it nor the caller is dragged down, and lets it come back. The permit is taken
 * last, but an open breaker refuses at once, before any queue.
 */
import type { AxiosResponse } from 'axios';
import type { Call, Policy } from '../call';
import { now } from '../clock';
import { answerOf, BreakerOpenError } from '../errors';
import { withoutStack } from '../errors/caller';
import type { BreakerSettings } from '../options/breaker';
import { contain } from '../util/complain';
import { Lru } from '../util/lru';
import { retryAfterOf } from '../util/retry-after';
import type { BreakerReason } from '../words';
import { Breaker, type BreakerState, type Permit, type Refusal } from './breaker-state';
import { verdictOn } from './breaker-verdict';

/** How many breakers are kept; an open one, or one with calls in flight, is never dropped. */
const CAP = 1_000;

/** How many there may be for the sake of those in a pause that the upstream asked for: a single response is enough for one. */
const MAX_PAUSED = 10_000;

/** A breaker at one moment, as plain JSON data. */
export interface BreakerSnapshot {
  /** The endpoint, or with `per: 'origin'` the origin. */
  endpoint: string;
  /** `closed`, `open`, or `half-open`: probing. */
  state: BreakerState;
  /** When that state began, in milliseconds since the epoch. */
  since: number;
  /** Milliseconds until calls are let through again; 0 if they are now, `Number.MAX_SAFE_INTEGER` while an operator holds it open. */
  retryAfter: number;
  /** Calls counted in the window. */
  calls: number;
  /** Share of these calls that failed. */
  failureRate: number;
  /** Slow or hanging calls, as a share of these calls plus those hanging. */
  slowRate: number;
  /** Calls in flight. */
  inFlight: number;
}

/** A change of state. In `observe` mode it is reported but refuses no calls. */
export interface BreakerEvent {
  /** The endpoint, or with `per: 'origin'` the origin. */
  endpoint: string;
  /** The state before. */
  from: BreakerState;
  /** The new state. */
  to: BreakerState;
  /** What changed it. */
  reason: BreakerReason;
  /** The breaker after the change. */
  snapshot: BreakerSnapshot;
}

/** The breakers of a client, and the operator's switches. */
export class Breakers {
  readonly #breakers: Lru<Breaker>;
  #settings: BreakerSettings;

  /** @param settings For breakers that an operator asks for before any call does. */
  constructor(settings: BreakerSettings, onChange: (event: BreakerEvent) => void) {
    this.#settings = settings;
    this.#breakers = new Lru(
      CAP,
      (key) =>
        new Breaker(key, this.#settings, (breaker, from, to, reason) =>
          onChange({ endpoint: key, from, to, reason, snapshot: snapshotOf(breaker) }),
        ),
      (breaker, amid) => breaker.isBusy || (breaker.retryAfter > 0 && amid < MAX_PAUSED),
    );
  }

  /** The breaker of a call. */
  of(key: string, settings: BreakerSettings): Breaker {
    this.#settings = settings;
    const breaker = this.#breakers.use(key);
    breaker.configure(settings);
    return breaker;
  }

  get(endpoint: string): BreakerSnapshot {
    return look(this.#breakers.peek(endpoint) ?? new Breaker(endpoint, this.#settings, () => {}));
  }

  list(): BreakerSnapshot[] {
    return this.#breakers.values().map(look);
  }

  /** Holds an endpoint's breaker open until the returned function is called; with several holds, until the last is released. */
  open(endpoint: string): () => void {
    return this.#breakers.use(endpoint).hold();
  }

  close(endpoint: string): void {
    this.#breakers.peek(endpoint)?.close();
  }

  /** Forgets one breaker, or all. Closed first, so that calls in flight no longer change anything. */
  reset(endpoint?: string): void {
    const forgotten = endpoint === undefined ? this.#breakers.values() : [this.#breakers.peek(endpoint)];
    for (const breaker of forgotten) {
      breaker?.close();
      if (breaker) this.#breakers.delete(breaker.key);
    }
  }
}

/** Refuses a call at once, before any queue, while its breaker is open. */
export const openBreaker =
  (breakers: Breakers): Policy =>
  (next) =>
  (call) => {
    const refusal = contain(refusalOf, call, breakers);
    return refusal ? Promise.reject(refusal) : next(call);
  };

function refusalOf(call: Call, breakers: Breakers): BreakerOpenError | undefined {
  const breaker = breakerOf(call, breakers);
  const refusal = breaker?.refusal();
  return breaker && refusal && refuse(call, breaker, refusal);
}

/** Takes the permit, after all other policies, and counts the outcome of the call. */
export const breakerPermit =
  (breakers: Breakers): Policy =>
  (next) =>
  (call) => {
    const held = contain(hold, call, breakers);
    if (!held) return next(call);
    if (held instanceof BreakerOpenError) return Promise.reject(held);
    return next(call).then(
      (response) => {
        contain(settle, held, call, undefined, response);
        return response;
      },
      (error) => {
        contain(settle, held, call, error ?? NOTHING);
        throw error;
      },
    );
  };

/** What a call holds while it is in flight, or the error that refuses it. */
function hold(call: Call, breakers: Breakers): Permit | BreakerOpenError | undefined {
  const breaker = breakerOf(call, breakers);
  if (!breaker) return undefined;
  const at = now();
  const refusal = breaker.refusal(at);
  if (refusal) return refuse(call, breaker, refusal);
  return breaker.admit(slowAfter(call, breaker.settings), probeFor(call), at);
}

/** A user's adapter may reject with nothing at all. */
const NOTHING = /* @__PURE__ */ new Error('rejected with nothing');

/** Counts the outcome of a call. A status is judged whether or not the user's `validateStatus` accepts it. */
function settle(permit: Permit, call: Call, error: unknown, given?: AxiosResponse): void {
  const { breaker } = permit;
  const settings = call.settings.breaker as BreakerSettings;
  breaker.configure(settings); // a call is judged by its own, though others may have come since; what is counted goes on
  breaker.release(permit, contain(verdictOn, call, error, given, settings.isFailure) ?? 'failure');
  const response = given ?? answerOf(error);
  const pause = response?.status === 429 || response?.status === 503 ? retryAfterOf(response.headers) : undefined;
  if (pause) breaker.gate(pause);
}

function breakerOf(call: Call, breakers: Breakers): Breaker | undefined {
  const settings = call.settings.breaker;
  return settings ? breakers.of(call.keyOf(settings.per), settings) : undefined;
}

function refuse(call: Call, breaker: Breaker, { retryAfter, reason }: Refusal): BreakerOpenError {
  call.refusedBy = 'breaker';
  const facts = { endpoint: breaker.key, retryAfter: wholeMs(retryAfter), reason };
  return withoutStack(() => new BreakerOpenError(facts, call.target, call.config));
}

/** How long an attempt may take: without a `total`, for ever if `connect` or `read` is off. */
const allowed = ({ limits: { total, connect = Infinity, read = Infinity } }: Call): number => total ?? connect + read;

/** By default a call is slow once most of the time it is allowed is gone. */
const slowAfter = (call: Call, { slow }: BreakerSettings): number => (slow === false ? Infinity : (slow.after ?? 0.8 * allowed(call)));

/** How long a probe without limits may take, in milliseconds: one that hangs must not lock out all others. */
const ENDLESS = 10_000;

/** A probe fails once it takes longer than an attempt may, or, if only the deadline bounds it, than that. */
function probeFor(call: Call): number {
  const left = call.deadline?.remaining ?? Infinity;
  return [allowed(call), Math.max(left, ENDLESS)].find(Number.isFinite) ?? ENDLESS;
}

function look(breaker: Breaker): BreakerSnapshot {
  breaker.look();
  return snapshotOf(breaker);
}

function snapshotOf(breaker: Breaker): BreakerSnapshot {
  const { key: endpoint, state, since, retryAfter, counts, inFlight } = breaker;
  const { calls, failureRate, slowRate } = counts;
  return { endpoint, state, since, retryAfter: wholeMs(retryAfter), calls, failureRate, slowRate, inFlight };
}

/** An operator's hold has no known end, and JSON has no Infinity. */
const wholeMs = (ms: number): number => (Number.isFinite(ms) ? Math.ceil(ms) : Number.MAX_SAFE_INTEGER);
