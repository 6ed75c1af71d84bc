// What is in the tarball, and what is in the files: nothing of Node for browsers, true hashes, the same bytes from a second build.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { expect, inject, it } from 'vitest';
import { npm } from './run.ts';

const { consumer, root } = inject('packed');
const installed = join(consumer, 'node_modules/breakwater');
const dist = join(installed, 'dist');
const read = (file: string): string => readFileSync(join(dist, file), 'utf8');
const files = (folder: string): string[] => readdirSync(folder).sort();
const EXPORTERS = ['log', 'opentelemetry', 'prometheus'].flatMap((name) => [`${name}.js`, `${name}.cjs`]);
const sha384 = (file: string): string => `sha384-${createHash('sha384').update(readFileSync(file)).digest('base64')}`;
const hashes = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((file) => [relative(folder, file), sha384(file)]),
  );

/** The modules a built file asks for, in any of the ways there are, as a bundler sees them. */
async function imports(file: string): Promise<string[]> {
  const everythingOutside: Plugin = {
    name: 'everything-outside',
    setup: (bundler) =>
      bundler.onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'entry-point' ? undefined : { path, external: true })),
  };
  const { metafile } = await build({
    entryPoints: [join(dist, file)],
    bundle: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    platform: 'neutral',
    plugins: [everythingOutside],
  });
  return Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
}
const isBuiltIn = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name);

it('holds what is published and nothing else', () => {
  expect(files(installed).filter((name) => name !== 'dist')).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
  expect(
    files(installed).filter(
      (name) => !['CHANGELOG.md', 'LICENSE', 'README.md', 'README.zh-CN.md', 'dist', 'docs', 'llms.txt', 'package.json'].includes(name),
    ),
  ).toEqual([]);
  expect(files(dist)).toEqual(
    ['browser', 'node', 'log', 'opentelemetry', 'prometheus']
      .flatMap((name) => ['cjs', 'cjs.map', 'd.cts', 'd.ts', 'js', 'js.map'].map((kind) => `${name}.${kind}`))
      .concat('breakwater.min.js', 'breakwater.min.js.LICENSE.txt', 'breakwater.min.js.map', 'integrity.json', 'prometheus')
      .sort(),
  );
  expect(files(join(dist, 'prometheus'))).toEqual(['breakwater.dashboard.json', 'breakwater.rules.yml']);
});

it('the links of its texts lead somewhere in it', () => {
  const texts = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((name) => /^[^/]+\.md$|^docs\/.*\.md$/.test(name));
  const dead = texts.flatMap((text) => {
    const links = [...readFileSync(join(installed, text), 'utf8').matchAll(/\]\(([^)\s#:]+)(?:#[^)\s]*)?\)/g)].map(([, to = '']) => to);
    return links.filter((to) => !existsSync(join(installed, text, '..', to))).map((to) => `${text}: ${to}`);
  });
  expect(texts).toContain('docs/telemetry.md');
  expect(dead).toEqual([]);
});

it.each(['browser.js', 'browser.cjs', 'breakwater.min.js', ...EXPORTERS])('%s asks for no Node built-in', async (file) => {
  expect((await imports(file)).filter(isBuiltIn)).toEqual([]);
  expect(read(file)).not.toMatch(/["'`]node:[a-z]/);
});

it.each(['node.js', 'node.cjs'])('%s holds the Node transport', async (file) => {
  expect((await imports(file)).filter(isBuiltIn)).toContain('node:http');
});

it.each(['node.js', 'node.cjs', 'browser.js', 'browser.cjs', ...EXPORTERS])(
  '%s bundles no dependency, and declares what it asks for',
  async (file) => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const asked = (await imports(file)).filter((name) => !isBuiltIn(name));
    expect(asked).toContain('axios');
    expect(asked.filter((name) => !Object.hasOwn({ ...dependencies, ...peerDependencies }, name))).toEqual([]);
  },
);

it('breakwater.min.js asks for no module at all', async () => {
  expect(await imports('breakwater.min.js')).toEqual([]);
});

it('breakwater.min.js says where the licences of the packages inside are, each with its copyright', () => {
  const { sources } = JSON.parse(read('breakwater.min.js.map')) as { sources: string[] };
  const inside = new Set(sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []));
  expect([...inside].sort()).toEqual(expect.arrayContaining(['axios', 'axios-retry', 'mitt']));
  expect(read('breakwater.min.js').slice(0, 200)).toContain('breakwater.min.js.LICENSE.txt */');
  const notices = read('breakwater.min.js.LICENSE.txt').split(`\n${'-'.repeat(80)}\n`);
  expect(notices.map((notice) => /^\S+/.exec(notice.trim())?.[0])).toEqual([...inside].sort());
  for (const notice of notices) expect(notice).toMatch(/Copyright (?:\(c\) )?(?:\d{4}|[A-Z])/);
});

it('integrity.json has the hash of the script-tag file', () => {
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(JSON.parse(read('integrity.json'))).toEqual({ version, files: { 'breakwater.min.js': sha384(join(dist, 'breakwater.min.js')) } });
});

it('brings the sources that its source maps name, which bundlers look for', () => {
  const maps = files(dist).filter((name) => name.endsWith('.map'));
  expect(maps.length).toBeGreaterThan(5);
  for (const map of maps) {
    const { sources, sourcesContent } = JSON.parse(read(map)) as { sources: string[]; sourcesContent: (string | null)[] };
    expect(
      sources.filter((_, index) => !sourcesContent[index]),
      map,
    ).toEqual([]);
  }
});

it('names no file of the machine that built it', () => {
  for (const file of files(dist).filter((name) => name.includes('.'))) expect(read(file).includes(root), file).toBe(false);
});

it('comes out the same, byte for byte, when it is built again', async () => {
  await npm(['run', 'build'], { cwd: root });
  expect(hashes(join(root, 'dist'))).toEqual(hashes(dist));
});
