/** The client: an axios instance with the pipeline in its `request`. */
import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse, type CreateAxiosDefaults } from 'axios';
import { ambient, createTransport } from '#platform';
import { Call, type Observer } from './call';
import { now } from './clock';
import { Deadline } from './deadline';
import { badOption } from './errors';
import {
  type ClientConfig,
  checkPolicies,
  checkPolicyNames,
  DEFAULT_LIMITS,
  defaultDeadline,
  isTooTight,
  liftPolicies,
  mergeLimits,
  type Policies,
  type RequestConfig,
} from './options';
import { pipeline } from './pipeline';
import { type EventHandler, Events, type EventType } from './telemetry/events';
import { attemptRecord, callRecord } from './telemetry/record';
import type { Limits } from './words';

// biome-ignore-start lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
type Send<Rest extends unknown[]> = <T = any, R = AxiosResponse<T>, D = any>(
  url: string,
  ...rest: [...Rest, config?: RequestConfig<D>]
) => Promise<R>;
type Bodiless<M extends 'get' | 'delete' | 'head' | 'options'> = AxiosInstance[M] & Send<[]>;
type WithBody<M extends 'post' | 'put' | 'patch' | 'query' | 'postForm' | 'putForm' | 'patchForm'> = AxiosInstance[M] & Send<[data?: any]>;

/** An axios instance whose calls cannot hang. It shares defaults and interceptors with the instance it protects. */
export interface Client extends AxiosInstance {
  <T = any, R = AxiosResponse<T>, D = any>(config: RequestConfig<D>): Promise<R>;
  <T = any, R = AxiosResponse<T>, D = any>(url: string, config?: RequestConfig<D>): Promise<R>;
  request: AxiosInstance['request'] & (<T = any, R = AxiosResponse<T>, D = any>(config: RequestConfig<D>) => Promise<R>);
  get: Bodiless<'get'>;
  delete: Bodiless<'delete'>;
  head: Bodiless<'head'>;
  options: Bodiless<'options'>;
  post: WithBody<'post'>;
  put: WithBody<'put'>;
  patch: WithBody<'patch'>;
  query: WithBody<'query'>;
  postForm: WithBody<'postForm'>;
  putForm: WithBody<'putForm'>;
  patchForm: WithBody<'patchForm'>;
  /** A new client: this one's defaults and policies, with these over them. */
  create(config?: ClientConfig): Client;
  /** Listens to `attempt`, `call`, `timeout` or `'*'`. Returns what stops it. A handler that throws changes nothing. */
  on<T extends EventType | '*'>(type: T, handler: EventHandler<T>): () => void;
  /** Stops listening. */
  off<T extends EventType | '*'>(type: T, handler: EventHandler<T>): void;
  /** Closes the client's idle connections and takes no more calls (`ERR_CLOSED`). Calls in progress go on to their end. Idempotent. */
  close(): Promise<void>;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above.

/**
 * `axios.create(config)`, protected.
 *
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the option that cannot be meant
 */
export function createClient(config: ClientConfig = {}): Client {
  const [policies, rest] = liftPolicies(config);
  const limits = mergeLimits({}, policies.timeout);
  // The total lives where axios users look for it and set it: in defaults.timeout.
  const instance = axios.create({ ...rest, timeout: limits.total ?? 0 } as CreateAxiosDefaults);
  return protect(instance, { ...policies, timeout: withoutTotal(policies.timeout) });
}

function withoutTotal(timeout: Policies['timeout']): Policies['timeout'] {
  if (typeof timeout === 'number') return undefined;
  if (typeof timeout !== 'object' || Array.isArray(timeout)) return timeout;
  const { total: _, ...rest } = timeout as { total?: unknown };
  return rest;
}

/**
 * A protected view of an axios instance: it shares defaults and interceptors with the instance, which itself stays as it was.
 *
 * @param instance From `axios.create()`, or axios itself.
 * @param policies For every call of the client; a request's own go over them.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the option that cannot be meant
 */
export function protect(instance: AxiosInstance, policies: Policies = {}): Client {
  if (typeof instance !== 'function' || !instance.interceptors) throw badOption('protect', instance, 'It takes an axios instance.');
  checkPolicyNames(policies);
  checkPolicies(policies);
  const events = new Events();
  const transport = createTransport();
  const handle = pipeline(instance, transport.handle);
  const observer = observe(events);

  const limitsOf = (): Limits => mergeLimits(mergeLimits(DEFAULT_LIMITS, instance.defaults.timeout, 'defaults.timeout'), policies.timeout);
  warnIfTooTight(policies.deadline, limitsOf());

  const request = async (configOrUrl: string | RequestConfig, config?: RequestConfig): Promise<AxiosResponse> => {
    const startedAt = now();
    if (closed) throw new AxiosError('The client is closed: client.close() was called.', 'ERR_CLOSED');
    const [requested, rest] = liftPolicies(typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : { ...configOrUrl });
    checkPolicies(requested);
    const merged = { ...policies, ...defined(requested) };
    const limits = mergeLimits(limitsOf(), requested.timeout);
    const deadline = deadlineOf(merged.deadline, limits);
    return handle(new Call({ startedAt, request: rest as AxiosRequestConfig, requested, policies: merged, limits, deadline, observer }));
  };

  const create = (config: ClientConfig = {}): Client => {
    const [own, rest] = liftPolicies(config);
    const timeout = mergeLimits(limitsOf(), own.timeout);
    return protect(instance.create({ ...rest, timeout: timeout.total ?? 0 } as CreateAxiosDefaults), {
      ...policies,
      ...defined(own),
      timeout: withoutTotal({ connect: false, read: false, ...timeout }),
    });
  };

  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    await transport.close();
  };

