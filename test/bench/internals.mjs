// Bundles what the package does not export from its sources, so that its parts can be measured.
import { rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Imports names from files of src/ in one bundle, so that they share module state.
 * @param {Record<string, string[]>} wanted Names by file, such as `{ 'clock': ['now'] }`.
 * @returns {Promise<Record<string, any>>}
 */
export async function internals(wanted) {
  const contents = Object.entries(wanted).map(([file, names]) => `export { ${names.join(', ')} } from './src/${file}.ts';`);
  const outfile = fileURLToPath(new URL(`.internals-${process.pid}.mjs`, import.meta.url)); // here, since it imports axios
  await build({
    stdin: { contents: contents.join('\n'), resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    outfile,
    logLevel: 'warning',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    packages: 'external',
    alias: { '#platform': './src/transport/node/index.ts' },
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile);
  }
}
