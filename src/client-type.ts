/** What a client is: an axios instance, with our options at each method and what a client has beside it. */
import type { AxiosInstance, AxiosResponse } from 'axios';
import type { BeaconStats } from './beacon/channel';
import type { ClientConfig, RequestConfig } from './options';
import type { BeaconOptions } from './options/beacon';
import type { BreakerSnapshot } from './policies/breaker';
import type { EventHandler, EventType } from './telemetry/events';
import type { EndpointStats } from './telemetry/stats';

// biome-ignore-start lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
type Bodiless<M extends 'get' | 'delete' | 'head' | 'options'> = AxiosInstance[M] &
  (<T = any, R = AxiosResponse<T>, D = any>(url: string, config?: RequestConfig<D>) => Promise<R>);
type WithBody<M extends 'post' | 'put' | 'patch' | 'query' | 'postForm' | 'putForm' | 'patchForm'> = AxiosInstance[M] &
  (<T = any, R = AxiosResponse<T>, D = any>(url: string, data?: D, config?: RequestConfig<D>) => Promise<R>);

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
  /**
   * Listens to a type of event, or to `'*'`. Returns what stops it. A handler that throws changes nothing.
   *
   * @throws AxiosError `ERR_BAD_OPTION_VALUE` where there is no such event
   */
  on<T extends EventType | '*'>(type: T, handler: EventHandler<T>): () => void;
  /** Stops listening. */
  off<T extends EventType | '*'>(type: T, handler: EventHandler<T>): void;
  /** Closes the client's idle connections and takes no more calls (`ERR_CLOSED`). Calls in progress go on to their end. Idempotent. */
  close(): Promise<void>;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above.
