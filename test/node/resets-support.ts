// For the tests of connections that are reset, or closed, at a chosen moment: servers of which the first connection goes wrong and all others well.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { certificate } from '../lab/certificates.mjs';
import { until } from './support';

/** Does with a connection what is to be done. */
export type Serve = (socket: Socket) => void;

export interface Origin {
  port: number;
  /** Connections so far, and those that are open. */
  readonly connections: number;
  readonly open: number;
  close(): Promise<void>;
}

/** Serves the first connection in one way and all others in another. */
export async function origin(first: Serve, others: Serve): Promise<Origin> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    (connections === 1 ? first : others)(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export const reset = (socket: Socket): void => void socket.resetAndDestroy();

/** Long enough for what was written before it to be read: a reset takes along what was not. */
const READ_BY_THEN = 30; // ms

/** Waits for the first bytes, says this, and ends the connection. */
export const saysAnd =
  (end: Serve, ...parts: (string | Buffer)[]): Serve =>
  (socket) =>
    void socket.once('data', () => {
      if (!parts.length) return end(socket);
      for (const part of parts) socket.write(part);
      setTimeout(end, READ_BY_THEN, socket);
    });

export type Answer = (response: http.ServerResponse, socket: Socket) => void;

const quiet = <S extends net.Server>(server: S): S =>
  server.on('secureConnection', (socket: Duplex) => socket.on('error', () => {})).on('sessionError', () => {}) as S;

/** Speaks HTTP/1.1, in clear or over TLS, or HTTP/2, and answers each request so. */
export const http1 =
  (answer: Answer): Serve =>
  (socket) =>
    void http.createServer((_, response) => answer(response, socket)).emit('connection', socket);

const { key, cert } = await certificate();
export const ca = cert;

export const https1 =
  (answer: Answer): Serve =>
  (socket) =>
    void quiet(https.createServer({ key, cert }, (_, response) => answer(response, socket))).emit('connection', socket);

type Compat = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;
const compat = (answer: Answer, socket: Socket): Compat => {
  return (_, response) => answer(response.on('error', () => {}) as unknown as http.ServerResponse, socket);
};

export const h2 =
  (answer: Answer): Serve =>
  (socket) =>
    void quiet(http2.createSecureServer({ key, cert }, compat(answer, socket))).emit('connection', socket);

export const h2c =
  (answer: Answer): Serve =>
  (socket) =>
    void quiet(http2.createServer(compat(answer, socket))).emit('connection', socket);

export const good: Answer = (response) => void response.end('good');

/** Says the headers and half of the body, and ends the connection. */
export const halfAnd =
  (end: Serve): Answer =>
  (response, socket) => {
    response.writeHead(200, { 'Content-Length': 8 });
    response.write('half', () => setTimeout(end, READ_BY_THEN, socket));
  };

export const noneAnd =
  (end: Serve): Answer =>
  (_, socket) =>
    end(socket);

/** Opens a tunnel to what is served behind it. */
export const tunnelTo =
  (serve: Serve): Serve =>
  (socket) =>
    void socket.once('data', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      serve(socket);
    });

const HELD = ['TCPSocketWrap', 'TLSWrap', 'TCPConnectWrap', 'Timeout'];

/** Call it before; what it gives waits until no more sockets and timers are there than were. */
export function leavesNothing(): () => Promise<void> {
  const count = (): number[] => HELD.map((held) => process.getActiveResourcesInfo().filter((name) => name === held).length);
  const before = count();
  return () => until(() => count().every((there, i) => there <= (before[i] ?? 0)), 'the sockets and timers of the call are gone');
}
