// The same requests through an instance of axios and through one of ours.
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { expect, vi } from 'vitest';
import { requestOf } from '../../src/instance/request';

/** What an adapter was given, or the error that came instead; and what axios warned of. */
interface Seen {
  config?: Record<string, unknown>;
  names?: string[];
  error?: unknown;
  warned: unknown[][];
}

export type Make = (instance: AxiosInstance) => (request: AxiosRequestConfig) => Promise<AxiosResponse>;
export type Change = (instance: AxiosInstance) => void;

export const stock: Make = (instance) => (request) => instance.request({ ...request, timeout: 7, adapter });
export const ours: Make = (instance) => {
  const own = requestOf(instance);
  const { request } = instance;
  instance.request = ((config: AxiosRequestConfig) => {
    anew++;
    return request(config);
  }) as typeof request;
  return (asked) => own(asked, { timeout: 7, adapter });
};

/** How often axios was left to merge it all. */
let anew = 0;
export const madeAnew = (): number => anew;

let seen: InternalAxiosRequestConfig | undefined;
const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
  seen = config;
  return { status: 200, statusText: 'OK', data: '{"a":1}', headers: { 'x-a': ' 1 ' } as never, config };
};

export async function send(request: () => Promise<AxiosResponse>): Promise<Seen> {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  seen = undefined;
  try {
    const { config: _, duration: __, ...answer } = (await request()) as AxiosResponse & { duration?: number };
    const config = seen as unknown as Record<string, unknown>;
    return {
      config: { ...config, answer },
      names: Object.getOwnPropertyNames(config).sort(),
      warned: warn.mock.calls,
    };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : error, warned: warn.mock.calls };
  } finally {
    warn.mockRestore();
  }
}

/** The same requests through both, each after a change of the instance. */
export async function bothWays(defaults: AxiosRequestConfig, steps: { change?: Change; request: AxiosRequestConfig }[]): Promise<void> {
  const instances = [stock, ours].map((make) => {
    const instance = axios.create(defaults as never);
    return { instance, request: make(instance) };
  });
  for (const { change, request: asked } of steps) {
    const results: Seen[] = [];
    for (const { instance, request } of instances) {
      change?.(instance);
      results.push(await send(() => request(asked)));
    }
    const [axios, own] = results;
    expect(own).toStrictEqual(axios);
    expect(Object.entries((own?.config?.headers as object) ?? {})).toEqual(Object.entries((axios?.config?.headers as object) ?? {}));
  }
}
