/** The function that a client is, with its methods. */
import type { AxiosInstance } from 'axios';
import type { Request } from '../aliases';
import type { Client } from '../client-type';
import type { RequestConfig } from '../options';
import { define, describe } from '../util/define';

/** Makes a function of `request`, with these members, whose defaults and interceptors are the instance's. */
export function callable(request: Request, members: object, instance: AxiosInstance): Client {
  const client = ((url: string | RequestConfig, config?: RequestConfig) => request(url, config)) as unknown as Client;
  // Assignment would throw if somebody froze Function.prototype: axios has a `constructor` among its members.
  for (const name of Reflect.ownKeys(members)) define(client, name, Reflect.get(members, name), true);
  for (const name of ['defaults', 'interceptors'] as const) describe(client, name, shared(instance, name));
  return client;
}

/** A property that reads from and writes through to the instance. */
const shared = (instance: AxiosInstance, name: 'defaults' | 'interceptors'): PropertyDescriptor => ({
  enumerable: true,
  get: () => instance[name],
  set: (value) => Object.assign(instance, { [name]: value }),
});

/** Picks methods and binds them, so that they can be passed around on their own. */
export const methodsOf = <N extends string, T extends Record<N, (...args: never[]) => unknown>>(of: T, ...names: N[]): Pick<T, N> =>
  Object.fromEntries(names.map((name) => [name, of[name].bind(of)])) as Pick<T, N>;
