// A browser cannot start upstreams or ask them what they saw, so it asks this server. Each test has its own upstream, so that concurrent
// tests do not count each other's connections. Responses lack Timing-Allow-Origin, which makes this an origin that grants no timings.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { CORS } from '../lab/http.mjs';
import { startUpstream } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { JSON_FAULTS } from './json-faults';

/** What an upstream has seen so far. */
export type Seen = Pick<Upstream, 'connections' | 'open' | 'requests' | 'preflights'>;

const { 'Timing-Allow-Origin': _, ...HEADERS } = CORS;

/** Serves `POST /start?name=`, `/seen?url=`, `/closed?url=&n=&ms=` and `/stop?url=`; an upstream is identified by its URL. */
export async function startControl(): Promise<{ url: string; close(): Promise<void> }> {
  const upstreams = new Map<string, Upstream>();

  const answer = async ({ url = '/' }: IncomingMessage): Promise<unknown> => {
    const { pathname, searchParams: query } = new URL(url, 'http://control');
    if (pathname === '/ping') return 'pong';
    if (pathname === '/start') {
      const name = query.get('name') ?? '';
      const upstream = await (JSON_FAULTS[name]?.({ name, path: '/' }) ?? startUpstream(name));
      upstreams.set(upstream.url, upstream);
      return upstream.url;
    }
    const upstream = upstreams.get(query.get('url') ?? '');
    if (!upstream) throw new Error(`no upstream was started for ${url}`);
    if (pathname === '/closed') return upstream.closed(Number(query.get('n')), Number(query.get('ms')));
    if (pathname === '/stop') return upstream.close();
    const { connections, open, requests, preflights = 0 } = upstream;
    return { connections, open, requests, preflights } satisfies Seen;
  };

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const reply = (status: number, value: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value ?? null));
    };
    answer(request).then(
      (value) => reply(200, value),
      (error) => reply(500, String(error)),
    );
  });
  const url = await listen(server);
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
    },
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
    });
  });
}
