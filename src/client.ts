/** The client: an axios instance with the pipeline in its `request`. */
import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse, type CreateAxiosDefaults } from 'axios';
import { ambient, createDiagnostics, createSender, createTransport, isSwitchedOff } from '#platform';
import { aliases } from './aliases';
import { BeaconChannel, type BeaconStats } from './beacon/channel';
import { Drops } from './beacon/drops';
import { Call } from './call';
import { now } from './clock';
import { Deadline } from './deadline';
import { badOption } from './errors';
import {
  type ClientConfig,
  type ClientOptions,
  type ClientPolicies,
  checkPolicies,
  checkPolicyNames,
  defaultDeadline,
  isTooTight,
  liftPolicies,
  mergeSettings,
  NO_POLICIES,
  type Policies,
  type RequestConfig,
} from './options';
import { alertSettings } from './options/alerts';
import { type BeaconOptions, beaconSettings } from './options/beacon';
import { DEFAULT_BREAKER } from './options/breaker';
import { DEFAULT_LIMITS, mergeLimits } from './options/timeout';
import { pipeline } from './pipeline';
import { type BreakerSnapshot, Breakers } from './policies/breaker';
import { type EventHandler, Events, type EventType } from './telemetry/events';
import { observe } from './telemetry/observer';
import type { EndpointStats } from './telemetry/stats';
import { watch } from './telemetry/watch';
import type { Limits } from './words';

// biome-ignore-start lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
type Send<Rest extends unknown[]> = <T = any, R = AxiosResponse<T>, D = any>(
  url: string,
  ...rest: [...Rest, config?: RequestConfig<D>]
) => Promise<R>;
type Bodiless<M extends 'get' | 'delete' | 'head' | 'options'> = AxiosInstance[M] & Send<[]>;
type WithBody<M extends 'post' | 'put' | 'patch' | 'query' | 'postForm' | 'putForm' | 'patchForm'> = AxiosInstance[M] & Send<[data?: any]>;

/**
 * An axios instance whose calls cannot hang. It shares defaults and interceptors with the instance it protects. Its methods are axios',
 * and take {@link Policies} in a request's config.
 */
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
  /** The circuit breakers of the client's endpoints. */
  readonly breakers: {
    /** How an endpoint's breaker is; closed, where none has been needed yet. */
    get(endpoint: string): BreakerSnapshot;
    /** All that there are. */
    list(): BreakerSnapshot[];
    /** Cuts an endpoint off until what is returned is called. Several holds add up. */
    open(endpoint: string): () => void;
    /** Closes an endpoint's breaker; its counts begin anew. */
    close(endpoint: string): void;
    /** Forgets an endpoint's breaker, or all. */
    reset(endpoint?: string): void;
  };
  /**
   * Sends data that may be lost: analytics, logs. Never throws, never waits, is never in the way; timed out means dropped.
   *
   * @returns Whether it was accepted, not whether it arrives.
   */
  beacon(url: string, data?: unknown, options?: BeaconOptions): boolean;
  /** The channel of `beacon()`. */
  readonly beacons: {
    /** Sends what waits. True when all is gone, false after `timeout` milliseconds (500 by default). For SIGTERM and serverless. */
    flush(timeout?: number): Promise<boolean>;
    /** What waits, and what became of the others. */
    stats(): BeaconStats;
  };
  /** What was measured, per endpoint. */
  readonly stats: {
    /** `undefined` where nothing of the endpoint has ended yet. */
    get(endpoint: string): EndpointStats | undefined;
    /** Of all endpoints. */
    list(): EndpointStats[];
  };
  /** The kill switch: every policy a pass-through, until `enable()`. In Node the environment variable `BREAKWATER=off` does it for all clients. */
  disable(): void;
  /** Puts the policies in force again. */
  enable(): void;
  /** Listens to a type of event, or to `'*'`. Returns what stops it. A handler that throws changes nothing. */
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
 * @param config axios' own, and {@link ClientPolicies}.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the option that cannot be meant
 */
