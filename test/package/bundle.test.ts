// Bundlers: which build each set of conditions gets, and a browser bundle that needs nothing of Node.
import { build } from 'esbuild';
import { expect, inject, it } from 'vitest';

const { consumer } = inject('packed');
const esm = "import { createClient } from 'breakwater'; console.log(createClient);";
const cjs = "const { createClient } = require('breakwater'); console.log(createClient);";

/** Bundles one line of an application; axios and the rest stay outside unless everything is asked for. */
async function bundle(contents: string, platform: 'browser' | 'node' | 'neutral', conditions: string[] = [], everything = false) {
  const result = await build({
    stdin: { contents, resolveDir: consumer },
    absWorkingDir: consumer,
    bundle: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    platform,
    conditions,
    format: 'esm',
    ...(everything ? {} : { external: ['axios', 'axios-retry', 'mitt', 'tslib', 'node:*'] }),
  });
  const ours = Object.keys(result.metafile.inputs).filter((path) => path.includes('breakwater/dist/'));
  return { build: ours.map((path) => path.split('/').pop()), result };
}

it.each([
  ['a browser bundler', esm, 'browser', [], 'browser.js'],
  ['a browser bundler, require', cjs, 'browser', [], 'browser.cjs'],
  ['Node', esm, 'node', [], 'node.js'],
  ['Node, require', cjs, 'node', [], 'node.cjs'],
  ['jsdom, which claims to be both', esm, 'neutral', ['node', 'browser'], 'browser.js'],
  ['jsdom, which claims to be both, require', cjs, 'neutral', ['node', 'browser'], 'browser.cjs'],
  ['a runtime nobody knows', esm, 'neutral', [], 'browser.js'],
  ['a runtime nobody knows, require', cjs, 'neutral', [], 'browser.cjs'],
] as const)('%s gets the right build', async (_who, contents, platform, conditions, expected) => {
  expect((await bundle(contents, platform, [...conditions])).build).toEqual([expected]);
});

it.each([
  ['import', esm],
  ['require', cjs],
])('a browser bundle with everything inside (%s) imports nothing', async (_how, contents) => {
  const { result } = await bundle(contents, 'browser', [], true);
  expect(Object.values(result.metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
});
