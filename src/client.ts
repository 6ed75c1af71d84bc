/** The client: an axios instance whose `request` runs the pipeline. */
import axios, { AxiosError, type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { ambient, createDiagnostics, createSender, createTransport, isSwitchedOff, requestOf } from '#platform';
import { aliases, type Request } from './aliases';
import { BeaconChannel } from './beacon/channel';
import { Drops } from './beacon/drops';
import { asAsked } from './call/outer';
import { callable, methodsOf } from './client/callable';
import { warnIfTooTight } from './client/deadline';
import { inherited, isClient, keepLimits, limitsBy } from './client/limits';
import { type Common, callOf, pass } from './client/request';
import type { Client } from './client-type';
import { now } from './clock';
import { badOption } from './errors/bad-option';
import {
  type ClientConfig,
  type ClientPolicies,
  checkPolicies,
  checkPolicyNames,
  liftPolicies,
  mergeSettings,
  type Policies,
} from './options';
import { type AlertSettings, alertSettings } from './options/alerts';
import { type BeaconOptions, type BeaconSettings, beaconSettings } from './options/beacon';
import { DEFAULT_BREAKER } from './options/breaker';
import { whole } from './options/check';
import { DEFAULT_LIMITS, mergeLimits } from './options/timeout';
import { pipeline } from './pipeline';
import { Breakers } from './policies/breaker';
import type { Send } from './policies/dispatch';
import { Events } from './telemetry/events';
import { observe } from './telemetry/observer';
import { watch } from './telemetry/watch';
import { contain } from './util/complain';
import { own } from './util/own';
import { promised } from './util/promised';

/**
 * `axios.create(config)`, protected.
 *
 * @param config axios' own options and {@link ClientPolicies}.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid option
 */
export function createClient(config: ClientConfig = {}): Client {
  return make(axios, config, true);
}

/**
 * A protected view of an axios instance: it shares defaults and interceptors with the instance, which itself stays as it was. A client may
 * be protected again: both clients' policies apply, and the inner client's attempt limits hold unless `policies` overrides them. A client
 * of another copy of this package is an instance like any other.
 *
 * @param instance From `axios.create()`, or axios itself. One of an older axios, whose types lack a method, needs a cast in TypeScript.
 * @param policies For every call of the client; a request's own are merged over them. Also the per-client options `beacons` and `alerts`.
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid option
 */
export function protect(instance: AxiosInstance, policies: ClientPolicies = {}): Client {
  return build(instance, whole('policies', policies));
}

/** What a client hands down to those it makes. */
interface Base extends Pick<Common, 'policies' | 'limits' | 'settings'> {
  readonly beacons: BeaconSettings;
  readonly alerts: AlertSettings | false;
}

/** A client of a new instance, whose total lives where axios users look for it and set it: in `defaults.timeout`. */
function make(by: Pick<AxiosInstance, 'create'>, config: ClientConfig, isOurs: boolean, base?: Base): Client {
  const { beacons, alerts, ...others } = whole('config', config);
  const [named, rest] = liftPolicies(others);
  const limits = mergeLimits(base?.limits() ?? DEFAULT_LIMITS, named.timeout);
  const instance = by.create({ ...rest, timeout: limits.total ?? 0 } as CreateAxiosDefaults);
  return build(instance, { ...base?.policies, ...named, timeout: inherited(limits), beacons, alerts }, isOurs, base);
}

/**
 * @param isOurs Whether nobody else can reach the instance or the one that created it, so that its `request` must be axios' own.
 * @param base Of the client whose `create()` is making this one.
 */
function build(instance: AxiosInstance, given: ClientPolicies, isOurs = false, base?: Base): Client {
  const { beacons, alerts, ...named } = own(given);
  const policies: Policies = own(named);
  if (typeof instance !== 'function' || !instance.interceptors) throw badOption('protect', instance, 'It takes an axios instance.');
  checkPolicyNames(policies);
  checkPolicies(policies);
  const events = new Events(createDiagnostics(), ambient.outside);
  const transport = createTransport();
  const limitsOf = limitsBy(instance, policies.timeout);
  const mine: Base & Common = {
    instance,
    observer: observe(events),
    policies,
    limits: limitsOf,
    settings: mergeSettings(base?.settings, policies),
    beacons: beaconSettings(beacons, base?.beacons),
    alerts: alertSettings(alerts, base?.alerts),
  };
  const breakers = new Breakers(mine.settings.breaker || DEFAULT_BREAKER, (event) => events.emit('breaker', () => event));
  const send: Send = (isOurs && requestOf?.(instance)) || ((asked, set) => instance.request({ ...asked, ...set }));
  const handle = pipeline(instance, send, isClient(instance), breakers, transport.handle);
  const channel = new BeaconChannel(mine.beacons, createSender(), new Drops((event) => events.emit('beacon', () => event)));
  const accept = channel.accept.bind(channel);
  const watched = watch(events, mine.alerts);
  let enabled = true;
  let closed = false;

  warnIfTooTight(policies.deadline, limitsOf());

  const begin: Request = (configOrUrl, config) => {
    const startedAt = now();
    if (closed) throw new AxiosError('The client is closed: client.close() was called.', 'ERR_CLOSED');
    const [requested, rest] = liftPolicies(
      asAsked(typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : configOrUrl, instance),
    );
    if (!enabled || isSwitchedOff()) return pass(mine, requested, rest);
    return handle(callOf(mine, requested, rest, startedAt));
  };

  const request: Request = (configOrUrl, config) => promised(begin, configOrUrl, config);

  const close = async (): Promise<void> => {
    closed = true;
    channel.close();
    watched.close();
    await transport.close();
  };

  const members = {
    ...instance,
    ...aliases(request),
    request,
    create: (config: ClientConfig = {}) => make(instance, config, isOurs, mine),
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
  };
  const client = callable(request, members, instance);
  keepLimits(client, limitsOf);
  return client;
}
