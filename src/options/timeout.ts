/** The limits of an attempt: what may be set, the defaults, and how one `timeout` is merged over another. */
import { badOption } from '../errors/bad-option';
import { isOptions } from '../util/is-options';
import { own } from '../util/own';
import { LIMIT_NAMES, type LimitName, type Limits } from '../words';

/** A duration in milliseconds, greater than 0. `false` means no limit. */
export type Limit = number | false;

/**
 * The limits of one attempt, each in milliseconds. `false` turns a limit off; a limit that is not named keeps its default.
 * A table in the README shows which of them a browser can enforce.
 */
export interface TimeoutOptions {
  /** Waiting for a free connection of the pool. Separate from `connect`, as `pool` in httpx. @default none */
  queue?: Limit | undefined;
  /**
   * Everything until a new connection is established: lookup, TCP, proxy and TLS together. Not counted on a reused connection. As in
   * requests, httpx, reqwest. @default 3000
   */
  connect?: Limit | undefined;
  /** Part of `connect`: resolving the host name. As `lookup` in got. @default none */
  lookup?: Limit | undefined;
  /** Part of `connect`: the TCP handshake, all addresses together. As `connect` in got. @default none */
  tcp?: Limit | undefined;
  /** Part of `connect`: the proxy's answer to CONNECT. @default none */
  proxy?: Limit | undefined;
  /** Part of `connect`: the TLS handshake. As `secureConnect` in got. @default none */
  tls?: Limit | undefined;
  /**
   * From the connection being ready until the whole request is written: until the kernel has taken it, which may be some megabytes before
   * a slow peer has. As `send` in got. @default none
   */
  send?: Limit | undefined;
  /**
   * From the request being written until the final response headers; interim 1xx responses do not stop it. As `ResponseHeaderTimeout` in
   * Go. @default none
   */
  response?: Limit | undefined;
  /**
   * Silence: the longest wait for the next byte, the first included. Not counted while the consumer of a stream applies backpressure. As
   * `read` in requests and httpx. @default 10000
   */
  read?: Limit | undefined;
  /**
   * From the response headers until the last byte of the body. Not counted while the consumer of a stream applies backpressure. As `read`
   * in got. @default none
   */
  body?: Limit | undefined;
  /** The whole attempt, redirects and body included. As `timeout` in axios' fetch adapter, `total` in aiohttp. @default none */
  total?: Limit | undefined;
}

/** A number is `total`; a pair is `[connect, read]`; `false` turns every limit of the attempt off. */
export type TimeoutInput = number | readonly [connect: Limit, read: Limit] | TimeoutOptions | false;

/** connect: slower than any healthy handshake, two SYN retransmissions included. read: twice a slow query. */
export const DEFAULT_LIMITS: Limits = /* @__PURE__ */ own({ connect: 3_000, read: 10_000 });

const NONE: Limits = /* @__PURE__ */ own({});

const DURATION = 'It takes milliseconds greater than 0, or false for no limit.';

export const isDuration = (value: unknown): value is number => typeof value === 'number' && value > 0;

function checkLimit(name: string, value: unknown): void {
  if (value === false || isDuration(value)) return;
  throw badOption(name, value, value === 0 ? `${DURATION} 0 is ambiguous here: some clients mean none, some mean at once.` : DURATION);
}

/** Merges a `timeout` option over the limits so far. */
export function mergeLimits(base: Limits, timeout: TimeoutInput | undefined, name = 'timeout'): Limits {
  if (timeout === undefined) return base;
  if (timeout === false) return NONE;
  if (typeof timeout === 'number') {
    if (!(timeout >= 0)) throw badOption(name, timeout, `As a number it is the total. ${DURATION} 0 is axios' way to say none.`);
    return withLimit(base, 'total', timeout || false);
  }
  if (Array.isArray(timeout)) {
    if (timeout.length !== 2) throw badOption(name, timeout, 'As an array it takes exactly [connect, read], both in milliseconds.');
    checkLimit(`${name}[0] (connect)`, timeout[0]);
    checkLimit(`${name}[1] (read)`, timeout[1]);
    return withLimit(withLimit(base, 'connect', timeout[0]), 'read', timeout[1]);
  }
  if (!isOptions(timeout)) {
    throw badOption(name, timeout, 'It takes milliseconds (the total), [connect, read], an object of limits, or false.');
  }
  let limits = base;
  for (const [key, value] of Object.entries(timeout)) {
    if (!(LIMIT_NAMES as readonly string[]).includes(key))
      throw badOption(`${name}.${key}`, value, `There is no such limit. The limits are ${LIMIT_NAMES.join(', ')}.`);
    if (value === undefined) continue;
    checkLimit(`${name}.${key}`, value);
    limits = withLimit(limits, key as LimitName, value as Limit);
  }
  return limits;
}

function withLimit(limits: Limits, name: LimitName, value: Limit): Limits {
  const { [name]: _, ...rest } = limits;
  return own(value === false || value === Infinity ? rest : { ...rest, [name]: value });
}
