// Every snippet of the README runs: the JavaScript prints what its `// =>` comments say, the script tag loads.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(([, code]) => code ?? '');
const run = promisify(execFile);

let server: Server;
let folder: string;
let api: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-readme-'));
  // Answers /healthy; everything else is accepted and left waiting.
  server = createServer((request, response) => {
    if (request.url?.startsWith('/healthy')) response.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  api = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('the README', () => {
  it('has snippets to run', () => {
    expect(blocks('js').length).toBeGreaterThanOrEqual(4);
    expect(blocks('html')).toHaveLength(1);
  });

  it.each(blocks('js').map((code, index) => ({ code, index })))('snippet $index prints what it says', async ({ code, index }) => {
    const expected = [...code.matchAll(/\/\/ => (.*)/g)].map(([, line]) => line);
    const file = join(folder, `snippet-${index}.mjs`);
    const built = pathToFileURL(join(root, 'dist/node.js')).href;
    const axios = pathToFileURL(join(root, 'node_modules/axios/index.js')).href;
    const runnable = code.replace("'breakwater'", `'${built}'`).replace("'axios'", `'${axios}'`).replaceAll('https://api.example.com', api);
    await writeFile(file, runnable);
    const { stdout } = await run(process.execPath, [file], { timeout: 15_000 });
    expect(stdout.trim().split('\n')).toEqual(expected);
  });

  it('the script tag loads with its integrity, and gives the global', async () => {
    const { files } = JSON.parse(await readFile(join(root, 'dist/integrity.json'), 'utf8')) as { files: Record<string, string> };
    const [html = ''] = blocks('html');
    const [, source = ''] = /src="([^"]+)"/.exec(html) ?? [];
    const script = await readFile(join(root, 'dist/breakwater.min.js'));
    const executablePath = findChromium();
    const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS });
    try {
      const page = await browser.newPage();
      const headers = { 'access-control-allow-origin': '*' };
      await page.route(source, (route) => route.fulfill({ contentType: 'text/javascript', headers, body: script }));
      await page.route('http://page.test/', (route) =>
        route.fulfill({ contentType: 'text/html', body: html.replace('sha384-…', files['breakwater.min.js'] ?? 'none') }),
      );
      await page.goto('http://page.test/');
      expect(await page.evaluate('typeof api.get + " " + typeof Breakwater.isTimeout')).toBe('function function');
    } finally {
      await browser.close();
    }
  });
});
