/** Plain HTTP through a forward proxy, which is asked for the absolute URL. */
import type { ClientRequest } from 'node:http';
import { isIP } from 'node:net';
import type { RequestOptions } from './hop';
import type { ProxyServer } from './proxy';
import { Unredirected } from './redirect';

/** follow-redirects would report a URL with credentials in it; with axios' own proxying it reports the URL that the proxy is asked for. */
function tellProxied({ _redirectable: redirectable, path }: ClientRequest & { _redirectable?: unknown }): void {
  if (redirectable && !(redirectable instanceof Unredirected)) Object.assign(redirectable, { _currentUrl: path });
}

/** The certificate must be for the proxy's name; Node would take the one in the `Host` header. */
export const atProxy = ({ host, port }: ProxyServer): RequestOptions => ({
  host,
  hostname: host,
  port,
  servername: isIP(host) ? '' : host,
});

/** Rewrites a request for a forward proxy: the absolute URL goes into the request line. Nothing has been sent yet. */
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

/** For a request with `Expect`, Node has already stored the head by the time an agent gets it. */
type Storing = ClientRequest & { _header?: string | null; _implicitHeader?(): void };
