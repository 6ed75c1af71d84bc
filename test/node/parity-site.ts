// Servers for the tests that compare a client with stock axios. They speak HTTP/1.1 by themselves, so that they see every byte of a
// request, and can answer with any.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { certificate } from '../lab/certificates.mjs';

/** What a server does with its next request; where nothing is left to do it sends 200 and the request as JSON. */
export interface Answer {
  /** In order; strings as Latin-1, a number is a wait in milliseconds, long enough for the client to read what came before. */
  send?: (string | Buffer | number)[];
  /** Before the request's body is there. */
  early?: boolean;
  /** What becomes of the connection. */
  ending?: 'end' | 'reset';
}

export interface Exchange {
  server: string;
  /** The first line and the headers, as they came. */
  head: string;
  /** As Latin-1; of a long one the length and a digest. */
  body: string;
  /** The sizes of the chunks of a chunked body. */
  chunks?: number[];
  /** Nothing of it came as yet. */
  cut?: true;
}

type Name = 'http' | 'other' | 'https' | 'unix' | 'v6';

/** Servers of http and https, each another origin; `other` serves as a proxy too. */
export class ParitySite {
  readonly origins: Record<Exclude<Name, 'unix'>, string> = { http: '', other: '', https: '', v6: '' };
  readonly socketPath = join(tmpdir(), `parity-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
  ca = '';
  /** The requests of a run by connection, in order. */
  connections: Exchange[][] = [];
  readonly sockets = new Set<Socket>();
  /** Runs when the head of a request has come. */
  onRequest: (() => void) | undefined;
  #answers: Answer[] = [];
  readonly #servers: net.Server[] = [];

  static async start(): Promise<ParitySite> {
    const site = new ParitySite();
    const { key, cert } = await certificate();
    site.ca = cert;
    for (const name of ['http', 'other', 'https', 'unix', 'v6'] as const) {
      const serve = (socket: Socket): void => site.#serve(name, socket);
      const server = name === 'https' ? tls.createServer({ key, cert }, serve) : net.createServer(serve);
      const place = name === 'unix' ? { path: site.socketPath } : { port: 0, host: name === 'v6' ? '::1' : '127.0.0.1' };
      await new Promise<void>((resolve) => server.on('error', () => resolve()).listen(place, resolve));
      const address = server.address() as AddressInfo | null;
      if (name !== 'unix' && address)
        site.origins[name] = `${name === 'https' ? 'https' : 'http'}://${name === 'v6' ? '[::1]' : '127.0.0.1'}:${address.port}`;
      site.#servers.push(server);
    }
    return site;
  }

  /** The connections that no side has ended. */
  get open(): number {
    return [...this.sockets].filter(({ writableEnded, destroyed }) => !writableEnded && !destroyed).length;
  }

  begin(answers: Answer[]): void {
    for (const socket of this.sockets) socket.destroy();
    this.connections = [];
    this.#answers = [...answers];
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.sockets) socket.destroy();
    rmSync(this.socketPath, { force: true });
  }

  #serve(server: string, socket: Socket): void {
    const exchanges: Exchange[] = [];
    this.sockets.add(socket);
    this.connections.push(exchanges);
    let bytes = Buffer.alloc(0);
    let exchange: Exchange | undefined;
    let answer: Answer = {};
    const next = (): void => {
      const end = bytes.indexOf('\r\n\r\n');
      if (!exchange) {
        if (end < 0) return;
        exchange = { server, head: bytes.subarray(0, end).toString('latin1'), body: '', cut: true };
        bytes = bytes.subarray(end + 4);
        exchanges.push(exchange);
        answer = this.#answers.shift() ?? {};
        this.onRequest?.();
        if (exchange.head.startsWith('CONNECT ')) return tunnel(exchange, socket);
        if (answer.early) void send(socket, exchange, answer);
      }
      const body = bodyOf(exchange.head, bytes);
      if (!body) return;
      bytes = bytes.subarray(body.length);
      const { head } = exchange;
      const done = Object.assign(exchange, { body: digest(body.content) }, body.chunks && { chunks: body.chunks });
      delete done.cut;
      exchange = undefined;
      if (!answer.early) void send(socket, { ...done, head }, answer).then(() => bytes.length && next());
    };
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      next();
    });
    socket.on('error', () => {}).once('close', () => this.sockets.delete(socket));
  }
}

/** A body that is there as a whole. */
function bodyOf(head: string, bytes: Buffer): { content: Buffer; length: number; chunks?: number[] } | undefined {
  if (/^transfer-encoding: chunked/im.test(head)) return unchunked(bytes);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length };
}

function unchunked(bytes: Buffer): ReturnType<typeof bodyOf> {
  const chunks: number[] = [];
  const content: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    at = line + 2;
    if (bytes.length < at + size + 2) return undefined;
    if (size === 0) return { content: Buffer.concat(content), length: at + 2, chunks };
    chunks.push(size);
    content.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

export const digest = (body: Buffer): string =>
  body.length < 2_000 ? body.toString('latin1') : `${body.length} bytes, ${createHash('sha1').update(body).digest('hex')}`;

async function send(socket: Socket, { server, head, body }: Exchange, { send, ending }: Answer): Promise<void> {
  const echo = (): Buffer => reply({ body: head.startsWith('HEAD') ? '' : JSON.stringify({ server, line: head.split('\r\n')[0], body }) });
  for (const piece of send ?? [echo()]) {
    if (typeof piece === 'number') await sleep(piece).then(turns);
    else socket.write(Buffer.from(piece as string, 'latin1'));
  }
  if (ending === 'end') socket.end();
  // Node resets TCP only: under TLS it is the socket below.
  if (ending === 'reset') ((socket as Socket & { _parent?: Socket })._parent ?? socket).resetAndDestroy();
}

/** The client is in this process: it has read what came after a few turns of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await nextTurn();
}

/** Connects to where the client wants. */
function tunnel({ head }: Exchange, socket: Socket): void {
  const [, host, port] = /^CONNECT ([^ ]*):(\d+) /.exec(head) as unknown as [string, string, string];
  const upstream = net.connect(Number(port), host, () => {
    socket.removeAllListeners('data');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => socket.destroy());
  socket.once('close', () => upstream.destroy());
}

export interface Reply {
  status?: string | number;
  headers?: [name: string, value: string][];
  body?: string | Buffer;
  /** How the end of the body is told. */
  framing?: 'length' | 'chunked' | 'close' | 'none';
  trailers?: [name: string, value: string][];
}

/** An answer in one piece. */
export function reply({ status = '200 OK', headers = [], body = '', framing = 'length', trailers = [] }: Reply): Buffer {
  const bytes = Buffer.from(body as string, typeof body === 'string' ? 'utf8' : undefined);
  const lines = (fields: [string, string][]): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const frame: Record<typeof framing, string> = {
    length: `Content-Length: ${bytes.length}\r\n`,
    chunked: 'Transfer-Encoding: chunked\r\n',
    close: 'Connection: close\r\n',
    none: '',
  };
  const content = framing !== 'chunked' ? bytes : Buffer.concat([...chunksOf(bytes), Buffer.from(`0\r\n${lines(trailers)}\r\n`, 'latin1')]);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines(headers)}${frame[framing]}\r\n`, 'latin1'), content]);
}

function* chunksOf(bytes: Buffer, size = 16_000): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    yield Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
  }
}
