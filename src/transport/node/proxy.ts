/** Which proxy a hop goes through: axios' `proxy` option, else the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY), as axios reads them. */
import type { Agent } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { AxiosError, type AxiosProxyConfig } from 'axios';
import type { RequestOptions } from './hop';

export interface ProxyServer {
  host: string;
  port: number;
  /** Whether the proxy itself is spoken to over TLS. */
  secure: boolean;
  /** `user:password` */
  auth?: string | undefined;
}

export const proxyKey = ({ secure, host, port, auth }: ProxyServer): string => `${secure}|${host}|${port}|${auth ?? ''}`;

/** The proxy for a hop, or none. */
export function proxyFor(
  protocol: 'http:' | 'https:',
  target: RequestOptions,
  option: AxiosProxyConfig | false | undefined,
  agent: Agent,
): ProxyServer | undefined {
  if (option === false) return undefined;
  if (option) return fromOption(option);
  // An agent that proxies by itself (Node's proxyEnv, https-proxy-agent) is left to it.
  if ('proxy' in agent || (agent as { options?: { proxyEnv?: unknown } }).options?.proxyEnv) return undefined;
  return fromEnvironment(
    protocol,
    String(target.host ?? target.hostname ?? 'localhost').toLowerCase(),
    Number(target.port) || (protocol === 'https:' ? 443 : 80),
  );
}

function fromOption(option: AxiosProxyConfig & { hostname?: string; username?: string; password?: string }): ProxyServer {
  const { auth, username, password = '' } = option;
  if (typeof auth === 'object' && auth !== null && !auth.username && !auth.password) {
    throw new AxiosError('Invalid proxy authorization', AxiosError.ERR_BAD_OPTION);
  }
  const credentials = username
    ? `${username}:${password}`
    : typeof auth === 'object' && auth
      ? `${auth.username ?? ''}:${auth.password ?? ''}`
      : auth;
  return proxy(option.protocol, option.hostname || option.host, option.port, credentials);
}

function proxy(protocol = 'http', host: string, port: number | string | undefined, auth?: string): ProxyServer {
  const secure = /^https:?$/.test(protocol);
  return { secure, host: host.replace(/^\[|\]$/g, ''), port: Number(port) || (secure ? 443 : 80), auth: auth || undefined };
}

const env = (name: string): string => process.env[name.toLowerCase()] || process.env[name.toUpperCase()] || '';

function fromEnvironment(protocol: 'http:' | 'https:', host: string, port: number): ProxyServer | undefined {
  const scheme = protocol.slice(0, -1);
  const value = env(`${scheme}_proxy`) || env('all_proxy');
  if (!value || isExempt(host, port)) return undefined;
  const url = new URL(value.includes('://') ? value : `${scheme}://${value}`);
  const auth = url.username && `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return proxy(url.protocol, url.hostname, url.port, auth);
}

/** NO_PROXY: names, `.suffixes`, `*` wildcards, addresses and networks, each with an optional port. */
function isExempt(host: string, port: number): boolean {
  return env('no_proxy')
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry && matches(entry, host.replace(/\.$/, ''), port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(entry, host);
  const [, bracketed, plain = '', entryPort] = /^(?:\[([^\]]+)\]|([^:]*(?::[^:]*:.*)?))(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort && Number(entryPort) !== port) return false;
  const name = (bracketed ?? plain).replace(/\.$/, '').replace(/^\*/, '');
  if (!name) return false;
  return name.startsWith('.') ? host.endsWith(name) : host === name || (isLoopback(host) && isLoopback(name));
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host);

function isInNetwork(entry: string, host: string): boolean {
  const [base = '', bits = ''] = entry.split('/');
  const address = base.replace(/^\[|\]$/g, '');
  if (!isIP(host) || !isIP(address) || !/^\d{1,3}$/.test(bits) || Number(bits) > (isIPv6(address) ? 128 : 32)) return false;
  const network = new BlockList();
  network.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  return network.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
