/** One attempt of a call: what its transport marks, and what the policies see of it. */
import type { LimitName, Limits, Outcome, Phase, Timings } from '../words';

/** How a transport tells where an attempt is. */
export interface Clock {
  readonly phase: Phase;
  readonly timings: Timings;
  /** Ends the phase that was and begins this one; `budget` replaces the phase's own limit. */
  enter(phase: Phase, budget?: number): void;
  /** Bytes came. */
  progress(): void;
  /** The consumer holds the body back: its silence is not the peer's. */
  pause(): void;
  resume(): void;
  /** Ends the last phase and every limit. `measured` replaces the timings, where the platform measured better. */
  stop(measured?: Timings): void;
  /** Whether bytes came that `progress` was not told of; asked before `read` is held to have run out. */
  unseenProgress?: (() => boolean) | undefined;
}

/** A limit that ran out on the clock. */
export interface Expiry {
  limit: LimitName;
  limitMs: number;
  lag: number;
}

/** One try of a call over the network. */
export interface Attempt {
  readonly number: number;
  readonly startedAt: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Aborts when the attempt ends before its time; transports hand it to what does the I/O. */
  readonly signal: AbortSignal;
  /** Whether it ended before its time. */
  readonly aborted: boolean;
  /** HTTP exchanges begun; a redirect makes a second. */
  hops: number;
  /** Whether the platform was given the request, where that is seen: until then what fails is on this side. */
  handedOver?: boolean | undefined;
  status?: number | undefined;
  reusedSocket?: boolean | undefined;
  /** What axios tells of as the request of an error, once there is one. */
  request?: unknown;
  /** Whether the response is in, or the attempt failed: it is no longer on the network. */
  done: boolean;
  /** Whether body bytes are still to come; after the response was handed out, the attempt goes on under its limits. */
  bodyOpen: boolean;
  /** Whether the last byte is in: what fails from there on fails by what is made of the answer. */
  isWhole: boolean;
  /** Runs when the attempt ends before its time: releases what the transport holds. */
  onAbort(release: (reason: unknown) => void): void;
  /** Runs once the attempt is over, a stream that was handed out included. */
  whenOver(run: () => void): void;
  /** The body is over: whole, or cut short by an error, or by the consumer (`null`). */
  bodyEnded(error?: unknown): void;
}

/** How an attempt, or the call, came to its end. */
export interface End {
  outcome: Outcome;
  elapsed: number;
  error?: unknown;
  status?: number | undefined;
}
