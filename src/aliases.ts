/** axios' shorthand methods, over a request of ours. */
import axios, { type AxiosResponse } from 'axios';
import type { RequestConfig } from './options';

export type Request = (configOrUrl: string | RequestConfig, config?: RequestConfig) => Promise<AxiosResponse>;

export function aliases(request: Request): object {
  const bodiless = (method: string) => (url: string, config?: RequestConfig) => request({ ...config, method, url });
  const withBody = (method: string) => (url: string, data?: unknown, config?: RequestConfig) => request({ ...config, method, url, data });
  const withForm = (method: string) => (url: string, data?: unknown, config?: RequestConfig) =>
    request({ ...config, ...axios.mergeConfig({ headers: config?.headers ?? {} }, { headers: MULTIPART }), method, url, data });
  return {
    ...Object.fromEntries(['get', 'delete', 'head', 'options'].map((method) => [method, bodiless(method)])),
    ...Object.fromEntries(['post', 'put', 'patch', 'query'].map((method) => [method, withBody(method)])),
    ...Object.fromEntries(['post', 'put', 'patch'].map((method) => [`${method}Form`, withForm(method)])),
  };
}

const MULTIPART = { 'Content-Type': 'multipart/form-data' };
