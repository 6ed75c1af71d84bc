// Serves the pages of the browser matrix, one after another, and keeps what each page reports and sends.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Page {
  name: string;
  /** Of its folder: the scripts, in their order, as they stand in the HTML. */
  scripts: string;
}

export interface Pages {
  /** The first page; each leads to the next. */
  start(query: string): string;
  reports: Map<string, Record<string, unknown>>;
  /** What beacons brought, by page. */
  beacons: Map<string, string[]>;
  close(): void;
}

/** A page that loads nothing or comes to no end reports that, so that the pages after it have their turn. */
const HEAD = `<!doctype html><meta charset="utf-8"><title>smoke</title><link rel="icon" href="data:,"><script>
const failures = [];
let reported;
function report(results) {
  reported ??= fetch('/report' + location.pathname, { method: 'POST', body: JSON.stringify({ ...results, failures, agent: navigator.userAgent }) })
    .then((response) => response.text())
    .then((next) => location.assign(next));
  return reported;
}
function fail(what) { failures.push(String(what)); setTimeout(report, 500); }
addEventListener('error', (event) => fail(event.message || event.target.outerHTML), true);
addEventListener('unhandledrejection', (event) => fail(event.reason));
setTimeout(fail, 20_000, 'still running after 20 s');
</script>`;

/** @param folder Where the pages' scripts are. */
export async function servePages(folder: string, pages: Page[]): Promise<Pages> {
  const reports: Pages['reports'] = new Map();
  const beacons: Pages['beacons'] = new Map(pages.map(({ name }) => [name, []]));
  let query = '';
  const next = (name: string): string => {
    const following = pages[pages.findIndex((page) => page.name === name) + 1];
    return following ? `/${following.name}/?${query}` : '/done';
  };

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://pages');
    const [, first = '', second = ''] = pathname.split('/');
    const page = pages.find(({ name }) => name === first);
    if (first === 'report') {
      reports.set(second, JSON.parse(await text(request)));
      response.end(next(second));
    } else if (first === 'beacon') {
      beacons.get(second)?.push(await text(request));
      response.writeHead(204).end();
    } else if (page && !second) {
      response.setHeader('Content-Type', 'text/html').end(`${HEAD}${page.scripts}`);
    } else if (pathname.endsWith('.js') || pathname.endsWith('.cjs')) {
      const script = await readFile(join(folder, pathname)).catch(() => undefined);
      response.writeHead(script ? 200 : 404, { 'Content-Type': 'text/javascript' }).end(script);
    } else response.writeHead(pathname === '/done' ? 200 : 404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    start: (asked) => {
      query = asked;
      return origin + next('');
    },
    reports,
    beacons,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
