/** Picks the proxy of a hop as axios does: the `proxy` option, else the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY). */
import type { Agent } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { AxiosError, type AxiosProxyConfig } from 'axios';
import type { RequestOptions } from './hop';

type Protocol = 'http:' | 'https:';

export interface ProxyServer {
  host: string;
  port: number;
  /** Whether the connection to the proxy itself uses TLS. */
  secure: boolean;
  /** `user:password` */
  auth?: string | undefined;
}

export const proxyKey = ({ secure, host, port, auth }: ProxyServer): string => `${secure}|${host}|${port}|${auth ?? ''}`;

/** The proxy for a hop, if any. */
export function proxyFor(
  protocol: Protocol,
  target: RequestOptions,
  option: AxiosProxyConfig | false | undefined,
  agent: Agent,
): ProxyServer | undefined {
  if (option === false) return undefined;
  if (option) return fromOption(protocol, option);
  // An agent that proxies by itself (Node's proxyEnv, https-proxy-agent) is left to do so.
  if ('proxy' in agent || (agent as { options?: { proxyEnv?: unknown } }).options?.proxyEnv) return undefined;
  return fromEnvironment(protocol, target);
}

type Option = AxiosProxyConfig & { hostname?: string; username?: string; password?: string };

function fromOption(target: Protocol, option: Option): ProxyServer {
  const { auth, username, password = '' } = option;
  if (!username && typeof auth === 'object' && auth !== null && !auth.username && !auth.password) {
    throw new AxiosError('Invalid proxy authorization', AxiosError.ERR_BAD_OPTION, { proxy: option } as never);
  }
  const credentials = username
    ? `${username}:${password}`
    : typeof auth === 'object' && auth
      ? `${auth.username ?? ''}:${auth.password ?? ''}`
      : auth;
  return proxy(target, option.protocol, option.hostname || option.host || 'localhost', option.port, credentials);
}

function proxy(target: Protocol, protocol = 'http', host: string, port: number | string | undefined, auth?: string): ProxyServer {
  // A SOCKS port, say, would be sent the request itself. CONNECT may work there, since many proxies accept both on one port.
  if (target === 'http:' && protocol && !/^https?:?$/i.test(protocol)) {
    throw new AxiosError(`A proxy of ${protocol}// cannot be asked for http:// targets`.replace('::', ':'), AxiosError.ERR_NOT_SUPPORT);
  }
  const secure = /^https:?$/.test(protocol);
  return { secure, host: host.replace(/^\[|\]$/g, ''), port: Number(port) || (secure ? 443 : 80), auth: auth || undefined };
}

function fromEnvironment(protocol: Protocol, target: RequestOptions): ProxyServer | undefined {
  const { env } = process;
  const own = protocol === 'https:' ? env.https_proxy || env.HTTPS_PROXY : env.http_proxy || env.HTTP_PROXY;
  const value = own || env.all_proxy || env.ALL_PROXY;
  if (!value) return undefined;
  const host = String(target.host ?? target.hostname ?? 'localhost').toLowerCase();
  if (isExempt(host, Number(target.port) || (protocol === 'https:' ? 443 : 80))) return undefined;
  const text = value.includes('://') ? value : `${protocol}//${value}`;
  // Node's own error would have all of it, with the password.
  if (!URL.canParse(text)) throw new AxiosError('The proxy named by the environment is not a valid URL', AxiosError.ERR_INVALID_URL);
  const url = new URL(text);
  const auth = url.username && `${decoded(url.username)}:${decoded(url.password)}`;
  return proxy(protocol, url.protocol, url.hostname, url.port, auth);
}

/** Returns malformed encodings as they are: a `%` may be part of a password. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** NO_PROXY: names, `.suffixes`, `*` wildcards, addresses and networks, each with an optional port. */
function isExempt(host: string, port: number): boolean {
  const target = canonical(host);
  return (process.env.no_proxy || process.env.NO_PROXY || '')
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry && matches(entry, target, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(entry, host);
  const [, bracketed, plain = '', entryPort] = /^(?:\[([^\]]+)\]|([^:]*(?::[^:]*:.*)?))(?::(\d+))?$/.exec(entry) ?? [];
  if (Number(entryPort) && Number(entryPort) !== port) return false; // 0 is any, as in axios
  const [, wildcard, rest = ''] = /^(\*?\.?)(.*)$/.exec(bracketed ?? plain) ?? [];
  const name = canonical(rest);
  if (!name) return wildcard === '*'; // `*:8080`
  if (wildcard) return host.endsWith(wildcard.replace('*', '') + name);
  return host === name || (isLoopback(host) && isLoopback(name));
}

/** One spelling per host, so that no other escapes the comparison: dotted IPv4 (also if IPv4-mapped), compressed IPv6, ASCII names. */
function canonical(host: string): string {
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  if (!/[.:\u0080-\uffff]/.test(bare)) return bare;
  let name: string;
  try {
    name = new URL(`http://${bare.includes(':') ? `[${bare}]` : bare}/`).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return bare;
  }
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(name) ?? [];
  if (!high || !low) return name;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** The unspecified address reaches this machine, too. */
const isLoopback = (host: string): boolean => ['localhost', '0.0.0.0', '::', '::1'].includes(host) || /^127\.\d+\.\d+\.\d+$/.test(host);

function isInNetwork(entry: string, host: string): boolean {
  const [base = '', bits = ''] = entry.split('/');
  const address = canonical(base);
  // An IPv4-mapped network is compared as IPv4, as its hosts are.
  const prefix = /^(0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) - (base.includes(':') && isIP(address) === 4 ? 96 : 0) : -1;
  if (!isIP(host) || isIP(host) !== isIP(address) || prefix < 0 || prefix > (isIPv6(address) ? 128 : 32)) return false;
  const network = new BlockList();
  network.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  return network.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
