/** The limits of a client's attempts. The total among them lives in `defaults.timeout`, where axios users look for it. */
import type { AxiosInstance } from 'axios';
import type { Policies } from '../options';
import { DEFAULT_LIMITS, mergeLimits, type TimeoutOptions } from '../options/timeout';
import { own } from '../util/own';
import { LIMIT_NAMES, type Limits } from '../words';

/** The limits of each client: they go on applying when it is protected again, and the outer client, which does the I/O, enforces them. */
const limitsOfClients = /* @__PURE__ */ new WeakMap<object, () => Limits>();

/** The limits of an attempt by a client of this instance. Computed again only when the total in `defaults.timeout` changes. */
export function limitsBy(instance: AxiosInstance, timeout: Policies['timeout']): () => Limits {
  let last: { total: unknown; limits: Limits } | undefined;
  return () => {
    const total = instance.defaults.timeout;
    if (!last || last.total !== total) {
      const before = limitsOfClients.get(instance)?.() ?? mergeLimits(DEFAULT_LIMITS, total, 'defaults.timeout');
      last = { total, limits: mergeLimits(before, timeout) };
    }
    return last.limits;
  };
}

/** Whether the instance is a client of ours. */
export const isClient = (instance: object): boolean => limitsOfClients.has(instance);

/** Makes the limits of a client known to one that protects it again. */
export const keepLimits = (client: object, limits: () => Limits): unknown => limitsOfClients.set(client, limits);

const ALL_OFF: TimeoutOptions = /* @__PURE__ */ Object.fromEntries(/* @__PURE__ */ LIMIT_NAMES.map((name) => [name, false]));

/** All limits but the total, as options: those that are off are named, so that no defaults come in their place. */
export function inherited(limits: Limits): TimeoutOptions {
  const { total: _, ...rest } = { ...ALL_OFF, ...limits };
  return rest;
}

/** The part of a timeout that axios itself understands, its total. axios writes "none" as 0. */
export function axiosTimeout(timeout: Policies['timeout']): { timeout?: number } {
  const total = typeof timeout === 'object' ? own(timeout as { total?: unknown }).total : timeout;
  if (total === false || total === Infinity) return { timeout: 0 };
  return typeof total === 'number' ? { timeout: total } : {};
}
