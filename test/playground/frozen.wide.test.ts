// A page that was frozen (a tab in the background, a machine that slept) and woke again: an answer that came meanwhile is no timeout. In a
// browser of its own, whose renderer is really stopped: Chromium's own "frozen" state leaves the timers of a headless page running.
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as Breakwater from '../../src/index';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { startLab } from '../lab/index.mjs';

const LIMIT = 600;
const FROZEN = 2 * LIMIT;

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

type Lab = Awaited<ReturnType<typeof startLab>>;

/** What a call came to, and the longest that the page's timers stood still. */
interface Came {
  status?: number;
  data?: unknown;
  limit?: string;
  lag?: number;
  elapsed?: number;
  stoodStill: number;
}

let lab: Lab;
let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'slow-body'] });
  const { outputFiles } = await build({
    entryPoints: [path('src/index.ts')],
    alias: { '#platform': path('src/transport/web/index.ts') },
    bundle: true,
    format: 'iife',
    globalName: 'Breakwater',
    conditions: ['browser'],
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  server = createServer((request, response) => {
    if (request.url === '/breakwater.js') response.setHeader('Content-Type', 'text/javascript').end(script);
    else response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>frozen</title><script src="/breakwater.js"></script>');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const executablePath = findChromium();
  browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS });
});

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await lab?.close();
});

beforeEach(async () => {
  page = await browser.newPage();
  const address = server.address();
  await page.goto(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''}/`);
});

afterEach(() => page.close());

/** Makes the call, freezes the page soon after for a while, and gives what came of the call. */
async function callThroughFreeze(config: Breakwater.RequestConfig): Promise<Came> {
  const renderers = await renderersOf(browser);
  await page.evaluate((request) => {
    const { createClient } = (globalThis as unknown as { Breakwater: typeof Breakwater }).Breakwater;
    let last = performance.now();
    let stoodStill = 0;
    const ticks = setInterval(() => {
      stoodStill = Math.max(stoodStill, performance.now() - last);
      last = performance.now();
    }, 10);
    const came = createClient({ timeout: { connect: false, read: false }, deadline: false, retry: false })
      .request(request)
      .then(
        ({ status, data }) => ({ status, data }),
        ({ limit, lag, elapsed, code }) => ({ limit, lag, elapsed, code }),
      )
      .then(async (value) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        clearInterval(ticks);
        return { ...value, stoodStill };
      });
    Object.assign(globalThis, { came });
  }, config);
  await page.waitForTimeout(30);
  for (const pid of renderers) process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, FROZEN));
  for (const pid of renderers) process.kill(pid, 'SIGCONT');
  return page.evaluate(() => (globalThis as unknown as { came: Promise<Came> }).came);
}

/** The processes that run pages of this browser; those that talk to the network go on. */
async function renderersOf(of: Browser): Promise<number[]> {
  const session = await of.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

describe.each(['fetch', 'xhr'] as const)('by %s, a page frozen for twice the limit', (adapter) => {
  it.each([
    { name: 'response', timeout: { response: LIMIT } },
    { name: 'total', timeout: { total: LIMIT } },
    { name: 'deadline', deadline: LIMIT },
  ])('delivers the answer that came meanwhile: $name', async ({ name: _, ...policies }) => {
    const came = await callThroughFreeze({ adapter, url: lab.url('healthy', '/delay/300'), ...policies });
    expect(came.stoodStill).toBeGreaterThan(FROZEN - 200);
    expect(came).toMatchObject({ status: 200 });
  });

  it('reads a body that came meanwhile', async () => {
    const came = await callThroughFreeze({ adapter, url: lab.url('slow-body'), timeout: { read: LIMIT } });
    expect(came.stoodStill).toBeGreaterThan(FROZEN - 200);
    expect(came).toMatchObject({ status: 200, data: 'chunk\n'.repeat(20) });
  });

  it('times out where there is no answer, and says how late it was', async () => {
    const came = await callThroughFreeze({ adapter, url: lab.url('stall'), timeout: { total: LIMIT } });
    expect(came.stoodStill).toBeGreaterThan(FROZEN - 200);
    expect(came).toMatchObject({ limit: 'total' });
    expect(came.lag).toBeGreaterThan(0);
    expect(came.elapsed).toBeGreaterThanOrEqual(LIMIT);
  });
});
