// The examples run: each against an upstream on loopback, as somebody would run it who had copied it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { CORS } from '../lab/http.mjs';
import type { Upstream } from '../lab/types.mjs';
import { upstreamOf } from '../node/support';
import { directly, read, root } from './snippets';

/** What the upstream was asked for, and with which headers and body. */
let asked: { method: string; path: string; headers: Record<string, unknown>; body: string }[] = [];
/** What it answers, by path; to anything else it answers nothing. */
let answers: Record<string, { status?: number; data?: unknown }> = {};
let upstream: Upstream;
const origin = (): string => upstream.url.slice(0, -1);

beforeAll(async () => {
  upstream = await upstreamOf(async ({ req, res, url }) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    asked.push({ method: req.method ?? '', path: url.pathname, headers: req.headers, body });
    const answer = answers[url.pathname];
    if (answer) res.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer.data ?? {}));
  });
});
afterAll(() => upstream.close());
beforeEach(() => {
  asked = [];
  answers = {};
});

describe('express-backend.mjs', () => {
  let backend: ChildProcess;
  let url: string;

  beforeEach(async () => {
    backend = spawn(process.execPath, [join(root, 'docs/examples/express-backend.mjs')], {
      env: { ...directly, UPSTREAM: origin(), PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!backend.stdout) throw new Error('no stdout');
    const [line] = (await once(createInterface(backend.stdout), 'line')) as [string];
    url = line.replace('listening on ', '');
  });
  afterEach(async () => {
    if (backend.exitCode !== null) return;
    const exit = once(backend, 'exit');
    backend.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  it('answers, and hands on what is left of the deadline', async () => {
    answers['/prices/42'] = { data: { price: 7 } };
    const response = await fetch(`${url}/price/42`, { headers: { 'x-request-timeout-ms': '4000' } });
    expect([response.status, await response.json()]).toEqual([200, { price: 7 }]);
    const left = Number(asked[0]?.headers['x-request-timeout-ms']);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(4_000);
  });

  it("ends with its caller's deadline, and says so", async () => {
    const response = await fetch(`${url}/price/42`, { headers: { 'x-request-timeout-ms': '1000' } });
    expect([response.status, await response.json()]).toEqual([504, { error: 'ETIMEDOUT' }]);
    expect((await fetch(`${url}/price/42`, { headers: { 'x-request-timeout-ms': '0' } })).status).toBe(504);
    expect(asked).toHaveLength(1);
  });

  it('does without what it can do without, and shows it to Prometheus', async () => {
    answers['/recommendations'] = { status: 500 };
    const nothing = await fetch(`${url}/recommendations`);
    expect([nothing.headers.get('x-answered-by'), await nothing.json()]).toEqual(['value', []]);

    answers['/recommendations'] = { data: ['tea'] };
    const fresh = await fetch(`${url}/recommendations`);
    expect([fresh.headers.get('x-answered-by'), await fresh.json()]).toEqual(['upstream', ['tea']]);

    answers = {};
    const stale = await fetch(`${url}/recommendations`);
    expect([stale.headers.get('x-answered-by'), await stale.json()]).toEqual(['stale', ['tea']]);

    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^breakwater_fallbacks_total\{.*kind="stale".*\} 1$/m);
    expect(metrics).toMatch(/^http_client_request_duration_seconds_count\{.*error_type="timeout".*\} 1$/m);
  });

  it('says that its port is taken', async () => {
    const second = spawn(process.execPath, [join(root, 'docs/examples/express-backend.mjs')], {
      env: { ...directly, UPSTREAM: origin(), PORT: new URL(url).port },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    second.stderr.on('data', (chunk) => (said += chunk));
    expect(await once(second, 'close')).toEqual([1, null]);
    expect(said).toContain('EADDRINUSE');
  });
});

describe('serverless.mjs', () => {
  /** As the platform calls it: with so many milliseconds left. */
  const invoke = async (left: number): Promise<unknown> => {
    vi.stubEnv('NO_PROXY', '*');
    vi.stubEnv('UPSTREAM', origin());
    vi.stubEnv('COLLECTOR', `${origin()}/events`);
    const { handler } = await import(pathToFileURL(join(root, 'docs/examples/serverless.mjs')).href);
    return handler({ pathParameters: { id: '42' } }, { getRemainingTimeInMillis: () => left });
  };
  afterEach(() => vi.unstubAllEnvs());

  it('answers, and its beacon has arrived by then', async () => {
    answers = { '/orders/42': { data: { id: 42 } }, '/events': { status: 204 } };
    expect(await invoke(5_000)).toEqual({ statusCode: 200, body: '{"id":42}' });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /orders/42', 'POST /events']);
    expect(JSON.parse(asked[1]?.body ?? '')).toMatchObject({ status: 200 });
  });

  it('answers before its time is over, whatever hangs', async () => {
    expect(await invoke(1_500)).toEqual({ statusCode: 504, body: '{"error":"ETIMEDOUT"}' });
    await vi.waitFor(() => expect(asked.map(({ path }) => path)).toEqual(['/orders/42', '/events']));
  });

  it('asks for nothing where there is only time for the answer', async () => {
    expect(await invoke(500)).toMatchObject({ statusCode: 504 });
    await vi.waitFor(() => expect(asked.map(({ path }) => path)).toEqual(['/events']));
  });
});

describe('in a page', () => {
  let site: Server;
  let browser: Browser;
  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: "import { suggest } from './front-end.mjs'; self.stop = suggest(...document.querySelectorAll('input, datalist'));",
        resolveDir: join(root, 'docs/examples'),
      },
      alias: { breakwater: join(root, 'dist/browser.js') },
      bundle: true,
      write: false,
      platform: 'browser',
    });
    const page = '<!doctype html><input list="words"><datalist id="words"></datalist><script src="/bundle.js"></script>';
    const files: Record<string, [type: string, text: string]> = {
      '/docs/examples/browser.html': ['text/html', await read('docs/examples/browser.html')],
      '/dist/breakwater.min.js': ['text/javascript', await read('dist/breakwater.min.js')],
      '/front-end.html': ['text/html', page],
      '/bundle.js': ['text/javascript', outputFiles[0]?.text ?? ''],
    };
    site = createServer(({ url = '' }, response) => {
      const [type, text] = files[url] ?? ['text/plain', ''];
      response
        .writeHead(files[url] ? 200 : 404, { 'content-type': type, ...CORS })
        .end(text.replaceAll('https://api.example.com', origin()));
    });
    await once(site.listen(0, '127.0.0.1'), 'listening');
    const executablePath = findChromium();
    browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    site.close();
  });

  /** A page of the site, which nothing may go wrong in. */
  async function open(path: string, run: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on('pageerror', ({ message }) => failures.push(message));
    answers['/events'] = { status: 204 };
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}${path}`);
    await run(page);
    await page.close();
    expect(failures).toEqual([]);
  }
  const beacons = (): string[] => asked.filter(({ path }) => path === '/events').map(({ body }) => body);

  it('browser.html shows news, old news, or why there are none; each click is a beacon', async () => {
    answers['/news'] = { status: 500 };
    await open('/docs/examples/browser.html', async (page) => {
      const note = page.locator('#note');
      await note.getByText('No news: the server is not reachable.').waitFor();

      answers['/news'] = { data: { items: ['Tea is ready'] } };
      await page.click('#refresh');
      await page.getByText('Tea is ready').waitFor();
      expect(await note.textContent()).toBe('');

      answers['/news'] = { status: 500 };
      await page.click('#refresh');
      await note.getByText('As of 0 minutes ago.').waitFor();
      expect(await page.locator('li').allTextContents()).toEqual(['Tea is ready']);
      expect(beacons()).toEqual(['{"clicked":"refresh"}', '{"clicked":"refresh"}']);

      answers['/news'] = { status: 404 }; // an answer, which no fallback hides
      await page.click('#refresh');
      await note.getByText('No news: Request failed with status code 404.').waitFor();
      expect(await page.locator('[aria-busy]').count()).toBe(0);
    });
  });

  it('front-end.mjs suggests what comes in time, and nothing else', async () => {
    answers['/suggest'] = { data: ['tea', 'teapot'] };
    await open('/front-end.html', async (page) => {
      const options = (count: number) => page.waitForFunction((n) => document.querySelectorAll('option').length === n, count);
      await page.locator('input').pressSequentially('te');
      await options(2);

      delete answers['/suggest']; // it hangs
      await page.locator('input').pressSequentially('a');
      await options(0);
      await vi.waitFor(() => expect(beacons()).toEqual(['{"missed":"suggestions"}']), 5_000);

      const before = asked.length;
      await page.evaluate(() => (self as unknown as { stop(): void }).stop());
      await page.locator('input').pressSequentially('s');
      await page.waitForTimeout(200);
      expect(asked.length).toBe(before);
    });
  });
});
