// Every snippet of the README runs: the JavaScript prints what its `// =>` comments say, the script tag loads.
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { blocks, promised, read, type Snippets, startSnippets } from './snippets';

const readme = await read('README.md');

let snippets: Snippets;
beforeAll(async () => {
  snippets = await startSnippets();
});
afterAll(() => snippets.close());

describe('the README', () => {
  it('has snippets to run', () => {
    expect(blocks(readme, 'js').length).toBeGreaterThanOrEqual(4);
    expect(blocks(readme, 'html')).toHaveLength(1);
  });

  it.each(blocks(readme, 'js'))('the snippet in line $line prints what it says', async ({ code }) => {
    expect(await snippets.run(code)).toMatch(promised(snippets.located(code)));
  });

  it('the script tag loads with its integrity, and gives the global', async () => {
    const { files } = JSON.parse(await read('dist/integrity.json')) as { files: Record<string, string> };
    const [html] = blocks(readme, 'html');
    const [, source = ''] = /src="([^"]+)"/.exec(html?.code ?? '') ?? [];
    const script = await read('dist/breakwater.min.js');
    const executablePath = findChromium();
    const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS });
    try {
      const page = await browser.newPage();
      const headers = { 'access-control-allow-origin': '*' };
      await page.route(source, (route) => route.fulfill({ contentType: 'text/javascript', headers, body: script }));
      await page.route('http://page.test/', (route) =>
        route.fulfill({ contentType: 'text/html', body: html?.code.replace('sha384-…', files['breakwater.min.js'] ?? 'none') ?? '' }),
      );
      await page.goto('http://page.test/');
      expect(await page.evaluate('typeof api.get + " " + typeof Breakwater.isTimeout')).toBe('function function');
    } finally {
      await browser.close();
    }
  });
});
