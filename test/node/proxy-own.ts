// A proxy of a test's own, over TLS if need be: what becomes of a CONNECT depends on how many there were before it.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AxiosProxyConfig } from 'axios';

/** What becomes of a CONNECT. */
export type Fate = 'open' | 'silence' | 'refuse';

export interface OwnProxy {
  readonly option: AxiosProxyConfig;
  /** The connections to it that are open, and where they come from. */
  readonly sockets: Set<Socket>;
  readonly from: Set<string | undefined>;
  connects: number;
  close(): Promise<void>;
}

/** @param fate Of the first CONNECT, the second, … */
export async function startProxy(fate: (nth: number) => Fate = () => 'open', secret?: { key: string; cert: string }): Promise<OwnProxy> {
  const forward = (req: IncomingMessage, res: ServerResponse): void => {
    http
      .get(`http://127.0.0.1:${new URL(req.url ?? '').port}`, { headers: req.headers, agent: false }, (answer) => void answer.pipe(res))
      .on('error', () => res.destroy());
  };
  const server = secret ? https.createServer(secret, forward) : http.createServer(forward);
  const sockets = new Set<Socket>();
  const from = new Set<string | undefined>();
  server.on(secret ? 'secureConnection' : 'connection', (socket: Socket) => {
    from.add(socket.remoteAddress);
    sockets.add(socket.on('error', () => {}).once('close', () => void sockets.delete(socket)));
  });
  server.on('connect', (req, socket) => {
    proxy.connects += 1;
    const what = fate(proxy.connects);
    if (what === 'open') openTunnel(req, socket);
    else if (what === 'refuse') socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    else socket.once('end', () => socket.end()).resume();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const proxy: OwnProxy = {
    option: { protocol: secret ? 'https' : 'http', host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    sockets,
    from,
    connects: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
  return proxy;
}

/** Whatever it is to, it is on this machine. */
function openTunnel(req: IncomingMessage, socket: Duplex): void {
  const target = net.connect({ host: '127.0.0.1', port: Number(req.url?.split(':').at(-1)) }, () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    target.pipe(socket).pipe(target);
  });
  target.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => target.destroy());
}
