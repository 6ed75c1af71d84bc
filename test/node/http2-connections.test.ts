// How an HTTP/2 session gets its connection, and how long it keeps it: by `http2Options`, as in axios, or over a Unix socket.
import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client, ClientConfig } from '../bare';
import { clients, GENEROUS, rejection, until } from './support';

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
    server.on('connection', (socket: net.Socket) => {
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

describe('createConnection', () => {
  it('of the caller makes the connection', async () => {
    const createConnection = (): Duplex => net.connect(path);
    const config = { httpVersion: 2, http2Options: { createConnection } } as const;
    const ours = await client().get('http://name.test/x', config);
    expect(ours.data).toBe((await axios.get('http://name.test/x', { ...config, proxy: false })).data);
    expect(ours.data).toBe('name.test:80/x');
  });

  it('may give a stream that is no socket, which is closed with the session', async () => {
    const made: Duplex[] = [];
    const createConnection = (): Duplex => {
      const socket = net.connect(path);
      const stream = Duplex.from({ readable: socket, writable: socket });
      made.push(stream);
      return stream;
    };
    const api = client({ http2Options: { createConnection } });
    expect((await api.get('http://name.test/x')).data).toBe('name.test:80/x');
    expect((await api.get('http://name.test/y')).data).toBe('name.test:80/y');
    expect(made).toHaveLength(1);
    await api.close();
    await until(() => made.every(({ destroyed }) => destroyed), 'the stream is closed');
  });

  it('may throw, and its error is that of the call', async () => {
    const createConnection = (): Duplex => {
      throw new Error('no way');
    };
    expect(await rejection(client().get(origin, { http2Options: { createConnection } }))).toMatchObject({ message: 'no way' });
  });
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

it('socketPath is where the session connects, not to the port of http on this machine', async () => {
  const api = client({ socketPath: path, timeout: { lookup: GENEROUS } });
  expect((await api.get('/x')).data).toBe('localhost:80/x');
  expect((await api.get('http://name.test/y')).data).toBe('localhost:80/y');
  expect(connections).toBeGreaterThan(0);
});
