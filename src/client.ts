/** The client: an axios instance whose `request` runs the pipeline. */
import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse, type CreateAxiosDefaults } from 'axios';
import { ambient, createDiagnostics, createSender, createTransport, isSwitchedOff, requestOf } from '#platform';
import { aliases } from './aliases';
import { BeaconChannel } from './beacon/channel';
import { Drops } from './beacon/drops';
import { Call } from './call';
import type { Client } from './client-type';
import { now } from './clock';
import { Deadline } from './deadline';
import { badOption } from './errors/bad-option';
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
  type Settings,
} from './options';
import { type AlertSettings, alertSettings } from './options/alerts';
import { type BeaconOptions, type BeaconSettings, beaconSettings } from './options/beacon';
import { DEFAULT_BREAKER } from './options/breaker';
import { DEFAULT_LIMITS, mergeLimits, type TimeoutOptions } from './options/timeout';
import { pipeline } from './pipeline';
import { Breakers } from './policies/breaker';
import type { Send } from './policies/dispatch';
import { Events } from './telemetry/events';
import { observe } from './telemetry/observer';
import { watch } from './telemetry/watch';
import { contain } from './util/complain';
import { own } from './util/own';
import { LIMIT_NAMES, type Limits } from './words';

/**
 * `axios.create(config)`, protected.
 *
 * @param config axios' own options and {@link ClientPolicies}.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid option
 */
export function createClient(config: ClientConfig = {}): Client {
  const { beacons, alerts, ...others } = own(config);
  const [policies, rest] = liftPolicies(others);
  const limits = mergeLimits(own({}), policies.timeout);
  // The total lives where axios users look for it and set it: in defaults.timeout.
  const instance = axios.create({ ...rest, timeout: limits.total ?? 0 } as CreateAxiosDefaults);
  return build(instance, { ...policies, timeout: withoutTotal(policies.timeout) }, { beacons, alerts }, true);
}

const ALL_OFF: TimeoutOptions = /* @__PURE__ */ Object.fromEntries(/* @__PURE__ */ LIMIT_NAMES.map((name) => [name, false]));

function withoutTotal(timeout: Policies['timeout']): Policies['timeout'] {
  if (typeof timeout === 'number') return undefined;
  if (timeout === false) return withoutTotal(ALL_OFF);
  if (typeof timeout !== 'object' || Array.isArray(timeout)) return timeout;
  const { total: _, ...rest } = timeout as { total?: unknown };
  return rest;
}

/**
 * A protected view of an axios instance: it shares defaults and interceptors with the instance, which itself stays as it was. A client may
 * be protected again: both have their policies, and of the limits of an attempt the inner's hold but for those that are named anew.
 *
 * @param instance From `axios.create()`, or axios itself.
 * @param policies For every call of the client; a request's own are merged over them. Also the per-client options `beacons` and `alerts`.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid option
 */
export function protect(instance: AxiosInstance, policies: ClientPolicies = {}): Client {
  const { beacons, alerts, ...others } = own(policies);
  return build(instance, others, { beacons, alerts });
}

/** What a client hands down to those it makes. */
interface Base {
  readonly settings: Settings;
  readonly beacons: BeaconSettings;
  readonly alerts: AlertSettings | false;
}

/** The limits of each client, so that they still apply when it is protected again: the outer client does the I/O, and only it sees the phases. */
const limitsOfClients = /* @__PURE__ */ new WeakMap<object, () => Limits>();

/**
 * @param isOurs Whether nobody else can reach the instance or the one that created it, so that its `request` must be axios' own.
 * @param base The settings of the client whose `create()` is making this one.
 */
