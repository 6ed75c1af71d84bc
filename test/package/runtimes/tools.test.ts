// The packed tarball in test runners and in the places of a Next.js application: each gets the build that fits it, and that build works there.
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startLab } from '../../lab/index.mjs';
import { openBrowser } from '../../setup/browsers.mjs';
import { node } from '../run.ts';
import { SURVIVED } from '../survived.ts';
import { install } from './install.ts';
import { servePages } from './pages.ts';

const { consumer } = inject('packed');

/** Of consumer/runner-smoke.cjs: the phase tells which build it was. */
const seen = (phase: 'response' | 'waiting') => ({ status: 200, code: 'ETIMEDOUT', limit: 'total', phase });
const NODE_BUILD = seen('response');
const BROWSER_BUILD = seen('waiting');

const ENTRY = "import * as breakwater from 'breakwater'; import smoke from './runner-smoke.cjs'; globalThis.outcome = smoke(breakwater);";

let lab: Awaited<ReturnType<typeof startLab>>;
let upstreams: { HEALTHY: string; STALL: string };

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
  upstreams = { HEALTHY: lab.url('healthy'), STALL: lab.url('stall') };
});

afterAll(() => lab.close());

describe.each([
  ['Jest', 'jest', ['jest@30', 'jest-environment-jsdom@30'], 'jest/bin/jest.js', ['--testMatch=**/smoke.test.cjs', '--env']],
  ['Vitest', 'vitest', ['vitest@4', 'jsdom@27'], 'vitest/vitest.mjs', ['run', '--environment']],
] as const)('%s', (_name, name, packages, binary, args) => {
  let folder: string;

  beforeAll(async () => {
    folder = await install(consumer, name, [...packages]);
  });

  it.for([
    ['node', NODE_BUILD],
    ['jsdom', BROWSER_BUILD],
  ] as const)('%s', async ([environment, expected]) => {
    const env = { ...upstreams, EXPECTED: JSON.stringify(expected) };
    await node([join(folder, 'node_modules', binary), ...args, environment], { cwd: folder, env });
  });
});

describe('Next.js', () => {
  /** Bundles the smoke as Next.js does for one of its places, and says which of our files went in. */
  async function bundle(place: string, platform: 'node' | 'browser', conditions: string[]) {
    const outfile = join(consumer, `${place}.cjs`);
    const define = Object.fromEntries(Object.entries(upstreams).map(([name, url]) => [`process.env.${name}`, JSON.stringify(url)]));
    const { metafile } = await build({
      stdin: { contents: ENTRY, resolveDir: consumer },
      absWorkingDir: consumer,
      bundle: true,
      outfile,
      metafile: true,
      logLevel: 'silent',
      platform,
      conditions,
      format: platform === 'node' ? 'cjs' : 'iife',
      define,
    });
    const files = Object.keys(metafile.inputs).flatMap((path) => /breakwater\/dist\/(.*)$/.exec(path)?.[1] ?? []);
    return { outfile, files };
  }

  it.for([
    ['server component, import', 'esm.mjs'],
    ['server component, require', 'cjs.cjs'],
  ] as const)('%s', async ([_place, program]) => {
    expect(JSON.parse(await node(['--conditions=react-server', program], { cwd: consumer }))).toEqual(SURVIVED);
  });

  it('server component, bundled', async () => {
    const { outfile, files } = await bundle('server', 'node', ['react-server']);
    expect(files).toEqual(['node.js']);
    const told = await node(['-e', `require(${JSON.stringify(outfile)}); outcome.then((all) => console.log(JSON.stringify(all)))`], {
      cwd: consumer,
    });
    expect(JSON.parse(told)).toEqual(NODE_BUILD);
  });

  it('client component', { timeout: 60_000 }, async () => {
    expect((await bundle('client', 'browser', ['browser'])).files).toEqual(['browser.js']);
    const pages = await servePages(consumer, [
      { name: 'client', scripts: '<script src="/client.cjs"></script><script>outcome.then(report)</script>' },
    ]);
    const close = openBrowser('Chromium', pages.start(''));
    try {
      await expect.poll(() => pages.reports.get('client'), { timeout: 30_000 }).toMatchObject({ ...BROWSER_BUILD, failures: [] });
    } finally {
      await close();
      pages.close();
    }
  });

  it.for([
    ['edge', 'edge-light'],
    ['worker', 'worker'],
  ] as const)('%s', async ([place, condition]) => {
    const folder = await install(consumer, 'edge', ['@edge-runtime/vm@5']);
    const { outfile, files } = await bundle(place, 'browser', [condition]);
    expect(files).toEqual(['browser.js']);
    expect(JSON.parse(await node(['run.mjs', outfile], { cwd: folder }))).toEqual(BROWSER_BUILD);
  });
});
