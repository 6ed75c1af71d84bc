/** Decides which adapter does the I/O of a request: one of axios', or the user's own. */
import axios, { type AxiosAdapter, AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { CallUnderWay, Handler } from '../call';
import { runAdapter, type Transport } from './run-adapter';

export type AdapterName = 'http' | 'fetch' | 'xhr';

/** The adapter that a platform prefers when the user left the choice to us. */
export type Prefer = (config: InternalAxiosRequestConfig) => AdapterName;

/** The adapter for a request: the platform's preference if the choice is ours, else the first in the config's list that is supported. */
function resolveAdapter(config: InternalAxiosRequestConfig, prefer: Prefer | undefined): AdapterName | AxiosAdapter {
  if (prefer && isOurChoice(config)) {
    const preferred = prefer(config);
    if (supports(preferred)) return preferred;
  }
  const candidates = candidatesOf(config);
  for (const candidate of candidates) {
    if (typeof candidate === 'function') return known(candidate) ?? candidate;
    if (candidate === null || (candidate as unknown) === false) continue; // axios skips these too
    const name = String(candidate).toLowerCase();
    if (!isName(name)) break;
    if (supports(name)) return name;
  }
  return axios.getAdapter(candidates as AxiosAdapter[], config); // throws what axios would
}

/** In the order of axios' defaults. */
const NAMES: readonly AdapterName[] = ['xhr', 'http', 'fetch'];

function candidatesOf({ adapter }: InternalAxiosRequestConfig): readonly (string | AxiosAdapter)[] {
  const candidates = adapter || axios.defaults.adapter; // also `false` or '', say of a condition
  return Array.isArray(candidates) ? candidates : [candidates as AxiosAdapter];
}

/** Whether the user left the choice to axios. A list of their own is followed in its order. */
export function isOurChoice(config: InternalAxiosRequestConfig): boolean {
  const candidates = candidatesOf(config);
  return candidates.length === NAMES.length && NAMES.every((name, at) => name === candidates[at]);
}

const isName = (name: string): name is AdapterName => (NAMES as readonly string[]).includes(name);

const supported = new Map<AdapterName, boolean>();

/** Cached, since axios reports an unsupported adapter by throwing an error, stack trace included. */
export function supports(name: AdapterName): boolean {
  let answer = supported.get(name);
  if (answer === undefined) {
    try {
      answer = Boolean(axios.getAdapter(name));
    } catch {
      answer = false;
    }
    supported.set(name, answer);
  }
  return answer;
}

/** The name of a built-in axios adapter that was passed as a function. */
const known = (adapter: AxiosAdapter): AdapterName | undefined =>
  NAMES.find((name) => supports(name) && axios.getAdapter(name) === adapter);

/** Hands each attempt to its adapter's transport. A custom adapter reports no phases, so only `total` and the deadline bound it. */
export const byAdapter =
  (transports: Partial<Record<AdapterName, Transport>>, prefer?: Prefer): Handler =>
  (given) => {
    const call = given as CallUnderWay;
    const adapter = resolveAdapter(call.config, prefer);
    if (typeof adapter !== 'string') return runAdapter(adapter, call);
    const transport = transports[adapter];
    if (transport) return transport(call);
    throw new AxiosError(`The adapter '${adapter}' is not available in this build`, AxiosError.ERR_NOT_SUPPORT, call.config);
  };
