/**
 * A point in time by which work must be done, as in Go's context: it nests (the smaller wins) and can be handed on, within
 * a process and, as a header, between processes.
 */
import { now } from './clock';
import { headerOf } from './util/header';

/** A point in time. Made by {@link withDeadline}, or by hand for `{ deadline }`. */
export class Deadline {
  /** The budget it was made with, in milliseconds. */
  readonly ms: number;
  readonly #expiresAt: number;
  #controller: AbortController | undefined;

  /** @param ms Milliseconds from now. Those of `within`, where that ends sooner. */
  constructor(ms: number, within?: Deadline) {
    const own = now() + ms;
    // By what it says, not by its private field: it may be of another copy of this package.
    this.#expiresAt = within ? Math.min(own, now() + within.remaining) : own;
    // What is left of the other, in whole milliseconds: less by a fraction rather than more.
    this.ms = Math.max(0, within ? Math.min(ms, Math.floor(within.remaining)) : ms);
  }

  /** Milliseconds left, never below 0. */
  get remaining(): number {
    return Math.max(0, this.#expiresAt - now());
  }

  /** Whether nothing is left. */
  get expired(): boolean {
    return this.remaining === 0;
  }

  /** Aborts when the scope of `withDeadline` ends by its deadline; for work that is not a call of a client. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** @internal */
  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

/** The header that carries a deadline where none is named. */
const DEADLINE_HEADER = 'x-request-timeout-ms';

type HeadersLike = { get(name: string): unknown } | Readonly<Record<string, unknown>>;

/**
 * The milliseconds an inbound request's caller still has, from the header that `deadlineHeader` sends; `undefined` where there is none.
 * It is a duration, not a time of day, so the two clocks need not agree.
 */
export function deadlineFrom(headers: HeadersLike, name: string = DEADLINE_HEADER): number | undefined {
  const value = headerOf(headers, name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const isText = typeof first === 'string' || typeof first === 'number';
  return isText && /^\d+$/.test(String(first)) ? Number(first) : undefined;
}
