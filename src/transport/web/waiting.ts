/** How long a browser may wait for headers. It cannot tell connecting from waiting, so the budgets of both are added up. */
import type { InternalAxiosRequestConfig } from 'axios';
import { tagOf } from '../../util/tag';
import type { Limits } from '../../words';

/** Bodies of up to this many bytes count as sent at once; how long a larger one may take, only `send` can say. */
const SENT_AT_ONCE = 64 * 1024;

/**
 * The bound from dispatch to headers: the lower of `response` and, if both are on, `connect` plus `read`. Neither covers an upload that
 * takes time: `send` is added for it, and without `send` only `total` applies.
 */
export function waitingBound({ connect, read, response, send }: Limits, config: InternalAxiosRequestConfig): number | undefined {
  const upload = isSentAtOnce(config.data) ? 0 : send;
  if (upload === undefined) return undefined;
  const both = connect === undefined || read === undefined ? Infinity : connect + read;
  const bound = Math.min(response ?? Infinity, both) + upload;
  return bound === Infinity ? undefined : bound;
}

/** Whether a body is absent, or small enough that sending it takes no time of its own. */
export const isSentAtOnce = (data: unknown): boolean => sizeOf(data) <= SENT_AT_ONCE;

/**
 * The approximate size of a body in bytes; Infinity for a stream and anything else that cannot be measured. Told by what it has and not by
 * its class, since it may come from another frame.
 */
function sizeOf(data: unknown): number {
  if (data === undefined || data === null) return 0;
  // React Native's URLSearchParams has no tag of its own. Those of a browser have a `size`, which counts the parameters.
  if (typeof data !== 'object' || data instanceof URLSearchParams || tagOf(data) === 'URLSearchParams') return String(data).length;
  const { size: blobSize, byteLength = blobSize, entries } = data as Partial<Blob & ArrayBuffer & FormData>;
  if (byteLength !== undefined) return byteLength;
  // React Native's FormData has no `entries`.
  if (tagOf(data) !== 'FormData' || !entries) return Infinity;
  let size = 0;
  for (const [name, value] of data as FormData) size += name.length + sizeOf(value);
  return size;
}
