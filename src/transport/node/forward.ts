/** Plain HTTP by way of a proxy, which is asked for the whole URL. */
import type { ClientRequest } from 'node:http';
import { isIP } from 'node:net';
import type { RequestOptions } from './hop';
import type { ProxyServer } from './proxy';
import { Unredirected } from './redirect';

/** follow-redirects tells a URL with the credentials in it, where axios' own proxying has it tell what the proxy is asked for. */
function tellProxied({ _redirectable: redirectable, path }: ClientRequest & { _redirectable?: unknown }): void {
  if (redirectable && !(redirectable instanceof Unredirected)) Object.assign(redirectable, { _currentUrl: path });
}

/** The name to be certified is the proxy's, where Node would take that of the `Host` header. */
export const atProxy = ({ host, port }: ProxyServer): RequestOptions => ({
  host,
  hostname: host,
  port,
  servername: isIP(host) ? '' : host,
});

/** The request as a forward proxy takes it: the whole URL in its first line. Nothing of it is written yet. */
export function forwarded(req: Storing, { host, port }: RequestOptions, proxy: ProxyServer): ClientRequest {
  const isStored = Boolean(req._header);
  if (isStored) Object.assign(req, { _header: null, _headerSent: false, outputData: [], outputSize: 0 });
  const authority = `${String(host).includes(':') ? `[${host}]` : host}${!port || Number(port) === 80 ? '' : `:${port}`}`;
  req.path = `http://${authority}${req.path}`;
  process.nextTick(tellProxied, req);
  if (proxy.auth) req.setHeader('Proxy-Authorization', `Basic ${Buffer.from(proxy.auth).toString('base64')}`);
  if (isStored) req._implicitHeader?.();
  return req;
}

/** Of a request with `Expect` Node has stored the head by the time an agent gets it. */
type Storing = ClientRequest & { _header?: string | null; _implicitHeader?(): void };
