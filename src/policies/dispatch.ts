/**
 * Goes through the user's axios instance: its defaults, interceptors and transforms do their part, once a call. Where axios would do
 * its I/O the rest of the pipeline stands.
 */
import type { AxiosAdapter, AxiosInstance, AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Call, Policy } from '../call';
import { mergeLimits } from '../options/timeout';
import { contain } from '../util/complain';
import { bodyOf, discard, discardUnless, endUnread } from '../util/discard';

/** Sends a request by the instance. What is set goes over what is asked for. */
export type Send = (request: AxiosRequestConfig, set: { timeout: number; adapter: AxiosAdapter }) => Promise<AxiosResponse>;

export const dispatch =
  (instance: AxiosInstance, send: Send): Policy =>
  (next) => {
    const begin = (call: Call, data?: { data: unknown }): Promise<AxiosResponse> => {
      const timeout = call.limits.total ?? 0;
      const given = call.request.adapter ?? instance.defaults.adapter;
      let sent: Promise<AxiosResponse>;
      const adapter = (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
        if (config.timeout !== timeout) call.limits = mergeLimits(call.limits, config.timeout, 'timeout (set by an interceptor)');
        call.config = restore(config, call, given);
        const answer = next(call);
        if (config.responseType === 'stream') hold(call, answer, () => sent);
        return answer;
      };
      sent = promised(() => send(data ? { ...call.request, ...data } : call.request, { timeout, adapter }));
      return sent;
    };
    const sendMade = async (call: Call): Promise<AxiosResponse> => {
      if (call.ended) throw call.ended; // there is no body to be shown to interceptors
      const data = await call.bodyFactory?.();
      try {
        return await begin(call, { data });
      } catch (error) {
        for (const made of [data, call.config?.data]) call.whenOver(() => discard(made)); // the first, and the last
        throw error;
      } finally {
        // Whoever repeats the config has the body made anew.
        if (call.config) call.config.data = call.bodyFactory;
      }
    };
    return (call) => (call.bodyFactory ? sendMade(call) : begin(call));
  };

/**
 * What an interceptor, or a transform, loses by failing, or holds when the call is ended over its head, is let go of: left open it would keep its
 * connection, and its place among the concurrent.
 */
function hold(call: Call, answer: Promise<AxiosResponse>, sent: () => Promise<AxiosResponse>): void {
  const until = (body: unknown): void => {
    call.onEnd(({ ended }) => endUnread(body, ended));
    sent().catch((error) => contain(discardUnless, error, body));
  };
  answer.then(
    (response) => contain(() => until(response?.data)),
    (error) => contain(() => until(bodyOf(error))),
  );
}

/** What an instance does whose `request` is not axios' own: it may throw at once, or answer without a promise. */
function promised<T>(run: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Puts back what was lifted off, so that a handler that repeats `error.config` repeats the same protected request. */
function restore(config: InternalAxiosRequestConfig, call: Call, adapter: AxiosRequestConfig['adapter']): InternalAxiosRequestConfig {
  return Object.assign(config, call.requested, { adapter: Array.isArray(adapter) ? [...adapter] : adapter });
}
