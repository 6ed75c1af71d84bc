// The READMEs and llms.txt are true: each snippet prints what its `// =>` comments say, the script tag loads, the pictures are there,
// and the Chinese README shows the same code and leads to the same pages as the English one.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { blocks, PATIENCE, promised, read, root, type Snippets, startSnippets } from './snippets';

vi.setConfig({ testTimeout: PATIENCE });

const readme = await read('README.md');
const chinese = await read('README.zh-CN.md');
const llms = await read('llms.txt');

let snippets: Snippets;
beforeAll(async () => {
  snippets = await startSnippets();
});
afterAll(() => snippets.close());

describe.each([
  { name: 'README.md', page: readme, least: 15 },
  { name: 'llms.txt', page: llms, least: 3 },
])('$name', ({ name, page, least }) => {
  it('has snippets to run', () => {
    expect(blocks(page, 'js').length).toBeGreaterThanOrEqual(least);
  });

  it.each(blocks(page, 'js').map(({ code, line }) => ({ where: `${name}:${line}`, code })))(
    '$where prints what it says',
    async ({ code }) => {
      expect(await snippets.run(code)).toMatch(promised(snippets.located(code)));
    },
  );
});

it('the script tag of the README loads with its integrity, and gives the global', async () => {
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

it('the pictures of the README are there, and light', async () => {
  const pictures = [...readme.matchAll(/(?:src|srcset)="(docs\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(pictures).toHaveLength(2);
  for (const path of pictures) expect((await stat(join(root, path))).size).toBeLessThan(200_000);
});

describe('the Chinese README', () => {
  it.each(['js', 'html', 'sh'])('shows the same code (%s)', (language) => {
    const codeOf = (page: string): string[] => blocks(page, language).map(({ code }) => code.replace(/ *(?:\/\/|#)(?! =>) .*/g, ''));
    expect(codeOf(chinese)).toEqual(codeOf(readme));
  });

  it('has the same sections, tables and numbers', () => {
    expect(shapeOf(chinese)).toEqual(shapeOf(readme));
  });

  it('leads to the same pages and pictures, and the two to each other', () => {
    const linksOf = (page: string): string[] => [...page.matchAll(/(?:\]\(|src="|srcset=")([^)"]+)/g)].map(([, to = '']) => to);
    expect(linksOf(chinese).map((to) => (to === 'README.md' ? 'README.zh-CN.md' : to))).toEqual(linksOf(readme));
    expect(linksOf(chinese)).toContain('README.md');
  });
});

/** What a translation keeps: the depth of each heading, and of each row of a table its cells and its code. */
function shapeOf(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^(#+) |^\|.*/gm)].map(
    ([line, depth]) => depth ?? `${line.split('|').length} ${line.match(/`[^`]+`|[\d ]{4,}/g) ?? ''}`,
  );
}
