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
export const isSentAtOnce = (data: unknown): boolean => sizeOf(data) <= SENT_AT_ONCE;

/** About how many bytes a body has; of a stream and what else cannot be counted, no end of them. */
function sizeOf(data: unknown): number {
  if (data === undefined || data === null) return 0;
  if (typeof data === 'string') return data.length;
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength;
  if (typeof Blob === 'function' && data instanceof Blob) return data.size;
  if (data instanceof URLSearchParams) return String(data).length;
  // React Native's has parts instead of entries.
  if (typeof FormData !== 'function' || !(data instanceof FormData) || !data.entries) return Infinity;
  let size = 0;
  for (const [name, value] of data) size += name.length + sizeOf(value);
  return size;
}
