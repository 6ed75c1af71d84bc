/**
 * Goes through the user's axios instance: its defaults, interceptors and transforms do their part, once a call. Where axios would do
 * its I/O the rest of the pipeline stands.
 */
import type { AxiosInstance, AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import type { Call, Policy } from '../call';
import { mergeLimits } from '../options/timeout';

export const dispatch =
  (instance: AxiosInstance): Policy =>
  (next) =>
  async (call) => {
    const timeout = call.limits.total ?? 0;
    const adapter = call.request.adapter ?? instance.defaults.adapter;
    return instance.request({
      ...call.request,
      ...(call.bodyFactory && { data: await call.bodyFactory() }),
      timeout,
      adapter: async (config) => {
        if (config.timeout !== timeout) call.limits = mergeLimits(call.limits, config.timeout, 'timeout (set by an interceptor)');
        call.config = restore(config, call, adapter);
        const response = await next(call);
        response.config = config;
        return response;
      },
    });
  };

/** Puts back what was lifted off, so that a handler that repeats `error.config` repeats the same protected request. */
function restore(config: InternalAxiosRequestConfig, call: Call, adapter: AxiosRequestConfig['adapter']): InternalAxiosRequestConfig {
  for (const [name, value] of Object.entries(call.requested)) if (value !== undefined) Object.assign(config, { [name]: value });
  return Object.assign(config, { adapter });
}
