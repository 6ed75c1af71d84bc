// Servers for the tests that compare redirects with axios' own: each request gets the next of the answers that a test has laid out.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { certificate } from '../lab/certificates.mjs';

/** What a server does with its next request; where nothing is left to do it sends 200 and the request as JSON. */
export interface Answer {
  status?: number;
  /** The Location header; latin1, or bytes in its guise. */
  to?: string | undefined;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  gzip?: boolean;
  /** Answers before the request's body is there. */
  early?: boolean;
  /** Closes the connection instead, or after the headers. */
  cut?: 'at once' | 'in body';
  /** Says nothing. */
  silent?: boolean;
  /** Milliseconds before it answers. */
  after?: number;
}

export interface Seen {
  server: string;
  method: string | undefined;
  url: string | undefined;
  headers: string[];
  body: string;
}

/** Two servers of http and two of https, each another origin. */
export class Site {
  readonly origins: Record<'a' | 'b' | 's' | 't', string> = { a: '', b: '', s: '', t: '' };
  ca = '';
  /** The requests of a run, in order. */
  seen: Seen[] = [];
  /** Runs when a request has come. */
  onRequest: (() => void) | undefined;
  /** The connections of a run. */
  connections = 0;
  #answers: Answer[] = [];
  readonly #servers: http.Server[] = [];
  readonly sockets = new Set<Socket>();

  static async start(): Promise<Site> {
    const site = new Site();
    const { key, cert } = await certificate();
    site.ca = cert;
    for (const name of ['a', 'b', 's', 't'] as const) {
      const secure = name === 's' || name === 't';
      const listener = (req: IncomingMessage, res: ServerResponse): void => void site.#serve(name, req, res);
      const server = secure ? https.createServer({ key, cert }, listener) : http.createServer(listener);
      server.on('connection', (socket: Socket) => {
        site.connections++;
        site.sockets.add(socket);
        socket.on('error', () => {}).once('close', () => site.sockets.delete(socket));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      site.origins[name] = `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
      site.#servers.push(server);
    }
    return site;
  }

  begin(answers: Answer[]): void {
    this.seen = [];
    this.connections = 0;
    this.#answers = [...answers];
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  async #serve(server: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method, url, rawHeaders: headers } = req;
    const seen: Seen = { server, method, url, headers, body: '' };
    this.seen.push(seen);
    const answer = this.#answers.shift() ?? {};
    this.onRequest?.();
    if (answer.silent) return;
    if (answer.after) await sleep(answer.after);
    if (answer.cut === 'at once') return void req.socket.destroy();
    if (!answer.early) {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      seen.body = Buffer.concat(chunks).toString('latin1');
    }
    const echo = JSON.stringify({ server, method, url, body: seen.body });
    const body = Buffer.from(answer.body ?? echo);
    const { status = 200, to } = answer;
    res.sendDate = false;
    res.writeHead(status, {
      ...answer.headers,
      ...(to !== undefined && { location: to }),
      ...(answer.gzip && { 'content-encoding': 'gzip' }),
      ...(answer.cut && { 'content-length': '1000' }),
    });
    if (answer.cut) return void res.write('begun', () => req.socket.destroy());
    res.end(answer.gzip ? gzipSync(body) : body);
  }
}
