/** The vocabulary: where an attempt can be, what can run out, and how both are told. */

/** Where an attempt is. In a browser, before the headers, only `waiting` is known; so it is while nothing of the call is on the network. */
export type Phase = 'queue' | 'lookup' | 'tcp' | 'proxy' | 'tls' | 'send' | 'response' | 'body' | 'waiting';

/** The phase in the words people use. */
export type Kind = 'queue' | 'connect' | 'write' | 'read' | 'unknown';

/** Milliseconds spent in each phase, redirect hops added up. Only what was seen is there. */
export type Timings = Partial<Record<Phase, number>>;

/** The names of the limits of an attempt, as they are set under `timeout`. */
export const LIMIT_NAMES = ['queue', 'connect', 'lookup', 'tcp', 'proxy', 'tls', 'send', 'response', 'read', 'body', 'total'] as const;

/** The name of a limit of an attempt. */
export type LimitName = (typeof LIMIT_NAMES)[number];

/** Limits in force, in milliseconds: only those that are on. */
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
