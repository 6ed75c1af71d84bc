/** The headers that a call adds: its remaining deadline and trace. Marked sensitive, so that axios drops them on a redirect elsewhere. */
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import type { Call, CallUnderWay } from '../call';
import { originOfRequest } from '../endpoint';
import { traceparentOf } from '../trace';
import { own } from '../util/own';
import { ownOrigin } from '../util/url';

/** Inherits nothing, so that a polluted `Object.prototype` adds no headers. */
const NONE: Added = /* @__PURE__ */ own({});

type Added = Pick<AxiosRequestConfig, 'headers' | 'sensitiveHeaders'>;

/** Built for each attempt, since the remaining deadline changes. */
export function addedHeaders(call: CallUnderWay): Added {
  const { config, deadline, policies } = call;
  if (!policies.deadlineHeader && !policies.propagateTrace) return NONE;
  const added: Record<string, string> = {};
  const remaining = Math.floor(deadline?.remaining ?? Infinity);
  if (policies.deadlineHeader && Number.isFinite(remaining)) added[policies.deadlineHeader] = String(remaining);
  if (sendsTrace(policies.propagateTrace, config)) added.traceparent = traceparentOf(call.trace);
  const names = Object.keys(added);
  if (!names.length) return NONE;
  const headers = new axios.AxiosHeaders(config.headers);
  for (const name of names) headers.set(name, added[name]);
  const sensitiveHeaders = config.sensitiveHeaders ?? []; // axios takes `null` as none
  // If it is not a list, axios rejects it.
  return { headers, sensitiveHeaders: Array.isArray(sensitiveHeaders) ? [...sensitiveHeaders, ...names] : sensitiveHeaders };
}

function sendsTrace(propagate: Call['policies']['propagateTrace'], config: InternalAxiosRequestConfig): boolean {
  if (!propagate || config.headers?.has?.('traceparent')) return false;
  const target = originOfRequest(config);
  const own = ownOrigin();
  if (own === undefined ? propagate === true : target === own) return true;
  return propagate !== true && propagate.some((origin) => (typeof origin === 'string' ? origin === target : target.search(origin) >= 0));
}
