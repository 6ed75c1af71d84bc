// The servers that the browser's parity tests talk to. Each request specifies its response in its URL, and for each run (the first segment
// of the path) one can ask what was sent. One of them is the page's own origin, for cookies, XSRF and relative URLs.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** What a request asks for in its `answer` parameter; by default it gets 200 and itself as JSON. */
export interface Answer {
  status?: number;
  statusText?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The body, byte by byte. */
  bytes?: number[];
  /** A body of this many dots. */
  size?: number;
  /** The body in pieces, a moment apart. */
  chunks?: string[];
  gzip?: boolean;
  /** Cuts the connection, before the headers or in the body. */
  cut?: 'at once' | 'in body';
  /** Goes silent, at once or after the beginning of the body. */
  silent?: 'at once' | 'in body';
  /** Where to redirect. */
  to?: string;
  /** Whether another origin may see the response. */
  cors?: boolean;
}

export interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: string[];
  body: string;
}

const runs = new Map<string, Seen[]>();

/** Serves one request; `GET /<run>/seen` returns the run's requests and, unless told to `peek`, forgets them. */
export async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { method, url = '/', rawHeaders: headers } = req;
  const { pathname, searchParams } = new URL(url, 'http://site');
  const [, run = '', path] = pathname.split('/');
  allow(req, res);
  if (path === 'seen') {
    res.end(JSON.stringify(runs.get(run) ?? []));
    if (!searchParams.has('peek')) runs.delete(run);
    return;
  }
  const seen: Seen = { method, url, headers, body: '' };
  runs.set(run, [...(runs.get(run) ?? []), seen]);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req) chunks.push(chunk);
  } catch {
    return; // the page aborted it
  }
  seen.body = Buffer.concat(chunks).toString('latin1');
  await reply(seen, res, JSON.parse(searchParams.get('answer') ?? '{}'));
}

async function reply({ method, url, headers: asked, body }: Seen, res: ServerResponse, answer: Answer): Promise<void> {
  const isPreflight = method === 'OPTIONS' && asked.some((name) => /^access-control-request-method$/i.test(name));
  const { status = 200, statusText, headers, to, gzip, cut, silent, chunks, size } = answer;
  if (answer.cors === false) res.removeHeader('Access-Control-Allow-Origin');
  if (isPreflight) return void res.writeHead(answer.cors === false ? 403 : 204).end();
  if (cut === 'at once') return void res.destroy();
  if (silent === 'at once') return;
  const plain = answer.bytes ? Buffer.from(answer.bytes) : Buffer.from(answer.body ?? '.'.repeat(size ?? 0));
  const isEcho = !answer.bytes && answer.body === undefined && size === undefined && !chunks && to === undefined;
  const whole = isEcho ? Buffer.from(JSON.stringify({ method, url, body })) : plain;
  const sent = gzip ? gzipSync(whole) : whole;
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
  res.sendDate = false;
  const all = {
    'Cache-Control': 'no-store',
    ...(isEcho && { 'Content-Type': 'application/json' }),
    ...(to !== undefined && { Location: to }),
    ...(gzip && { 'Content-Encoding': 'gzip' }),
    ...(!chunks && hasBody && { 'Content-Length': String(cut || silent ? sent.length + 1_000 : sent.length) }),
    ...headers,
  };
  res.setHeader('Access-Control-Expose-Headers', Object.keys(all).join());
  if (statusText === undefined) res.writeHead(status, all);
  else res.writeHead(status, statusText, all);
  for (const chunk of chunks ?? []) {
    res.write(chunk);
    await sleep(30);
  }
  if (cut) return void res.write(sent, () => void setTimeout(() => res.destroy(), 30));
  if (silent) return void res.write(sent);
  res.end(hasBody ? sent : undefined);
}

/** Allows every origin, with credentials and any headers; preflights are not cached, so that each run has its own. */
function allow({ headers }: IncomingMessage, res: ServerResponse): void {
  res.setHeader('Access-Control-Allow-Origin', headers.origin ?? '*');
  res.setHeader('Access-Control-Allow-Credentials', 'true');
  res.setHeader('Access-Control-Allow-Headers', headers['access-control-request-headers'] ?? '');
  res.setHeader('Access-Control-Allow-Methods', 'OPTIONS, PUT, PATCH, DELETE, QUERY, PURGE');
  res.setHeader('Access-Control-Max-Age', '-1');
}

/** Starts a site on another origin. */
export async function startSite(): Promise<{ url: string; close(): void }> {
  const server = createServer((req, res) => void serve(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The path of the site at the page's own origin. */
export const OWN_SITE = '/__parity';

/** The site at the page's own origin. */
export const ownSite = (): Plugin => ({
  name: 'parity-site',
  configureServer: ({ middlewares }) => void middlewares.use(OWN_SITE, (req, res) => void serve(req, res)),
});
