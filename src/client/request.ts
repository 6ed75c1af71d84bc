/** What becomes of a request: a call of the client's, or, while its policies are off, a request of plain axios. */
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { Call, type Observer } from '../call';
import { checkPolicies, mergeSettings, NO_POLICIES, type Policies, type RequestConfig, type Settings } from '../options';
import { mergeLimits } from '../options/timeout';
import { own } from '../util/own';
import type { Limits } from '../words';
import { deadlineOf } from './deadline';
import { axiosTimeout } from './limits';

/** What all requests of a client have in common. */
export interface Common {
  readonly instance: AxiosInstance;
  readonly observer: Observer;
  readonly policies: Policies;
  readonly limits: () => Limits;
  readonly settings: Settings;
}

/**
 * The call of a request, by the client's policies with its own merged over them.
 *
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` naming the invalid policy
 */
export function callOf(common: Common, requested: Policies, request: RequestConfig, startedAt: number): Call {
  const isPlain = requested === NO_POLICIES;
  if (!isPlain) checkPolicies(requested);
  const policies = isPlain ? common.policies : own({ ...common.policies, ...requested });
  const limits = mergeLimits(common.limits(), requested.timeout);
  return new Call({
    startedAt,
    request: request as AxiosRequestConfig,
    merged: () => mergedWith(common.instance, request as AxiosRequestConfig),
    requested,
    policies,
    settings: mergeSettings(common.settings, requested),
    bodyFactory: typeof request.data === 'function' ? request.data : undefined,
    limits,
    deadline: deadlineOf(policies.deadline, limits),
    observer: common.observer,
  });
}

/** Merges as axios does. It cannot merge a config with a circular reference, which is returned as it is. */
function mergedWith(instance: AxiosInstance, request: AxiosRequestConfig): AxiosRequestConfig {
  try {
    return axios.mergeConfig(instance.defaults as AxiosRequestConfig, request);
  } catch {
    return request;
  }
}

/** Sends the request without policies, as plain axios would. */
export const pass = async ({ instance, policies }: Common, requested: Policies, { data, ...rest }: RequestConfig): Promise<AxiosResponse> =>
  instance.request({
    ...(rest as AxiosRequestConfig),
    ...(data !== undefined && { data: typeof data === 'function' ? await data() : data }),
    ...axiosTimeout(policies.timeout), // set by `protect`; the instance's own may differ or be missing
    ...axiosTimeout(requested.timeout),
  });
