/**
 * `request` for an axios instance that is ours alone: axios' own, run on a config prepared here, since merging one is most of what a
 * request costs in axios. What comes after is axios' own, or, where there are no interceptors and axios was seen to do it so (probe.ts),
 * done as axios does it (direct.ts).
 */
import axios, { type Axios, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import type { Send } from '../policies/dispatch';
import { isDirect, type Run, runDirect } from './direct';
import { preparer } from './prepare';
import { isAsWritten } from './probe';
import type { Values } from './template';

/** An interceptor as axios stores it. */
interface Interceptor {
  fulfilled: ((config: InternalAxiosRequestConfig) => unknown) | null | undefined;
  rejected: unknown;
  synchronous: boolean;
  runWhen: ((config: InternalAxiosRequestConfig) => boolean) | null;
}

interface Interceptors {
  readonly handlers?: readonly unknown[] | null;
  forEach(run: (interceptor: Interceptor) => void): void;
}

type Managers = Readonly<Record<'request' | 'response', Interceptors>>;

export function requestOf(instance: AxiosInstance): Send {
  const prepare = preparer(instance.defaults as unknown as Values);
  const interceptors = instance.interceptors as unknown as Managers;
  // The instance's own `request` is bound to the one that the prototype had when it was made: a tracer may have come since.
  const whole = axiosWith(instance);
  return (asked, { timeout, adapter }) => {
    const axiosOwn = look();
    const config = axiosOwn.request ? prepare(asked as Values) : undefined;
    if (!config) return whole.request({ ...asked, timeout, adapter });
    config.timeout = timeout;
    config.adapter = adapter;
    const isAlone = interceptors.request.handlers?.length === 0 && interceptors.response.handlers?.length === 0;
    if (isAlone && axiosOwn.inner && isDirect(config) && isAsWritten(runByAxios)) return runDirect(config);
    return standIn(config, interceptors).request(interceptors.request.handlers?.length ? TURNED : NOTHING);
  };
}

let seen = { functions: [] as unknown[], request: false, inner: false };

/**
 * Which of `request` and its inner part are still axios' own. A tracer may have patched one for all instances, and must see every request;
 * it hardly has these calls in its own source.
 */
function look(): { request: boolean; inner: boolean } {
  const { request, _request: inner } = axios.Axios.prototype as Axios & { _request?: unknown };
  if (seen.functions[0] !== request || seen.functions[1] !== inner)
    seen = {
      functions: [request, inner],
      request: isWritten(request, 'async request(', 'this._request('),
      inner: isWritten(inner, '_request(', 'this.interceptors.request.forEach('),
    };
  return seen;
}

function isWritten(one: unknown, beginning: string, inside: string): boolean {
  const source = typeof one === 'function' ? Function.prototype.toString.call(one) : '';
  return source.startsWith(beginning) && source.includes(inside);
}

const NONE: Interceptors = { forEach() {} };

const runByAxios: Run = (config) => standIn(config, { request: NONE, response: NONE }).request(NOTHING);

/** An instance without defaults, whose first request interceptor supplies the prepared config. */
function standIn(config: InternalAxiosRequestConfig, { request, response }: Managers): Axios {
  const first: Managers = { request: { forEach: (run) => beginWith(config, request, run) }, response };
  return axiosWith({ defaults: NOTHING, interceptors: first });
}

const axiosWith = ({ defaults, interceptors }: { defaults: object; interceptors: object }): Axios =>
  Object.assign(Object.create(axios.Axios.prototype), { defaults, interceptors });

const NOTHING = Object.freeze({});

/** Makes axios run request interceptors from last to first, whatever its defaults. */
const TURNED = { transitional: { legacyInterceptorReqResOrdering: true } };

function beginWith(config: InternalAxiosRequestConfig, interceptors: Interceptors, run: (interceptor: Interceptor) => void): void {
  const theirs: Interceptor[] = [];
  interceptors.forEach((one) => {
    if (typeof one.runWhen !== 'function' || one.runWhen(config) !== false) theirs.push({ ...one, runWhen: null });
  });
  if (!config.transitional?.legacyInterceptorReqResOrdering) theirs.reverse();
  for (const one of theirs) run(one);
  run({ fulfilled: () => config, rejected: undefined, synchronous: true, runWhen: null });
}
