/** One attempt of a call: what its transport reports, and what policies see of it. */
import type { LimitName, Limits, Outcome, Phase, Timings } from '../words';

/** Where a transport reports how far an attempt has come. */
export interface Clock {
  readonly phase: Phase;
  readonly timings: Timings;
  /** Ends the current phase and begins this one; `budget` replaces the phase's own limit. */
  enter(phase: Phase, budget?: number): void;
  /** Bytes arrived. */
  progress(): void;
  /** The consumer applies backpressure: the silence is not the peer's. */
  pause(): void;
  resume(): void;
  /** Ends the last phase and every limit. `measured` replaces the timings if the platform has better ones. */
  stop(measured?: Timings): void;
  /** Asked now and then, and before `read` is said to have run out, whether bytes arrived that nobody reported by `progress`. */
  watcher?: { hasUnseenProgress(): boolean } | undefined;
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
  /** Aborts when the attempt is stopped early; transports pass it to what does the I/O. */
  readonly signal: AbortSignal;
  /** Whether it was stopped early. */
  readonly aborted: boolean;
  /** HTTP exchanges begun; a redirect makes a second. */
  hops: number;
  /** Whether the request was handed to the platform, if that can be seen: a failure before that is on this side. */
  handedOver?: boolean | undefined;
  status?: number | undefined;
  /** Those of a response of which the error says nothing if its body breaks off. */
  headers?: unknown;
  reusedSocket?: boolean | undefined;
  /** What axios exposes as the `request` of an error, once there is one. */
  request?: unknown;
  /** Whether the response arrived or the attempt failed. Only its body may still be on the network. */
  done: boolean;
  /** How it ended, once it has, and nothing more happens: a stream that was handed out, with its last byte. */
  readonly end?: End | undefined;
  /** Whether body bytes are still to come. The attempt stays under its limits until then, even after the response was handed out. */
  bodyOpen: boolean;
  /** Whether the last byte arrived: any later failure comes from processing the response. */
  isWhole: boolean;
  /** Stops it early, because of a limit, the deadline or the user. Does nothing once it has ended. */
  stop(reason: unknown): void;
  /** Registers what releases the transport's resources if the attempt is stopped early. */
  onAbort(release: (reason: unknown) => void): void;
  /** Runs `run` once the attempt is over, including a stream that was handed out. */
  whenOver(run: () => void): void;
  /** Reports the end of the body: complete, or cut short by an error or by the consumer (`null`). */
  bodyEnded(error?: unknown): void;
}

/** How an attempt, or the call, ended. */
export interface End {
  outcome: Outcome;
  elapsed: number;
  error?: unknown;
  status?: number | undefined;
}
