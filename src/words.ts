/** The vocabulary: where an attempt can be, what can run out, and how both are reported. */

/** Where an attempt is. `waiting` is all that a browser tells before the headers, and also means that nothing is on the network. */
export type Phase = 'queue' | 'lookup' | 'tcp' | 'proxy' | 'tls' | 'send' | 'response' | 'body' | 'waiting';

/** The phase in the words people use. */
export type Kind = 'queue' | 'connect' | 'write' | 'read' | 'unknown';

/** Milliseconds spent in each phase, redirect hops added up. Only phases that were seen are present. */
export type Timings = Partial<Record<Phase, number>>;

/** The names of the limits of an attempt, as they are set under `timeout`. */
export const LIMIT_NAMES = ['queue', 'connect', 'lookup', 'tcp', 'proxy', 'tls', 'send', 'response', 'read', 'body', 'total'] as const;

/** The name of a limit of an attempt. */
export type LimitName = (typeof LIMIT_NAMES)[number];

/** The limits in force, in milliseconds; those that are off are absent. */
export type Limits = Readonly<Partial<Record<LimitName, number>>>;

const KINDS: Record<Phase, Kind> = {
  queue: 'queue',
  lookup: 'connect',
  tcp: 'connect',
  proxy: 'connect',
  tls: 'connect',
  send: 'write',
  response: 'read',
  body: 'read',
  waiting: 'unknown',
};

export const kindOf = (phase: Phase): Kind => KINDS[phase];

/** Whether nothing of a request can have reached the peer yet. */
export const isBeforeSend = (phase: Phase): boolean => phase === 'queue' || KINDS[phase] === 'connect';

/** How a call or an attempt ended: the closed set of `outcome` in records. */
export type Outcome = 'success' | 'http-error' | 'timeout' | 'canceled' | 'refused' | 'error';

/** What of a client may refuse a call, so that nothing is sent. */
export type RefusedBy = 'rate' | 'concurrency' | 'breaker';

/** Why a breaker changed its state, or refuses calls. */
export type BreakerReason = 'failure-rate' | 'burst' | 'slow-rate' | 'probe-failed' | 'probes-succeeded' | 'due' | 'operator' | 'throttled';

/** An attempt, as listed in an error's `history`: failed, unless the call ended after its response, in an interceptor say. */
export interface AttemptSummary {
  /** 1 is the first. */
  attempt: number;
  /** The error's code, such as `ETIMEDOUT` or `ECONNRESET`. */
  code?: string;
  /** HTTP status, if headers arrived. */
  status?: number;
  /** For a timeout: where the attempt was when it ran out. */
  phase?: Phase;
  /** Milliseconds the attempt took. */
  elapsed: number;
  /** Milliseconds until the next attempt; absent for the last. */
  delay?: number;
}

/** Why no further attempt is made. */
export type StopReason =
  | 'retries' // all that were allowed have been made
  | 'unsafe' // the request may have reached the peer, and repeating it may do harm
  | 'permanent' // a repeat would fail again
  | 'body' // the body cannot be sent twice
  | 'retry-after' // the peer wants a longer pause than is allowed
  | 'deadline' // there is no time for another attempt
  | 'budget' // the retry budget is spent
  | 'canceled'
  | 'local' // refused on this side, by the breaker or a limit
  | 'when'; // the user's own rule says no
