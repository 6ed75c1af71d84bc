// The matrix: the packed tarball in every runtime, bundler, browser and compiler there is to be had. One thing at a time, and a table at the end.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    name: 'runtimes',
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    globalSetup: ['test/package/pack.ts'],
    include: ['test/package/runtimes/*.test.ts'],
    reporters: ['default', 'test/package/runtimes/table.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
