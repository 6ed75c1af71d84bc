// How an HTTP/2 session gets its connection, and how long it keeps it: by `http2Options`, as in axios, or over a Unix socket.
import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Client, ClientConfig } from '../bare';
import { clients, until } from './support';

const { client: make, close } = clients();
const client = (config: ClientConfig = {}): Client => make({ httpVersion: 2, ...config });
const path = join(tmpdir(), `http2-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
const servers: Http2Server[] = [];
let origin = '';
let connections = 0;
let open = 0;

beforeAll(async () => {
  for (const place of [{ path }, { port: 0, host: '127.0.0.1' }]) {
    const server = createServer().on('stream', (stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(`${headers[':authority']}${headers[':path']}`);
    });
    server.on('connection', (socket: Socket) => {
      connections++;
      open++;
      socket.once('close', () => open--);
    });
    await once(server.listen(place), 'listening');
    if (!('path' in place)) origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    servers.push(server);
  }
});
afterEach(close);
afterAll(() => {
  for (const server of servers) server.close();
});

it.each([null, undefined])('a sessionTimeout of %s keeps an idle session until the client closes', async (sessionTimeout) => {
  const api = client({ http2Options: { sessionTimeout } as never });
  const before = connections;
  await api.get(origin);
  await sleep(1_200); // more than the default
  await api.get(origin);
  expect(connections - before).toBe(1);
  await api.close();
  await until(() => open === 0, 'it is closed');
});
