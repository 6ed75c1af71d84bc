// What a user's minified bundle has of ours for each import, compressed as servers compress it. axios and the other dependencies are not counted,
// except in the file for a script tag, which has them inside.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, inject, it } from 'vitest';

/** Bytes. What was measured and 2 % more: whoever needs more says so here, whoever needs less lowers it. */
const BUDGETS: [what: string, from: string, bytes: number][] = [
  ['createClient', 'breakwater', 31_400],
  ['protect', 'breakwater', 31_400],
  ['withDeadline', 'breakwater', 2_550],
  ['isTimeout', 'breakwater', 350],
  ['logTo', 'breakwater/log', 2_540],
  ['instrument', 'breakwater/opentelemetry', 3_060],
  ['collect', 'breakwater/prometheus', 2_900],
  ['toAlertmanager', 'breakwater/prometheus', 1_000],
];
const SCRIPT_TAG = 49_420;

const { consumer } = inject('packed');

const compressed = (code: Uint8Array): number => brotliCompressSync(code).length;

async function sizeOf(what: string, from: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `import { ${what} } from '${from}'; console.log(${what});`, resolveDir: consumer },
    absWorkingDir: consumer,
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'silent',
    platform: 'browser',
    format: 'esm',
    external: ['axios', 'axios-retry', 'mitt', 'tslib', '@opentelemetry/api', 'prom-client'],
  });
  return compressed(outputFiles[0]?.contents ?? new Uint8Array());
}

it.each(BUDGETS)('%s of %s is within its budget', async (what, from, bytes) => {
  const size = await sizeOf(what, from);
  console.log(`${what}: ${size} bytes of ${bytes}`);
  expect(size).toBeGreaterThan(100);
  expect(size).toBeLessThanOrEqual(bytes);
});

it('the file for a script tag is within its budget', () => {
  const size = compressed(readFileSync(join(consumer, 'node_modules/breakwater/dist/breakwater.min.js')));
  console.log(`script tag: ${size} bytes of ${SCRIPT_TAG}`);
  expect(size).toBeLessThanOrEqual(SCRIPT_TAG);
});
