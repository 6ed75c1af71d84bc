// Makes the one file that the scripts of the Node tests require: the source as it is, and axios.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The file, and the repository's folder. */
    library: { file: string; root: string };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const file = join(await mkdtemp(join(tmpdir(), 'breakwater-library-')), 'library.cjs');
  await build({
    stdin: { contents: `export * from './src/index.ts'; export { default as axios } from 'axios';`, resolveDir: root },
    alias: { '#platform': join(root, 'src/transport/node/index.ts') },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    outfile: file,
  });
  project.provide('library', { file, root });
  return () => rm(dirname(file), { recursive: true });
}
