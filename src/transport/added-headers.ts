/** The headers that a call sends beside the request's own: what is left of its deadline, and its trace. Neither is for another origin's eyes. */
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import type { Call } from '../call';
import { originOfRequest } from '../endpoint';
import { traceparentOf } from '../trace';
import { own } from '../util/own';

/** Of nothing inherited: what somebody put on `Object.prototype` is no header of ours. */
const NONE: Added = /* @__PURE__ */ own({});

type Added = Pick<AxiosRequestConfig, 'headers' | 'sensitiveHeaders'>;

/** Made anew for each attempt. */
export function addedHeaders(call: Call, config: InternalAxiosRequestConfig): Added {
  const { deadline, policies } = call;
  const added: Record<string, string> = {};
  const remaining = Math.floor(deadline?.remaining ?? Infinity);
  if (policies.deadlineHeader && Number.isFinite(remaining)) added[policies.deadlineHeader] = String(remaining);
  if (sendsTrace(policies.propagateTrace, config)) added.traceparent = traceparentOf(call.trace);
  const names = Object.keys(added);
  if (!names.length) return NONE;
  const headers = new axios.AxiosHeaders(config.headers);
  for (const name of names) headers.set(name, added[name]);
  const sensitiveHeaders = config.sensitiveHeaders ?? []; // `null` is none, for axios
  // What is no list is for axios to refuse.
  return { headers, sensitiveHeaders: Array.isArray(sensitiveHeaders) ? [...sensitiveHeaders, ...names] : sensitiveHeaders };
}

function sendsTrace(propagate: Call['policies']['propagateTrace'], config: InternalAxiosRequestConfig): boolean {
  if (!propagate || config.headers?.has?.('traceparent')) return false;
  const target = originOfRequest(config);
  const own = typeof location === 'object' ? location.origin : undefined;
  if (own === undefined ? propagate === true : target === own) return true;
  return propagate !== true && propagate.some((origin) => (typeof origin === 'string' ? origin === target : target.search(origin) >= 0));
}