function build(instance: AxiosInstance, given: Policies, options: ClientOptions, isOurs = false, base?: Base): Client {
  const policies = own(given);
  if (typeof instance !== 'function' || !instance.interceptors) throw badOption('protect', instance, 'It takes an axios instance.');
  checkPolicyNames(policies);
  checkPolicies(policies);
  const events = new Events(createDiagnostics(), ambient.outside);
  const transport = createTransport();
  const settings = mergeSettings(base?.settings, policies);
  const beacons = beaconSettings(options.beacons, base?.beacons);
  const alerts = alertSettings(options.alerts, base?.alerts);
  const breakers = new Breakers(settings.breaker || DEFAULT_BREAKER, (event) => events.emit('breaker', () => event));
  const send: Send = (isOurs && requestOf?.(instance)) || ((asked, set) => instance.request({ ...asked, ...set }));
  const handle = pipeline(instance, send, breakers, transport.handle);
  const observer = observe(events);
  const channel = new BeaconChannel(beacons, createSender(), new Drops((event) => events.emit('beacon', () => event)));
  const accept = channel.accept.bind(channel);
  const watched = watch(events, alerts);
  let enabled = true;

  const limitsOf = remembered(
    () => instance.defaults.timeout,
    (timeout): Limits => {
      const before = limitsOfClients.get(instance)?.() ?? mergeLimits(DEFAULT_LIMITS, timeout, 'defaults.timeout');
      return mergeLimits(before, policies.timeout);
    },
  );
  warnIfTooTight(policies.deadline, limitsOf());

  /** Sends the request without policies, as plain axios would. */
  const pass = async (requested: Policies, { data, ...rest }: RequestConfig): Promise<AxiosResponse> =>
    instance.request({
      ...(rest as AxiosRequestConfig),
      ...(data !== undefined && { data: typeof data === 'function' ? await data() : data }),
      ...axiosTimeout(policies.timeout), // set by `protect`; the instance's own may differ or be missing
      ...axiosTimeout(requested.timeout),
    });

  const begin = (config: RequestConfig): Promise<AxiosResponse> => {
    const startedAt = now();
    if (closed) throw new AxiosError('The client is closed: client.close() was called.', 'ERR_CLOSED');
    const [requested, rest] = liftPolicies(config);
    if (!enabled || isSwitchedOff()) return pass(requested, rest);
    const isPlain = requested === NO_POLICIES;
    if (!isPlain) checkPolicies(requested);
    const merged = isPlain ? policies : own({ ...policies, ...requested });
    const limits = mergeLimits(limitsOf(), requested.timeout);
    return handle(
      new Call({
        startedAt,
        request: rest as AxiosRequestConfig,
        merged: () => mergedWith(instance, rest as AxiosRequestConfig),
        requested,
        policies: merged,
        settings: isPlain ? settings : mergeSettings(settings, requested),
        bodyFactory: typeof rest.data === 'function' ? rest.data : undefined,
        limits,
        deadline: deadlineOf(merged.deadline, limits),
        observer,
      }),
    );
  };

  const request = (configOrUrl: string | RequestConfig, config?: RequestConfig): Promise<AxiosResponse> => {
    try {
      return begin(typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : configOrUrl);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  const create = (given: ClientConfig = {}): Client => {
    const { beacons: channel, alerts: alerting, ...config } = own(given);
    const [named, rest] = liftPolicies(config);
    const timeout = mergeLimits(limitsOf(), named.timeout);
    const inherited = { ...policies, ...named, timeout: withoutTotal({ ...ALL_OFF, ...timeout }) };
    const made = instance.create({ ...rest, timeout: timeout.total ?? 0 } as CreateAxiosDefaults);
    return build(made, inherited, { beacons: channel, alerts: alerting }, isOurs, { settings, beacons, alerts });
  };

  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    channel.close();
    watched.close();
    await transport.close();
  };

  const client = Object.defineProperties(
    Object.assign((url: string | RequestConfig, config?: RequestConfig) => request(url, config), instance, aliases(request), {
      request,
      create,
      close,
      breakers: methodsOf(breakers, 'get', 'list', 'open', 'close', 'reset'),
      beacon: (url: string, data?: unknown, options: BeaconOptions = {}) => contain(accept, url, instance.defaults, data, options) ?? false,
      beacons: methodsOf(channel, 'flush', 'stats'),
      stats: methodsOf(watched.statistics, 'get', 'list'),
      disable: () => {
        enabled = false;
      },
      enable: () => {
        enabled = true;
      },
      ...methodsOf(events, 'on', 'off'),
    }),
    { defaults: shared(instance, 'defaults'), interceptors: shared(instance, 'interceptors') },
  ) as unknown as Client;
  limitsOfClients.set(client, limitsOf);
  return client;
}

/** Caches the last result, and recomputes it only when its input changes. */
function remembered<From, To>(from: () => From, make: (from: From) => To): () => To {
  let last: { from: From; to: To } | undefined;
  return () => {
    const now = from();
    if (!last || last.from !== now) last = { from: now, to: make(now) };
    return last.to;
  };
}

/** The part of a timeout that axios itself understands, its total. axios writes "none" as 0. */
function axiosTimeout(timeout: Policies['timeout']): { timeout?: number } {
  const total = typeof timeout === 'object' ? own(timeout as { total?: unknown }).total : timeout;
  if (total === false || total === Infinity) return { timeout: 0 };
  return typeof total === 'number' ? { timeout: total } : {};
}

/** Merges as axios does. It cannot merge a config with a circular reference, which is returned as it is. */
function mergedWith(instance: AxiosInstance, request: AxiosRequestConfig): AxiosRequestConfig {
  try {
    return axios.mergeConfig(instance.defaults as AxiosRequestConfig, request);
  } catch {
    return request;
  }
}

/** Picks methods and binds them, so that they can be passed around on their own. */
const methodsOf = <N extends string, T extends Record<N, (...args: never[]) => unknown>>(of: T, ...names: N[]): Pick<T, N> =>
  Object.fromEntries(names.map((name) => [name, of[name].bind(of)])) as Pick<T, N>;

/** A property that reads from and writes through to the instance. */
const shared = (instance: AxiosInstance, name: 'defaults' | 'interceptors'): PropertyDescriptor =>
  own({ enumerable: true, get: () => instance[name], set: (value) => Object.assign(instance, { [name]: value }) });

/** The call's own deadline, capped by the one it was made under. */
function deadlineOf(deadline: Policies['deadline'], limits: Limits): Deadline | undefined {
  const enclosing = ambient.current();
  if (deadline === false) return enclosing && new Deadline(Infinity, enclosing); // its budget is what the enclosing one has left
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
