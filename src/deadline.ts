/**
 * A point in time by which work must be done, as in Go's context: it nests (the sooner one wins) and can be passed on, within
 * a process and, as a header, between processes.
 */
import { now } from './clock';
import { badOption } from './errors/bad-option';
import { headerOf } from './util/header';

/** A point in time by which work must be done. Created by {@link withDeadline}, or by hand for `{ deadline }`. */
export class Deadline {
  /** The budget it was created with, in milliseconds. */
  readonly ms: number;
  /**
   * Not #private, which cannot be read through a proxy, nor `private`, by which TypeScript tells the copies of a class apart. Frozen, so that
   * Vue's `reactive` wraps none of it.
   *
   * @internal
   */
  readonly end: Readonly<{ at: number }>;

  /**
   * @param ms Milliseconds from now; what `within` has left, if that is less.
   * @throws AxiosError `ERR_BAD_OPTION_VALUE` if `ms` is not a number
   */
  constructor(ms: number, within?: Deadline) {
    if (typeof ms !== 'number' || Number.isNaN(ms)) throw badOption('Deadline', ms, 'It takes milliseconds.');
    const own = now() + ms;
    // Read through the public getter, not the field: `within` may come from another copy of this package.
    this.end = Object.freeze({ at: within ? Math.min(own, now() + within.remaining) : own });
    // Rounded down, so as never to promise more than the enclosing deadline has left.
    this.ms = Math.max(0, within ? Math.min(ms, Math.floor(within.remaining)) : ms);
  }

  /** Milliseconds left, never below 0. */
  get remaining(): number {
    return Math.max(0, this.end.at - now());
  }

  /** Whether nothing is left. */
  get expired(): boolean {
    return this.remaining === 0;
  }

  /** Aborts when the `withDeadline` scope runs out of time, never for a deadline made by hand. For work other than a client's calls. */
  get signal(): AbortSignal {
    return controllerOf(this.end).signal;
  }

  /** @internal */
  abort(reason: unknown): void {
    controllerOf(this.end).abort(reason);
  }
}

/** Not kept in the deadlines, which a program may have frozen. */
const controllers = /* @__PURE__ */ new WeakMap<object, AbortController>();

function controllerOf(end: object): AbortController {
  const controller = controllers.get(end) ?? new AbortController();
  controllers.set(end, controller);
  return controller;
}

/** The header that carries a deadline unless another is named. */
const DEADLINE_HEADER = 'x-request-timeout-ms';

type HeadersLike = { get(name: string): unknown } | Readonly<Record<string, unknown>>;

/**
 * The milliseconds that the caller of an inbound request has left, from the header that `deadlineHeader` sends; `undefined` if there is
 * no valid one. It is a duration, not a time of day, so the two clocks need not agree.
 *
 * @param headers Of Node's `request.headers`, or a `Headers`.
 * @param name The header's name. @default 'x-request-timeout-ms'
 */
export function deadlineFrom(headers: HeadersLike, name: string = DEADLINE_HEADER): number | undefined {
  const value = headerOf(headers, name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const isText = typeof first === 'string' || typeof first === 'number';
  return isText && /^\d+$/.test(String(first)) ? Number(first) : undefined;
}
