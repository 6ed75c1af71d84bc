// Sites with the library on every page, in a real Chromium that is driven from outside.
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Client, ClientConfig } from '../../src/index';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { type Answer, bundle, type Collector, startCollector } from '../node/beacon-support';

export { HANGS, OK, until } from '../node/beacon-support';

/** What is on a page. */
declare global {
  interface Window {
    Breakwater: { createClient(config?: ClientConfig): Client };
    api: Client;
  }
}

let browser: Browser;
let library: string;

/** Starts the browser for a file of tests. */
export function withBrowser(options: { ignoreDefaultArgs?: string[] } = {}): void {
  beforeAll(async () => {
    const executablePath = findChromium();
    [browser, library] = await Promise.all([
      chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS, ...options }),
      bundle('web'),
    ]);
  });
  afterAll(() => browser.close());
}

const HTML = `<!doctype html><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">
<script src="/library.js"></script><script>window.api = Breakwater.createClient({ retry: false });</script>`;

/** A site: GET gives its page, and everything else is answered by `answer`. */
export async function site(answer?: Answer): Promise<Collector> {
  const started = await startCollector((request, response, received) => {
    if (request.method !== 'GET') return answer ? answer(request, response, received) : void response.writeHead(204).end();
    const isScript = request.url === '/library.js';
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html', 'Cache-Control': 'max-age=60' });
    response.end(isScript ? library : HTML);
  });
  onTestFinished(() => started.close());
  return started;
}

/** The beacons that arrived. */
export const posts = ({ received }: Collector) => received.filter(({ method }) => method === 'POST');

export async function open(url: string): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return { page, context };
}
