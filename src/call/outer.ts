/** What a client puts in place of the adapter of a request, and how to tell it from one of the user's. */
import type { AxiosRequestConfig } from 'axios';
import type { Call } from '../call';
import type { RequestConfig } from '../options';

/** On an adapter by which a client has its part of a call run. */
interface Mark {
  readonly call: Call;
  /** The client that it protects, if it protects one: the limits of an attempt are its own to enforce then. */
  readonly of: object | false;
  /** The adapter of the request or the instance. */
  readonly inPlaceOf: AxiosRequestConfig['adapter'];
  /** What was put in place of the `timeout` of the request. */
  readonly timeout: number;
  /** What its factory of bodies made, if it has one. */
  readonly body: unknown;
}

/** A property: one entry per call in a WeakMap would cost a hundred times as much. */
const MARK = /* @__PURE__ */ Symbol('call');

type Marked = { [MARK]?: Mark } | null | undefined;

const markOf = (adapter: unknown): Mark | undefined => (adapter as Marked)?.[MARK];

export function mark(adapter: object, as: Mark): void {
  (adapter as NonNullable<Marked>)[MARK] = as;
}

export const isOuter = (adapter: unknown): boolean => Boolean(markOf(adapter)?.of);

/**
 * The config of a repeat. One that a handler kept may have the adapter of a call that is over, and lack what it asked of us. In it are also
 * those of the clients between, if it was kept below them.
 *
 * @param of What the client protects.
 */
export function asAsked(config: RequestConfig, of: object): RequestConfig {
  const mark = markOf(config?.adapter);
  if (!mark) return config;
  const { requested, bodyFactory } = mark.call;
  const again = { ...requested, ...config, adapter: mark.inPlaceOf } as RequestConfig;
  if (again.timeout === mark.timeout) again.timeout = requested.timeout;
  if (bodyFactory && again.data === mark.body) again.data = bodyFactory;
  const asked = asAsked(again, of);
  const isAnothers = mark.of && mark.of !== of;
  return isAnothers && asked === again ? config : asked;
}

/** Makes the config of an error one to repeat: axios itself refuses what was aborted before it came to the adapter, with ours in it. */
export function restoreIn(error: unknown, call: Call): void {
  const config = (error as { config?: RequestConfig } | null | undefined)?.config as RequestConfig;
  const mark = markOf(config?.adapter);
  if (mark?.call === call) Object.assign(config, asAsked(config, mark.of as object), { timeout: config.timeout }, call.requested);
}
