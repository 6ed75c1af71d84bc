/** How long a browser may wait for headers: it cannot tell connecting from waiting, so what was allowed for both is allowed together. */
import type { InternalAxiosRequestConfig } from 'axios';
import type { Limits } from '../../words';

/** Bodies up to this size are taken as sent at once; how long a larger one may take, only `send` can say. */
const SENT_AT_ONCE = 64 * 1024;

/**
 * The bound from dispatch to headers: `response` where it is set, and `connect` and `read` together where both are on. An upload of
 * unknown length is in neither: with `send` it is added, without it there is no bound but `total`.
 */
export function waitingBound({ connect, read, response, send }: Limits, config: InternalAxiosRequestConfig): number | undefined {
  const upload = isSentAtOnce(config.data) ? 0 : send;
  if (upload === undefined) return undefined;
  const both = connect === undefined || read === undefined ? Infinity : connect + read;
  const bound = Math.min(response ?? Infinity, both) + upload;
  return bound === Infinity ? undefined : bound;
}

/** Whether a body is so small, or absent, that sending it takes no time of its own. */
export function isSentAtOnce(data: unknown): boolean {
  if (data === undefined || data === null) return true;
  if (typeof data === 'string') return data.length <= SENT_AT_ONCE;
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength <= SENT_AT_ONCE;
  if (typeof Blob === 'function' && data instanceof Blob) return data.size <= SENT_AT_ONCE;
  return data instanceof URLSearchParams;
}
