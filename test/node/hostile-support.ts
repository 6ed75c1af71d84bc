// A peer that speaks raw TCP: whatever it is told to say, byte by byte. And what must hold after any call to it.
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { AttemptRecord, CallRecord, Client } from '../bare';
import { until } from './support';

/** Answers one request, whose head is given. */
export type Serve = (socket: Socket, head: string) => void;

export interface Peer {
  url: string;
  /** Requests so far, by their heads. */
  heads: string[];
  /** Connections that are open. */
  readonly open: number;
  close(): Promise<void>;
}

/** Serves the first request in one way and all others in another, on any connection. */
export async function peer(first: Serve, others: Serve = ok): Promise<Peer> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let text = '';
    socket
      .on('end', () => socket.end())
      .on('data', (chunk) => {
        text += chunk.toString('latin1');
        for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
          heads.push(text.slice(0, end));
          text = text.slice(end + 4);
          (heads.length === 1 ? first : others)(socket, heads.at(-1) ?? '');
        }
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    heads,
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

/** A whole answer that keeps the connection. */
export const ok: Serve = (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood');

/** Says this and nothing more; the connection stays. */
export const says =
  (...parts: string[]): Serve =>
  (socket) =>
    void socket.write(parts.join(''), 'latin1');

/** Says this, and ends the connection as told. */
export const saysAnd =
  (how: 'fin' | 'reset', ...parts: string[]): Serve =>
  (socket) => {
    const text = parts.join('');
    const end = (): void => void (how === 'fin' ? socket.end() : socket.resetAndDestroy());
    // A reset right away would take what was said along with it.
    if (text) socket.write(text, 'latin1', () => setTimeout(end, 20));
    else end();
  };

/** What a client told of its calls. */
export function watch(client: Client): { attempts: AttemptRecord[]; calls: CallRecord[] } {
  const told: { attempts: AttemptRecord[]; calls: CallRecord[] } = { attempts: [], calls: [] };
  client.on('attempt', (record) => void told.attempts.push(record));
  client.on('call', (record) => void told.calls.push(record));
  return told;
}

/** The status of a call, else the code of its error, which is an AxiosError in all cases. */
export async function outcomeOf(work: Promise<{ status: number }>): Promise<number | string> {
  try {
    return (await work).status;
  } catch (error) {
    const { isAxiosError, code = 'no code' } = error as { isAxiosError?: boolean; code?: string };
    if (!isAxiosError) throw error;
    return code;
  }
}

/** No connection is left that is still in use or half read. */
export async function expectNoneOpen(server: Peer): Promise<void> {
  await until(() => server.open === 0, 'the connections are closed');
  expect(server.open).toBe(0);
}
