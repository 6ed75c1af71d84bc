/** Which of axios' adapters does the I/O of a request, or whether it is one of the user's own. */
import axios, { type AxiosAdapter, AxiosError, type AxiosRequestConfig, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { Call, Handler } from '../call';
import type { Attempt } from '../call/attempt';
import { define } from '../util/define';
import { own } from '../util/own';
import { addedHeaders } from './added-headers';

export type AdapterName = 'http' | 'fetch' | 'xhr';

/** What a platform takes where the choice is ours. */
export type Prefer = (config: InternalAxiosRequestConfig) => AdapterName;

/** The adapter of a request: the first of its list that there is, or where the choice is ours, the one the platform prefers. */
function resolveAdapter(call: Call, prefer: Prefer | undefined): AdapterName | AxiosAdapter {
  const config = call.config as InternalAxiosRequestConfig;
  if (prefer && isOurChoice(config)) {
    const preferred = prefer(config);
    if (supports(preferred)) return preferred;
  }
  const candidates = candidatesOf(config);
  for (const candidate of candidates) {
    if (typeof candidate === 'function') return known(candidate) ?? candidate;
    const name = String(candidate).toLowerCase();
    if (isName(name) && supports(name)) return name;
  }
  return axios.getAdapter(candidates as AxiosAdapter[], config); // throws what axios would
}

/** In the order of axios' defaults. */
const NAMES: readonly AdapterName[] = ['xhr', 'http', 'fetch'];

function candidatesOf({ adapter }: InternalAxiosRequestConfig): readonly (string | AxiosAdapter)[] {
  const candidates = adapter ?? axios.defaults.adapter;
  return Array.isArray(candidates) ? candidates : [candidates as AxiosAdapter];
}

/** Whether the user left the choice to axios: of a list that he made, his order counts. */
export function isOurChoice(config: InternalAxiosRequestConfig): boolean {
  const candidates = candidatesOf(config);
  return candidates.length === NAMES.length && NAMES.every((name, at) => name === candidates[at]);
}

const isName = (name: string): name is AdapterName => (NAMES as readonly string[]).includes(name);

const supported = new Map<AdapterName, boolean>();

/** Asked once: axios answers with an error, stack and all. */
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

/** An adapter of axios' own, given as a function. */
const known = (adapter: AxiosAdapter): AdapterName | undefined =>
  NAMES.find((name) => supports(name) && axios.getAdapter(name) === adapter);

/** What a transport changes of the config. A `signal` of undefined: it ends the attempt by other means. */
export type Changes = Omit<AxiosRequestConfig, 'signal'> & { signal?: undefined };

/**
 * Runs an adapter of axios with what the transport changes for it, and gives back the config as it was: handlers repeat `error.config`.
 * axios' own timeout is switched off: it means another thing in each adapter, and in some faults it never fires.
 *
 * @param added The attempt's added headers, and what goes with them, where they have been made already.
 */
export async function runAdapter(
  adapter: AxiosAdapter,
  call: Call,
  attempt: Attempt,
  changes: Changes,
  added: object = addedHeaders(call, call.config as InternalAxiosRequestConfig),
): Promise<AxiosResponse> {
  const config = call.config as InternalAxiosRequestConfig;
  const adapted = {
    ...config,
    timeout: 0,
    cancelToken: undefined,
    ...changes,
    ...added,
  } as unknown as InternalAxiosRequestConfig;
  if (!('signal' in changes)) setSignal(adapted, attempt);
  try {
    const response = await adapter(adapted);
    response.config = config;
    if (config.responseType === 'stream') restore(adapted, config); // an error of the stream will have it
    return response;
  } catch (error) {
    if (axios.isAxiosError(error)) {
      for (const told of [error, error.cause as AxiosError | undefined, error.response]) {
        if (told?.config === adapted) told.config = config;
        else if (told?.config && told.config !== config) undo(told.config, adapted, config, attempt);
      }
      // A connection that the peer had closed while it was idle: says why a reset is no news of the upstream's health.
      if (attempt.reusedSocket && !error.response) Object.assign(error, { reusedSocket: true });
    }
    throw error;
  }
}

const ATTEMPT = Symbol('attempt');

/**
 * The attempt's signal, made for an adapter that looks at it: many of the user's own do not, and it is a sixth of what a call takes of memory.
 * One descriptor for all, since a getter of its own would cost an object as much.
 */
const SIGNAL = /* @__PURE__ */ own<PropertyDescriptor & ThisType<{ [ATTEMPT]: Attempt }>>({
  get() {
    return this[ATTEMPT].signal;
  },
  set(value: unknown) {
    define(this, 'signal', { value, writable: true });
  },
  enumerable: true,
  configurable: true,
});

function setSignal(config: InternalAxiosRequestConfig, attempt: Attempt): void {
  if ('signal' in config) {
    config.signal = attempt.signal;
    return;
  }
  define(config, ATTEMPT, { value: attempt });
  Object.defineProperty(config, 'signal', SIGNAL);
}

/** Of an adapter that hands on a copy of its config: what was set for the attempt is taken off that as well, or a repeat of it had no `total`. */
function undo(
  copy: InternalAxiosRequestConfig,
  adapted: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
  attempt: Attempt,
): void {
  if (copy.timeout !== 0 || !copy.signal || copy.signal !== attempt.signal) return;
  for (const name of Object.keys(adapted) as (keyof InternalAxiosRequestConfig)[]) {
    if (copy[name] !== adapted[name]) continue;
    if (name in config) Reflect.set(copy, name, config[name]);
    else Reflect.deleteProperty(copy, name);
  }
}

/** Makes it again what it was made from. */
function restore(adapted: object, config: object): void {
  for (const name of Object.keys(adapted)) if (!(name in config)) Reflect.deleteProperty(adapted, name);
  Object.assign(adapted, config);
}

/** Hands each attempt to the transport of its adapter. One of the user's own says nothing of phases: only `total` and the deadline hold it. */
export const byAdapter =
  (transports: Partial<Record<AdapterName, Handler>>, prefer?: Prefer): Handler =>
  (call) => {
    const adapter = resolveAdapter(call, prefer);
    if (typeof adapter !== 'string') return runAdapter(adapter, call, call.attempt as Attempt, {});
    const transport = transports[adapter];
    if (transport) return transport(call);
    throw new AxiosError(`The adapter '${adapter}' is not available in this build`, AxiosError.ERR_NOT_SUPPORT, call.config);
  };