export function createClient({ beacons, alerts, ...config }: ClientConfig = {}): Client {
  const [policies, rest] = liftPolicies(config);
  const limits = mergeLimits({}, policies.timeout);
  // The total lives where axios users look for it and set it: in defaults.timeout.
  const instance = axios.create({ ...rest, timeout: limits.total ?? 0 } as CreateAxiosDefaults);
  return build(instance, { ...policies, timeout: withoutTotal(policies.timeout) }, { beacons, alerts });
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
 * @param policies For every call of the client; a request's own go over them. And what a client has one of: `beacons`, `alerts`.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the option that cannot be meant
 */
export function protect(instance: AxiosInstance, { beacons, alerts, ...policies }: ClientPolicies = {}): Client {
  return build(instance, policies, { beacons, alerts });
}

function build(instance: AxiosInstance, policies: Policies, options: ClientOptions): Client {
  if (typeof instance !== 'function' || !instance.interceptors) throw badOption('protect', instance, 'It takes an axios instance.');
  checkPolicyNames(policies);
  checkPolicies(policies);
  const events = new Events(createDiagnostics());
  const transport = createTransport();
  const settings = mergeSettings(undefined, policies);
  const breakers = new Breakers(settings.breaker || DEFAULT_BREAKER, (event) => events.emit('breaker', () => event));
  const handle = pipeline(instance, breakers, transport.handle);
  const observer = observe(events);
  const channel = new BeaconChannel(
    beaconSettings(options.beacons),
    createSender(),
    new Drops((event) => events.emit('beacon', () => event)),
  );
  const watched = watch(events, alertSettings(options.alerts));
  let enabled = true;

  const limitsOf = remembered(
    () => instance.defaults.timeout,
    (timeout): Limits => mergeLimits(mergeLimits(DEFAULT_LIMITS, timeout, 'defaults.timeout'), policies.timeout),
  );
  warnIfTooTight(policies.deadline, limitsOf());

  const request = async (configOrUrl: string | RequestConfig, config?: RequestConfig): Promise<AxiosResponse> => {
    const startedAt = now();
    if (closed) throw new AxiosError('The client is closed: client.close() was called.', 'ERR_CLOSED');
    const [requested, rest] = liftPolicies(typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : configOrUrl);
    if (!enabled || isSwitchedOff()) return instance.request({ ...(rest as AxiosRequestConfig), ...axiosTimeout(requested.timeout) });
    checkPolicies(requested);
    const merged = requested === NO_POLICIES ? policies : { ...policies, ...defined(requested) };
    const limits = mergeLimits(limitsOf(), requested.timeout);
    const deadline = deadlineOf(merged.deadline, limits);
    return handle(
      new Call({
        startedAt,
        request: rest as AxiosRequestConfig,
        requested,
        policies: merged,
        settings: mergeSettings(settings, requested),
        bodyFactory: typeof rest.data === 'function' ? rest.data : undefined,
        limits,
        deadline,
        observer,
      }),
    );
  };

  const create = ({ beacons = options.beacons, alerts = options.alerts, ...config }: ClientConfig = {}): Client => {
    const [own, rest] = liftPolicies(config);
    const timeout = mergeLimits(limitsOf(), own.timeout);
    const inherited = { ...policies, ...defined(own), timeout: withoutTotal({ connect: false, read: false, ...timeout }) };
    return build(instance.create({ ...rest, timeout: timeout.total ?? 0 } as CreateAxiosDefaults), inherited, { beacons, alerts });
  };

  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    channel.close();
    watched.close();
    await transport.close();
  };

  return Object.defineProperties(
    Object.assign((url: string | RequestConfig, config?: RequestConfig) => request(url, config), instance, aliases(request), {
      request,
      create,
      close,
      breakers: {
        get: (endpoint: string) => breakers.get(endpoint),
        list: () => breakers.list(),
        open: (endpoint: string) => breakers.open(endpoint),
        close: (endpoint: string) => breakers.close(endpoint),
        reset: (endpoint?: string) => breakers.reset(endpoint),
      },
      beacon: (url: string, data?: unknown, options: BeaconOptions = {}) => channel.accept(url, instance.defaults.baseURL, data, options),
      beacons: { flush: (timeout?: number) => channel.flush(timeout), stats: () => channel.stats() },
      stats: { get: (endpoint: string) => watched.statistics.get(endpoint), list: () => watched.statistics.list() },
      disable: () => {
        enabled = false;
      },
      enable: () => {
        enabled = true;
      },
      on: events.on.bind(events),
      off: events.off.bind(events),
    }),
    { defaults: shared(instance, 'defaults'), interceptors: shared(instance, 'interceptors') },
  ) as unknown as Client;
}

/** Made anew only where what it is made from has changed. */
function remembered<From, To>(from: () => From, make: (from: From) => To): () => To {
  let last: { from: From; to: To } | undefined;
  return () => {
    const now = from();
    if (!last || last.from !== now) last = { from: now, to: make(now) };
    return last.to;
  };
}

/** What axios itself can make of a timeout. */
const axiosTimeout = (timeout: Policies['timeout']): { timeout?: number } => (typeof timeout === 'number' ? { timeout } : {});

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