  return Object.defineProperties(
    Object.assign((url: string | RequestConfig, config?: RequestConfig) => request(url, config), instance, aliases(request), {
      request,
      create,
      close,
      on: events.on.bind(events),
      off: events.off.bind(events),
    }),
    { defaults: shared(instance, 'defaults'), interceptors: shared(instance, 'interceptors') },
  ) as unknown as Client;
}

type Request = (configOrUrl: string | RequestConfig, config?: RequestConfig) => Promise<AxiosResponse>;

/** axios' shorthand methods, over our request. */
function aliases(request: Request): object {
  const bodiless = (method: string) => (url: string, config?: RequestConfig) => request({ ...config, method, url });
  const withBody = (method: string) => (url: string, data?: unknown, config?: RequestConfig) => request({ ...config, method, url, data });
  const withForm = (method: string) => (url: string, data?: unknown, config?: RequestConfig) =>
    request({ ...config, ...axios.mergeConfig({ headers: config?.headers ?? {} }, { headers: MULTIPART }), method, url, data });
  return {
    ...Object.fromEntries(['get', 'delete', 'head', 'options'].map((method) => [method, bodiless(method)])),
    ...Object.fromEntries(['post', 'put', 'patch', 'query'].map((method) => [method, withBody(method)])),
    ...Object.fromEntries(['post', 'put', 'patch'].map((method) => [`${method}Form`, withForm(method)])),
  };
}

const MULTIPART = { 'Content-Type': 'multipart/form-data' };

/** A property that is the instance's own, whoever sets it. */
const shared = (instance: AxiosInstance, name: 'defaults' | 'interceptors'): PropertyDescriptor => ({
  enumerable: true,
  get: () => instance[name],
  set: (value) => Object.assign(instance, { [name]: value }),
});

const defined = <T extends object>(policies: T): Partial<T> =>
  Object.fromEntries(Object.entries(policies).filter(([, value]) => value !== undefined)) as Partial<T>;

/** The call's own deadline within the one it was made under. */
function deadlineOf(deadline: Policies['deadline'], limits: Limits): Deadline | undefined {
  const enclosing = ambient.current();
  if (deadline === false) return enclosing;
  if (deadline instanceof Date) return new Deadline(deadline.getTime() - Date.now(), enclosing);
  if (typeof deadline === 'object') return new Deadline(enclosing ? enclosing.remaining : Infinity, deadline);
  return new Deadline(deadline ?? defaultDeadline(limits), enclosing);
}

function warnIfTooTight(deadline: Policies['deadline'], limits: Limits): void {
  if (!isTooTight(deadline, limits)) return;
  console.warn(
    `breakwater: a deadline of ${deadline} ms leaves the total of ${limits.total} ms no room. It should be 1-2 s wider, so that the total, which knows more, fires first.`,
  );
}

function observe(events: Events): Observer {
  return {
    attemptEnded: (call, attempt, end) => events.emit('attempt', () => attemptRecord(call, attempt, end)),
    callEnded: (call, end) => events.emit('call', () => callRecord(call, end)),
    timedOut: (call, attempt, error) =>
      events.emit('timeout', () =>
        attemptRecord(call, attempt, { outcome: 'timeout', elapsed: error.elapsed, error, status: attempt?.status }),
      ),
  };
}
