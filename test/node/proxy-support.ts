// For the tests of proxies: a proxy as axios' option, and an environment that names one for as long as a test runs.
import type { AxiosProxyConfig } from 'axios';
import type { Upstream } from '../lab/types.mjs';

const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** The `proxy` option for an upstream. */
export const through = ({ host, port }: Upstream, auth?: AxiosProxyConfig['auth']): AxiosProxyConfig => ({
  protocol: 'http',
  host,
  port,
  ...(auth ? { auth } : {}),
});

/** Runs with these proxy variables and no others, and puts back what there was. */
export async function withEnvironment<T>(values: Record<string, string>, run: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, values);
  try {
    return await run();
  } finally {
    for (const name of NAMES) delete process.env[name];
    for (const [name, value] of Object.entries(before)) if (value !== undefined) process.env[name] = value;
  }
}
