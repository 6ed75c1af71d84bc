/** The `Client` type: an axios instance whose methods take our options, plus what a client adds. */
import type { AxiosInstance, AxiosResponse, AxiosResponseDefault } from 'axios';
import type { BeaconStats } from './beacon/stats';
import type { ClientConfig, RequestConfig } from './options';
import type { BeaconOptions } from './options/beacon';
import type { BreakerSnapshot } from './policies/breaker';
import type { FallbackResponse } from './policies/fallback';
import type { EventHandler, EventType } from './telemetry/events';
import type { EndpointStats } from './telemetry/stats';

// biome-ignore-start lint/suspicious/noExplicitAny: axios' own type parameters default to any, and a Client must fit an AxiosInstance.
/** axios' response. If a fallback supplied it, `fallback` says how, and `age` how old it is. */
// biome-ignore lint/complexity/noBannedTypes: axios' own default, of the type of headers.
export type ClientResponse<T = any, D = any, P = any> = AxiosResponse<T, D, {}, P> & Partial<Pick<FallbackResponse, 'fallback' | 'age'>>;
/** `any`, named for the response as a whole, is `any`. */
type Result<T, R, D, P> = Promise<R extends AxiosResponseDefault ? ClientResponse<T, D, P> : R>;
/** Rules the first signature out where a type is named for the response as a whole. A constraint of `R` would make `Client | AxiosInstance` no callable. */
type Unnamed<R> = R extends AxiosResponseDefault ? unknown : never;
// Each has a second signature, for a type that is named for the response as a whole, which is what a call gives, be it a type parameter of a
// wrapper's. A lone one TypeScript would hold against axios' type parameter by type parameter, and the `AxiosResponseDefault` of axios'
// declarations for CommonJS, which libraries such as axios-mock-adapter mean, is another type.
interface ByConfig {
  <T = any, R = AxiosResponseDefault, D = any, P = any>(this: Unnamed<R>, config: RequestConfig<D, P>): Result<T, R, D, P>;
  <T = any, R = ClientResponse<T>, D = any, P = any>(config: RequestConfig<D, P>): Promise<R>;
}
interface Bodiless {
  <T = any, R = AxiosResponseDefault, D = any, P = any>(this: Unnamed<R>, url: string, config?: RequestConfig<D, P>): Result<T, R, D, P>;
  <T = any, R = ClientResponse<T>, D = any, P = any>(url: string, config?: RequestConfig<D, P>): Promise<R>;
}
interface WithBody {
  <T = any, R = AxiosResponseDefault, D = any, P = any>(
    this: Unnamed<R>,
    url: string,
    data?: D,
    config?: RequestConfig<D, P>,
  ): Result<T, R, D, P>;
  <T = any, R = ClientResponse<T>, D = any, P = any>(url: string, data?: D, config?: RequestConfig<D, P>): Promise<R>;
}
/** They take all that axios' own take, which are no overloads here: `Parameters<Client['get']>` would be theirs, without our options. */
interface Methods {
  request: ByConfig;
  get: Bodiless;
  delete: Bodiless;
  head: Bodiless;
  options: Bodiless;
  post: WithBody;
  put: WithBody;
  patch: WithBody;
  query: WithBody;
  postForm: WithBody;
  putForm: WithBody;
  patchForm: WithBody;
}

/**
 * An axios instance whose calls cannot hang. It shares defaults and interceptors with the instance it protects. Its methods are axios'
 * own and accept {@link Policies} in the request config.
 */
export interface Client extends Omit<AxiosInstance, keyof Methods | 'create' | 'getUri'>, Methods, ByConfig, Bodiless {
  /** The URL of a request, without sending it. */
  getUri(config?: RequestConfig): string;
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
   * The kill switch: makes every policy a pass-through until `enable()`. Calls then make no events. In Node the environment variable
   * `BREAKWATER=off` does it for all clients.
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
   * Closes the client's idle connections and refuses further calls (`ERR_CLOSED`). Calls in flight run to their end; it does not wait for
   * them. Beacons are dropped, unless they were flushed first, and alerts that fire are resolved. Idempotent.
   */
  close(): Promise<void>;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above.
