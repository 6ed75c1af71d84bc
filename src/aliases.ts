/** axios' shorthand methods (`get`, `post`, …), built on our own `request`. */
import axios, { type AxiosResponse } from 'axios';
import type { RequestConfig } from './options';
import { own } from './util/own';

export type Request = (configOrUrl: string | RequestConfig, config?: RequestConfig) => Promise<AxiosResponse>;

const MULTIPART = { 'Content-Type': 'multipart/form-data' };

export function aliases(request: Request): object {
  const methods = own<Record<string, (url: string, ...rest: never[]) => Promise<AxiosResponse>>>({});
  for (const method of ['get', 'delete', 'head', 'options'])
    methods[method] = (url, config?: RequestConfig) => request({ ...config, method, url });
  for (const method of ['post', 'put', 'patch', 'query'])
    methods[method] = (url, data?: unknown, config?: RequestConfig) => request({ ...config, method, url, data });
  for (const method of ['post', 'put', 'patch'])
    methods[`${method}Form`] = (url, data?: unknown, config?: RequestConfig) =>
      request({ ...config, ...axios.mergeConfig({ headers: config?.headers ?? {} }, { headers: MULTIPART }), method, url, data });
  return methods;
}
