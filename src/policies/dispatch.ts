/**
 * Goes through the user's axios instance: its defaults, interceptors and transforms do their part, once per call. Where axios would do
 * its I/O, the rest of the pipeline runs.
 */
import type { AxiosAdapter, AxiosInstance, AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Call, Policy } from '../call';
import { isOuter, mark } from '../call/outer';
import { bodyOf } from '../errors';
import { mergeLimits } from '../options/timeout';
import { contain } from '../util/complain';
import { discard, discardUnless, endUnread } from '../util/discard';
import { promised } from '../util/promised';

/** Sends a request through the instance; `set` overrides `request`. */
export type Send = (request: AxiosRequestConfig, set: { timeout: number; adapter: AxiosAdapter }) => Promise<AxiosResponse>;

/** @param isClient Whether the instance is a client of ours: left to it, the total of an attempt would be that of all attempts together. */
export const dispatch =
  (instance: AxiosInstance, send: Send, isClient: boolean): Policy =>
  (next) => {
    const begin = (call: Call, data?: { data: unknown }): Promise<AxiosResponse> => {
      const timeout = call.limits.total ?? 0;
      const { adapter: given = instance.defaults.adapter } = call.request; // as axios merges them: `null` is not the default
      let sent: Promise<AxiosResponse>;
      const adapter = (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
        const total = config.timeout;
        if (total !== timeout) call.limits = mergeLimits(call.limits, total, 'timeout (set by an interceptor)');
        call.config = restore(config, call, given);
        if (isOuter(given)) {
          Object.assign(call.config, { timeout: total }); // handed on
          call.limits = mergeLimits(call.limits, { total: false });
        }
        if (data) call.noteBody(data.data);
        const answer = next(call);
        if (config.responseType === 'stream') hold(call, answer, () => sent);
        return answer;
      };
      mark(adapter, { call, of: isClient && instance, inPlaceOf: given, timeout, body: data?.data });
      sent = promised(send, data ? { ...call.request, ...data } : call.request, { timeout, adapter }); // it may be another's `request`
      return sent;
    };
    const sendMade = async (call: Call): Promise<AxiosResponse> => {
      if (call.ended) throw call.ended; // before there is a body to show to interceptors
      const data = await call.bodyFactory?.();
      try {
        return await begin(call, { data });
      } catch (error) {
        for (const made of [data, call.config?.data]) call.whenOver(() => discard(made)); // the first body, and the last
        throw error;
      } finally {
        // Repeating this config makes a fresh body.
        call.replaceBody(call.bodyFactory);
      }
    };
    return (call) => (call.bodyFactory ? sendMade(call) : begin(call));
  };

/**
 * Releases a stream that an interceptor or transform loses by failing, or holds when the call is ended from outside: left open, it would
 * keep its connection and its place in the concurrency limit.
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

/** Puts back what was lifted off, so that a handler that repeats `error.config` repeats the same protected request. */
function restore(config: InternalAxiosRequestConfig, call: Call, adapter: AxiosRequestConfig['adapter']): InternalAxiosRequestConfig {
  return Object.assign(config, call.requested, { adapter: Array.isArray(adapter) ? [...adapter] : adapter });
}
