// The playground's own server as a child process, and pages of it in a real Chromium: what no page may do is asserted of each.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A server of its own, and the URL it prints; in a group of processes of its own where that is asked for. */
export async function startServer({ detached = false } = {}): Promise<{ child: ChildProcess; url: string }> {
  const { NODE_OPTIONS: _, PORT: __, ...env } = process.env;
  const child = spawn(process.execPath, ['playground/server.mjs'], { cwd: root, env, detached, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (printed.includes('\n')) break;
  }
  return { child, url: /http:\/\/127\.0\.0\.1:\d+\//.exec(printed)?.[0] ?? `no URL in: ${printed}` };
}

export async function endServer(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code, signal] = await exited;
  return { code, signal };
}

/** What a page complained of, and whom it talked to. */
export interface Watched {
  page: Page;
  problems: string[];
}

/** Starts server and browser for a file of tests; what comes back opens a page, and closes it when its test is over. */
export function withPlayground() {
  let server: Awaited<ReturnType<typeof startServer>>;
  let browser: Browser;

  beforeAll(async () => {
    const executablePath = findChromium();
    [server, browser] = await Promise.all([
      startServer(),
      chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS }),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    if (server) expect(await endServer(server.child)).toEqual({ code: 0, signal: null });
  });

  return {
    url: () => server.url,
    /** `expectProblems`: the test looks at them itself. */
    async open(path = '', { expectProblems = false, before, ...options }: OpenOptions = {}): Promise<Watched> {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const problems: string[] = [];
      const hosts = new Set<string>();
      page.on('request', (request) => hosts.add(new URL(request.url()).hostname));
      page.on('pageerror', (error) => problems.push(error.message));
      // The browser itself reports each request that fails, and failing is what the upstreams are for; these name their URL, not the page's.
      page.on('console', (message) => {
        if (message.type() === 'error' && message.location().url.startsWith(server.url)) problems.push(message.text());
      });
      onTestFinished(async () => {
        await context.close();
        if (!expectProblems) expect(problems).toEqual([]);
        expect([...hosts]).toEqual(['127.0.0.1']);
      });
      await before?.(page);
      await page.goto(server.url + path);
      await page.locator('body[data-ready]').waitFor();
      return { page, problems };
    },
  };
}

interface OpenOptions extends BrowserContextOptions {
  expectProblems?: boolean;
  before?: (page: Page) => Promise<unknown>;
}
