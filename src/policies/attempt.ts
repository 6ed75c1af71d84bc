/**
 * One attempt under its limits: starts the clock and, when a limit runs out, rejects whatever the I/O underneath does, and stops it.
 * After a stream was handed out the attempt goes on until the last byte.
 */
import type { AxiosResponse } from 'axios';
import type { Call, Policy } from '../call';
import type { Attempt, Clock, End, Expiry } from '../call/attempt';
import { timeoutError } from '../call/errors';
import { now, since, type Timer } from '../clock';
import { answerOf, isCanceled, isTimeout } from '../errors';
import { contain } from '../util/complain';
import { discard, isBeingRead, isOpen, releaseUnread, whenRead } from '../util/discard';
import { NONE, plus } from '../util/few';
import { promised } from '../util/promised';
import { quietly } from '../util/quietly';
import type { Limits, Outcome } from '../words';

/** Starts the clock of an attempt; injected, since clocks belong to the transports. */
export type StartClock = (limits: Limits, onExpiry: (expiry: Expiry) => void, timer: Timer) => Clock;

export const attempt =
  (startClock: StartClock): Policy =>
  (next) =>
  (call) => {
    if (call.ended) return Promise.reject(call.ended);
    return new Promise<AxiosResponse>((resolve, reject) => {
      const current = new RunningAttempt(call, startClock, reject);
      promised(next, call).then(
        (response) => {
          contain(answered, current, response) ?? contain(answered, current, undefined);
          resolve(response);
        },
        (error) => {
          contain(failed, current, error) ?? contain(failed, current, UNKNOWN);
          reject(error);
        },
      );
    });
  };

/** A user's adapter may respond with nothing, after everybody has stopped waiting, or with an object that throws when read. */
function answered(current: RunningAttempt, response: AxiosResponse | undefined): true {
  if (!current.answered(response?.status)) discard(response?.data);
  return true;
}

const UNKNOWN = /* @__PURE__ */ new Error('an error that cannot be looked at');
const failed = (current: RunningAttempt, error: unknown): true => current.failed(error);

/** How long the body of an error waits for a reader if `read` is off, in milliseconds. */
const UNREAD = 10_000;

const awaitReader = (current: RunningAttempt, body: unknown): void => current.refuse(body);

const stop = (clock: Clock): void => clock.stop();
const invoke = (run: () => void): void => run();

/** Used if no clock could be started: only the call as a whole is then held to a time. */
const noClock = (): Clock => ({ phase: 'waiting', timings: {}, enter() {}, progress() {}, pause() {}, resume() {}, stop() {} });

/** A timeout here is another client's, which did the work. */
function outcomeOf(error: unknown, response: AxiosResponse | undefined): Outcome {
  if (isTimeout(error)) return 'timeout';
  return response ? 'http-error' : isCanceled(error) ? 'canceled' : 'error';
}

class RunningAttempt implements Attempt {
  readonly number: number;
  readonly startedAt = now();
  readonly limits: Limits;
  readonly clock: Clock;
  hops = 0;
  aborted = false;
  done = false;
  bodyOpen = false;
  handedOver: boolean | undefined;
  isWhole = false;
  end: End | undefined;
  status: number | undefined;
  headers: unknown;
  reusedSocket: boolean | undefined;
  request: unknown;
  readonly #call: Call;
  /** Created when it is asked for: not every transport needs one, and it costs more than the rest of the attempt. */
  #controller: AbortController | undefined;
  readonly #reject: (reason: unknown) => void;
  #releases: readonly ((reason: unknown) => void)[] = NONE;
  #afterwards: readonly (() => void)[] = NONE;
  /** The response that was rejected for its status with its body still to come. */
  #refused: { readonly body: unknown } | undefined;

  constructor(call: Call, startClock: StartClock, reject: (reason: unknown) => void) {
    this.#call = call;
    this.#reject = reject;
    this.number = ++call.attempts;
    this.limits = call.limits;
    call.attempt = this;
    this.clock = contain(startClock, call.limits, (expiry) => this.#expired(expiry), call.timer) ?? noClock();
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.aborted) this.#controller.abort(this.end?.error);
    return this.#controller.signal;
  }

  get elapsed(): number {
    return since(this.startedAt);
  }

  onAbort(release: (reason: unknown) => void): void {
    if (this.aborted) release(this.end?.error);
    else this.#releases = plus(this.#releases, release);
  }

  whenOver(run: () => void): void {
    if (this.end) run();
    else this.#afterwards = plus(this.#afterwards, run);
  }

  bodyEnded(error?: unknown): void {
    if (!this.bodyOpen || this.end) return;
    this.bodyOpen = false;
    this.isWhole = error === undefined;
    contain(stop, this.clock);
    if (this.done)
      this.#settle(this.#refused ? 'http-error' : this.isWhole ? 'success' : error === null ? 'canceled' : 'error', error ?? undefined);
  }

  /** The response arrived, its body possibly still to come. Returns whether anybody still waits for it. */
  answered(status: number | undefined): boolean {
    if (this.end) return false;
    this.status = status;
    this.done = true;
    if (!this.bodyOpen) this.#settle('success');
    return true;
  }

  failed(error: unknown): true {
    if (this.end) return true;
    const response = answerOf(error);
    this.status ??= response?.status;
    this.done = true;
    if (this.bodyOpen && response) {
      contain(awaitReader, this, response.data);
      return true;
    }
    // Without a response nobody will read the rest of its body.
    const releases = this.bodyOpen ? [...this.#releases].reverse() : [];
    this.#settle(outcomeOf(error, response), error);
    if (isTimeout(error)) this.#call.observer.timedOut(this.#call, this, error);
    if (isOpen(response?.data)) contain(awaitReader, this, response.data); // all of it is here, and holds its connection
    for (const release of releases) release(error);
    return true;
  }

  /** Hardly anybody reads the body of an error: unread, it is released after as long as `read` allows for silence. */
  refuse(body: unknown): void {
    if (this.bodyOpen) this.#refused = { body };
    const enough = quietly(this.limits.read ?? UNREAD, () => contain(releaseUnread, body, this.request));
    if (isOpen(body)) whenRead(body, enough);
    else this.whenOver(enough); // a web stream has its last bytes only when they are read
  }

  get #isUnread(): boolean {
    return this.#refused !== undefined && !isBeingRead(this.#refused.body);
  }

  #expired(expiry: Expiry): void {
    const error = timeoutError(this.#call, { ...expiry, elapsed: this.elapsed });
    const isReported = !this.#isUnread;
    this.stop(error);
    if (isReported) this.#call.observer.timedOut(this.#call, this, error);
  }

  stop(reason: unknown): void {
    if (this.end) return;
    const releases = [...this.#releases].reverse();
    this.#settle(isTimeout(reason) && !this.#isUnread ? 'timeout' : this.#refused ? 'http-error' : 'canceled', reason);
    this.#reject(reason);
    this.aborted = true;
    for (const release of releases) release(reason);
    this.#controller?.abort(reason);
  }

  #settle(outcome: Outcome, error?: unknown): void {
    this.end = { outcome, error, elapsed: this.elapsed, status: this.status };
    this.done = true;
    this.bodyOpen = false;
    contain(stop, this.clock);
    this.#releases = NONE;
    this.#call.observer.attemptEnded(this.#call, this, this.end);
    for (const run of this.#afterwards) contain(invoke, run);
  }
}
