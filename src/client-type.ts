/** The `Client` type: an axios instance whose methods take our options, plus what a client adds. */
import type { AxiosInstance, AxiosResponse } from 'axios';
import type { BeaconStats } from './beacon/stats';
import type { ClientConfig, RequestConfig } from './options';
import type { BeaconOptions } from './options/beacon';
import type { BreakerSnapshot } from './policies/breaker';
import type { FallbackResponse } from './policies/fallback';
import type { EventHandler, EventType } from './telemetry/events';
import type { EndpointStats } from './telemetry/stats';

// biome-ignore-start lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
/** axios' response. If a fallback supplied it, `fallback` says how, and `age` how old it is. */
export type ClientResponse<T = any> = AxiosResponse<T> & Partial<Pick<FallbackResponse, 'fallback' | 'age'>>;
// Our signatures come first, because an editor completes the options of the first overload.
type Bodiless<M extends 'get' | 'delete' | 'head' | 'options'> = (<T = any, R = ClientResponse<T>, D = any, P = any>(
  url: string,
  config?: RequestConfig<D, P>,
) => Promise<R>) &
  AxiosInstance[M];
type WithBody<M extends 'post' | 'put' | 'patch' | 'query' | 'postForm' | 'putForm' | 'patchForm'> = (<
  T = any,
  R = ClientResponse<T>,
  D = any,
  P = any,
>(
  url: string,
  data?: D,
  config?: RequestConfig<D, P>,
) => Promise<R>) &
  AxiosInstance[M];

/**
 * An axios instance whose calls cannot hang. It shares defaults and interceptors with the instance it protects. Its methods are axios'
 * own and accept {@link Policies} in the request config.
 */
export interface Client extends AxiosInstance {
  <T = any, R = ClientResponse<T>, D = any, P = any>(config: RequestConfig<D, P>): Promise<R>;
  <T = any, R = ClientResponse<T>, D = any, P = any>(url: string, config?: RequestConfig<D, P>): Promise<R>;
  request: (<T = any, R = ClientResponse<T>, D = any, P = any>(config: RequestConfig<D, P>) => Promise<R>) & AxiosInstance['request'];
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
  /** Creates a client with this one's defaults and policies, and these merged over them. */
  create(config?: ClientConfig): Client;
  /** The circuit breakers of the client's endpoints. */
  readonly breakers: {
    /** The state of an endpoint's breaker; a closed one if none has been needed yet. */
    get(endpoint: string): BreakerSnapshot;
    /** All breakers in memory. */
    list(): BreakerSnapshot[];
    /** Holds an endpoint's breaker open until the returned function is called; with several holds, until the last is released. */
    open(endpoint: string): () => void;
    /** Closes an endpoint's breaker, releases every hold on it and resets its counts. */
    close(endpoint: string): void;
    /** Forgets an endpoint's breaker, or all of them. */
    reset(endpoint?: string): void;
  };
  /**
   * Sends data that may be lost, such as analytics or logs. Never throws and never blocks; a beacon that times out is dropped.
   *
   * @returns Whether the beacon was accepted, not whether it arrives.
   */
  beacon(url: string, data?: unknown, options?: BeaconOptions): boolean;
  /** The channel behind `beacon()`. */
  readonly beacons: {
    /** Sends what is queued. True once all is drained, false after `timeout` milliseconds (500 by default). For SIGTERM and serverless. */
    flush(timeout?: number): Promise<boolean>;
    /** What is queued, and what became of the rest. */
    stats(): BeaconStats;
  };
  /** What was measured, per endpoint. */
  readonly stats: {
    /** One endpoint's statistics; `undefined` until one of its calls or attempts has ended, and if it is counted as `_OTHER`. */
    get(endpoint: string): EndpointStats | undefined;
    /** The statistics of all endpoints. */
    list(): EndpointStats[];
  };
  /**
   * The kill switch: makes every policy a pass-through until `enable()`. In Node the environment variable `BREAKWATER=off` does it for all
   * clients.
   */
  disable(): void;
  /** Puts the policies back in force. */
  enable(): void;
  /**
   * Listens to a type of event, or to all with `'*'`. Returns a function that stops listening. A handler that throws affects nothing else.
   *
   * @throws AxiosError `ERR_BAD_OPTION_VALUE` if there is no such event
   */
  on<T extends EventType | '*'>(type: T, handler: EventHandler<T>): () => void;
  /** Stops listening. */
  off<T extends EventType | '*'>(type: T, handler: EventHandler<T>): void;
  /**
   * Closes the client's idle connections and refuses further calls (`ERR_CLOSED`). Calls in flight run to their end. Beacons are dropped,
   * unless they were flushed first, and alerts that fire are resolved. Idempotent.
   */
  close(): Promise<void>;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above.
