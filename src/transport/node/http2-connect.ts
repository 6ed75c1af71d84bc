/** Makes the connection of an HTTP/2 session: by itself, Node's session would make one whose phases cannot be seen. */
import http2, { type ClientHttp2Session, type SecureClientSessionOptions } from 'node:http2';
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { needsNoLookup, watched } from './connection';
import type { RequestOptions } from './hop';

/** The options of axios' adapter for one request, as it passes them to a transport. */
export interface Options extends RequestOptions {
  protocol: string;
  /** None for a Unix socket. */
  hostname?: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  http2Options?: SessionOptions;
}

/** What is set for a session. */
export type SessionOptions = SecureClientSessionOptions & { sessionTimeout?: number | null };

export interface Connected {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;
  /** Whether the resolver has answered, or there is no name to look up. */
  isResolved(): boolean;
}

/** Where a request goes. A Unix socket has no host name. */
function placeOf({ protocol, hostname: host = 'localhost', port }: Options): { secure: boolean; host: string; port: number | string } {
  const secure = protocol === 'https:';
  return { secure, host, port: port || (secure ? 443 : 80) };
}

export function authorityOf(asked: Options): string {
  const { host, port } = placeOf(asked);
  return `${asked.protocol}//${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
}

export function connect(authority: string, asked: Options, options: SessionOptions): Connected {
  const { lookup, socketPath } = asked;
  const { secure, host, port } = placeOf(asked);
  let resolved = needsNoLookup({ host, socketPath });
  const found = (): void => {
    resolved = true;
  };
  const to = { host, port: Number(port), ...options, ...(lookup && { lookup: watched(lookup, found) }) };
  const byNode = (): Duplex =>
    secure
      ? tls.connect({ ALPNProtocols: ['h2'], ...(net.isIP(host) ? {} : { servername: host }), ...to })
      : net.connect(to as net.TcpNetConnectOpts);
  const make = typeof options.createConnection === 'function' ? options.createConnection : byNode;
  const socket = make(new URL(authority), options) as Socket; // or any Duplex, from the user's own
  socket.setMaxListeners(0).once('lookup', found); // every stream waiting for the connection listens on it
  const session = http2.connect(authority, { ...options, createConnection: () => socket });
  return { session, socket, isResolved: () => resolved };
}
