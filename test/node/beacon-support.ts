// Collectors on loopback, and the library as one file for programs and pages that are started from outside.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Collector {
  url: string;
  /** Requests read to their end, preflights included. */
  received: Received[];
  /** Requests begun. */
  begun: number;
  /** The lives of connections, in milliseconds, of those that are closed. */
  lives: number[];
  /** Connections that are open. */
  open: number;
  close(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, received: Received) => void;

export const HANGS: Answer = () => {};
export const OK: Answer = (_, response) => void response.writeHead(204).end();

/** A collector with permissive CORS, which answers preflights itself. */
export async function startCollector(answer: Answer = OK): Promise<Collector> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
    collector.begun++;
    const chunks: Buffer[] = [];
    response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.setHeader('Access-Control-Allow-Headers', request.headers['access-control-request-headers'] ?? '*');
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const received = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      collector.received.push(received);
      if (method === 'OPTIONS') response.writeHead(204).end();
      else answer(request, response, received);
    });
  });
  server.on('connection', (socket) => {
    const at = performance.now();
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      collector.lives.push(performance.now() - at);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    begun: 0,
    lives: [],
    get open() {
      return sockets.size;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return collector;
}

/** Waits until it is so; where it never is, the assertion that follows says what is. */
export async function until(isSo: () => boolean, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!isSo() && performance.now() < end) await sleep(10);
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The library with its dependencies in one file: CommonJS for Node, a script with the global `Breakwater` for a page. */
export async function bundle(platform: 'node' | 'web'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${root}src/index.ts`],
    alias: { '#platform': `${root}src/transport/${platform}/index.ts` },
    bundle: true,
    write: false,
    logLevel: 'error',
    ...(platform === 'node' ? { platform: 'node', format: 'cjs' } : { platform: 'browser', format: 'iife', globalName: 'Breakwater' }),
  });
  return outputFiles[0]?.text ?? '';
}
