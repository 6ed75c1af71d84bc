// The packed tarball in pages: by script tag and out of four bundlers, in every browser there is to be had.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startLab } from '../../lab/index.mjs';
import { BROWSER_NAMES, findBrowser, howToGet, openBrowser } from '../../setup/browsers.mjs';
import { node } from '../run.ts';
import { install } from './install.ts';
import { type Page, type Pages, servePages } from './pages.ts';

const { consumer } = inject('packed');
const dist = join(consumer, 'node_modules/breakwater/dist');
const web = join(consumer, 'web');

const BUNDLERS = ['esbuild@0.28', 'vite@8', 'webpack@5', 'rollup@4', '@rollup/plugin-node-resolve@16', '@rollup/plugin-commonjs@29'];
const BUNDLES = BUNDLERS.slice(0, 4).flatMap((spec) => {
  const [bundler = ''] = spec.split('@');
  return [
    { name: `${bundler}-import`, bundler, entry: 'import.mjs' },
    { name: `${bundler}-require`, bundler, entry: 'require.cjs' },
  ];
});

const SMOKE = {
  healthy: 200,
  read: { limit: 'read', phase: 'body', kind: 'read', early: false },
  total: { limit: 'total', phase: 'waiting', kind: 'unknown', early: false },
  aborted: 'ERR_CANCELED',
  cut: 'ERR_NETWORK',
  beacon: true,
  flushed: true,
  stats: [
    { calls: 1, read: 0, unknown: 0 },
    { calls: 1, read: 1, unknown: 0 },
    { calls: 2, read: 0, unknown: 1 },
    { calls: 1, read: 0, unknown: 0 },
  ],
  off: 'ECONNABORTED',
  waits: true,
  failures: [],
};

/** The script tag as the documentation has it, with the hash the package was published with. */
function scriptTag(): Page {
  const { files } = JSON.parse(readFileSync(join(dist, 'integrity.json'), 'utf8'));
  cpSync(join(dist, 'breakwater.min.js'), join(web, 'breakwater.min.js'));
  const tag = `<script src="/breakwater.min.js" integrity="${files['breakwater.min.js']}" crossorigin="anonymous"></script>`;
  const own = '<script>const module = {}</script><script src="/smoke.cjs"></script><script>module.exports(Breakwater)</script>';
  return { name: 'script', scripts: tag + own };
}

const broken = new Map<string, unknown>();
let lab: Awaited<ReturnType<typeof startLab>>;
let query: string;

beforeAll(async () => {
  const folder = await install(consumer, 'bundlers', BUNDLERS);
  for (const { bundler, entry, name } of BUNDLES) {
    mkdirSync(join(web, name));
    await node(['build.mjs', bundler, join(web, entry), join(web, name)], { cwd: folder }).catch((error) => broken.set(name, error));
  }
  const only = ['healthy', 'stall', 'body-stall', 'reset-mid-body'];
  lab = await startLab({ only });
  query = new URLSearchParams(only.map((name) => [name, lab.url(name)])).toString();
});

afterAll(() => lab.close());

describe.each(BROWSER_NAMES.map((name) => [name] as const))('%s', (browser) => {
  const bundled = BUNDLES.map(({ name }) => ({ name, scripts: `<script type="module" src="/${name}/app.js"></script>` }));
  let pages: Pages;
  let close: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    pages = await servePages(web, [scriptTag(), ...bundled]);
    if (findBrowser(browser)) close = openBrowser(browser, pages.start(query));
  });

  afterAll(async () => {
    await close?.();
    pages.close();
  });

  it.for(['script', ...BUNDLES.map(({ name }) => name)])('%s', { timeout: 60_000 }, async (name, { task, skip }) => {
    if (!close) skip(howToGet(browser));
    if (broken.has(name)) throw broken.get(name);
    await expect.poll(() => [...pages.reports.keys()], { timeout: 30_000 }).toContain(name);
    const { agent, ...rest } = pages.reports.get(name) ?? {};
    expect(rest, String(rest.failures)).toEqual(SMOKE);
    const said = (): string[] => (pages.beacons.get(name) ?? []).map((body) => JSON.parse(body).said);
    await expect.poll(said, { timeout: 10_000 }).toEqual(['hello', 'goodbye']);
    if (name === 'script') task.meta.detail = /(?:Chrome|Firefox)\/[\d.]+|Version\/.*/.exec(String(agent))?.[0] ?? '';
  });
});
