/** Runs an adapter for one attempt, with a config of the attempt's own, of which nobody sees anything afterwards. */
import axios, {
  type AxiosAdapter,
  type AxiosError,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { CallUnderWay } from '../call';
import type { Attempt } from '../call/attempt';
import { isOuter } from '../call/outer';
import { define } from '../util/define';
import { own } from '../util/own';
import { addedHeaders } from './added-headers';

/** Makes an attempt by an adapter of axios'. */
export type Transport = (call: CallUnderWay) => Promise<AxiosResponse>;

/** Config overrides from a transport. `signal: undefined` means that it ends the attempt by other means. */
export type Changes = Omit<AxiosRequestConfig, 'signal'> & { signal?: undefined };

/**
 * Runs an adapter with the transport's overrides and reports the original config afterwards, since handlers retry with `error.config`.
 * axios' own timeout is switched off: it means something different in each adapter and, in some faults, never fires.
 *
 * @param changes Left out for an adapter of the user's.
 * @param added The attempt's added headers and the options that go with them, if already built.
 */
export async function runAdapter(
  adapter: AxiosAdapter,
  call: CallUnderWay,
  changes?: Changes,
  added: object = addedHeaders(call),
): Promise<AxiosResponse> {
  const { attempt, config } = call;
  const adapted = {
    ...config,
    timeout: isOuter(adapter) ? config.timeout : 0,
    cancelToken: undefined,
    ...changes,
    ...added,
  } as unknown as InternalAxiosRequestConfig;
  if (!changes || !('signal' in changes)) setSignal(adapted, attempt);
  if (!changes) attempt.onAbort(() => keepNotes(adapted, call));
  try {
    const response = await adapter(adapted);
    if (!changes) keepNotes(adapted, call, attempt);
    response.config = config;
    if (config.responseType === 'stream') restore(adapted, adapted, config); // errors of the stream will carry it
    return response;
  } catch (error) {
    if (!changes) keepNotes(adapted, call, attempt);
    if (axios.isAxiosError(error)) {
      for (const told of [error, error.cause as AxiosError | undefined, error.response]) {
        if (told?.config === adapted) Reflect.set(told, 'config', config); // refused where an adapter froze its error
        if (told?.config && told.config !== config && isOf(attempt, told.config, adapted)) restore(told.config, adapted, config);
      }
    }
    throw error;
  }
}

const ATTEMPT = Symbol('attempt');

/** What the config of an attempt has that its call's need not have. */
const OURS: readonly PropertyKey[] = ['timeout', 'cancelToken', 'signal', 'sensitiveHeaders', ATTEMPT];

/** What an adapter of the user's adds to its config, a time of its own say, is there for interceptors, and for its next attempt. */
function keepNotes(adapted: object, call: CallUnderWay, attempt?: Attempt): void {
  if (attempt?.aborted) return; // what comes after the abort is nobody's any more
  const { config } = call;
  for (const name of Reflect.ownKeys(adapted)) {
    if (OURS.includes(name) || (name in config && !call.noted?.has(name))) continue;
    call.noted = (call.noted ?? new Set()).add(name);
    Reflect.set(config, name, Reflect.get(adapted, name));
  }
}

/**
 * The attempt's signal, created lazily: many custom adapters never read it, and it is a sixth of a call's memory.
 * One shared descriptor, since a getter per config would allocate as well.
 */
const SIGNAL = /* @__PURE__ */ own<PropertyDescriptor & ThisType<{ [ATTEMPT]: Attempt }>>({
  get() {
    return this[ATTEMPT].signal;
  },
  set(value: unknown) {
    define(this, 'signal', value, true);
  },
  enumerable: true,
  configurable: true,
});

function setSignal(config: InternalAxiosRequestConfig, attempt: Attempt): void {
  if ('signal' in config) {
    config.signal = attempt.signal;
    return;
  }
  define(config, ATTEMPT, attempt);
  Object.defineProperty(config, 'signal', SIGNAL);
}

/** Whether a config that an error carries, such as an adapter's copy, has the attempt's overrides: a retry with them would have no `total`. */
const isOf = (attempt: Attempt, copy: InternalAxiosRequestConfig, adapted: InternalAxiosRequestConfig): boolean =>
  copy.timeout === adapted.timeout && !!copy.signal && copy.signal === attempt.signal;

/** Undoes the attempt's overrides, in place. */
function restore(copy: InternalAxiosRequestConfig, adapted: InternalAxiosRequestConfig, config: InternalAxiosRequestConfig): void {
  // Both, since an adapter may have deleted some of its own.
  for (const name of [adapted, config].flatMap(Object.keys) as (keyof InternalAxiosRequestConfig)[]) {
    if (copy !== adapted && copy[name] !== adapted[name]) continue; // no longer the attempt's
    if (name in config) Reflect.set(copy, name, config[name]);
    else Reflect.deleteProperty(copy, name);
  }
}
