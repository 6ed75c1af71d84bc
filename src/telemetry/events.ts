/**
 * The client's events. A handler is isolated: one that throws, or rejects, harms neither the call nor the other handlers.
 */
import mitt, { type Emitter } from 'mitt';
import type { BeaconEvent } from '../beacon/drops';
import { badOption } from '../errors/bad-option';
import type { BreakerEvent } from '../policies/breaker';
import type { FallbackKind } from '../policies/fallback';
import { complain } from '../util/complain';
import { isolated } from '../util/isolated';
import type { Phase, StopReason } from '../words';
import type { Alert } from './alerts';
import type { AttemptRecord, CallRecord } from './record';

/** The types of event, and what a handler gets. */
export type ClientEvents = {
  /** An attempt ended; for a stream, with its last byte. */
  attempt: AttemptRecord;
  /** A call ended: its promise is settled, but for a fallback, which comes after this. */
  call: CallRecord;
  /** A limit or the deadline ran out. `attempt: 0` means before the first attempt began. */
  timeout: AttemptRecord;
  /** An attempt failed, and it was decided whether to make another. */
  retry: RetryEvent;
  /** A breaker changed its state. */
  breaker: BreakerEvent;
  /** A limit refused an attempt. */
  limited: LimitedEvent;
  /** A call was answered with something that is not the upstream's. */
  fallback: FallbackEvent;
  /** Beacons were dropped; at most one event per second and reason. */
  beacon: BeaconEvent;
  /** An endpoint times out too often (`firing`), or no longer does (`resolved`). */
  alert: Alert;
};

interface AboutCall {
  /** The id of the call. */
  id: string;
  /** The endpoint of the call. */
  endpoint: string;
}

/** What was decided after a failed attempt: a `delay` before the next, or the `reason` why there is none. */
export interface RetryEvent extends AboutCall {
  /** The attempt that failed; 1 is the first. If its repeat was refused on this side, it is named once more, with `reason: 'local'` (or `'retry-after'`). */
  attempt: number;
  /** Milliseconds until the next attempt. */
  delay?: number;
  /** Why no further attempt is made. */
  reason?: StopReason;
  /** The failure's code, such as `ETIMEDOUT`. */
  code?: string;
  /** The failure's HTTP status, if headers arrived. */
  status?: number;
  /** For a timeout: where the attempt was when it ran out. */
  phase?: Phase;
}

/** A limit refused an attempt. */
export interface LimitedEvent extends AboutCall {
  /** Which limit. */
  limit: 'rate' | 'concurrency';
  /** Milliseconds until there is room; absent if unknown. */
  retryAfter?: number;
}

/** A call was answered with something that is not the upstream's. */
export interface FallbackEvent extends AboutCall {
  /** Where the response came from. */
  kind: FallbackKind;
  /** For a stale response: milliseconds since it was received. */
  age?: number;
  /** The code of the error it stands in for. */
  code?: string;
}

/** The type of an event. */
export type EventType = keyof ClientEvents;

/** A handler of one type of event; one of `'*'` gets the type first. */
export type EventHandler<T extends EventType | '*'> = T extends EventType
  ? (event: ClientEvents[T]) => void
  : (type: EventType, event: ClientEvents[EventType]) => void;

/** What an exporter needs from a client: a way to listen. */
export interface Listenable {
  /** As `client.on`. */
  on<T extends EventType>(type: T, handler: EventHandler<T>): () => void;
}

const TYPES: readonly string[] = ['attempt', 'call', 'timeout', 'retry', 'breaker', 'limited', 'fallback', 'beacon', 'alert', '*'];

type Loose = (...args: unknown[]) => unknown;

/** Where events of a type are published besides the handlers; `undefined` if nobody listens. */
export type Diagnostics = (type: EventType) => { publish(event: unknown): void } | undefined;

export class Events {
  readonly #emitter: Emitter<ClientEvents> = mitt();
  /** What is called in place of each handler, by type. */
  readonly #isolated = new Map<string, WeakMap<Loose, Loose>>();
  readonly #diagnostics: Diagnostics | undefined;
  readonly #outside: (work: () => void) => void;

  /** @param outside Runs what it is given under no deadline: a handler is no part of the work it hears of, and may make calls. */
  constructor(diagnostics?: Diagnostics, outside: (work: () => void) => void = (work) => work()) {
    this.#diagnostics = diagnostics;
    this.#outside = outside;
  }

  /** @throws AxiosError `ERR_BAD_OPTION_VALUE` if there is no such event (its handler would wait for ever), or if the handler is not a function */
  on<T extends EventType | '*'>(type: T, handler: EventHandler<T>): () => void {
    if (!TYPES.includes(type)) throw badOption('event', type, `There is no such event. The events are ${TYPES.join(', ')}.`);
    if (typeof handler !== 'function') throw badOption('handler', handler, 'It takes a function.');
    const ofType = this.#isolated.get(type) ?? new WeakMap<Loose, Loose>();
    this.#isolated.set(type, ofType);
    const run = ofType.get(handler as Loose) ?? isolated(handler as Loose, `a handler of '${type}' failed; the call is not affected.`);
    ofType.set(handler as Loose, run);
    this.#emitter.on(type as '*', run);
    let on = true;
    return () => {
      if (on) this.off(type, handler);
      on = false;
    };
  }

  off<T extends EventType | '*'>(type: T, handler: EventHandler<T>): void {
    const run = this.#isolated.get(type)?.get(handler as Loose);
    if (run) this.#emitter.off(type as '*', run);
  }

  /** Makes the event only if somebody listens. Never throws: it runs between a call and its response. */
  emit<T extends EventType>(type: T, make: () => ClientEvents[T]): void {
    try {
      const channel = this.#diagnostics?.(type);
      const { all } = this.#emitter;
      const hasHandlers = all.get(type)?.length || all.get('*')?.length;
      if (!channel && !hasHandlers) return;
      const event = make();
      this.#outside(() => {
        if (hasHandlers) this.#emitter.emit(type, event);
        channel?.publish(event);
      });
    } catch (error) {
      complain(this, `an event of '${type}' could not be made; the call is not affected.`, error);
    }
  }
}
