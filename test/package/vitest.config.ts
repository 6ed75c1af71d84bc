// The checks of what is published: they build, pack and install the package, and use it as its users would; and run what the documentation shows.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const shared = { environment: 'node', pool: 'forks', maxWorkers: 2 } as const;

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'package',
          include: ['test/package/*.test.ts'],
          globalSetup: ['test/package/pack.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: { alias: { '#platform': fileURLToPath(new URL('../../src/transport/node/index.ts', import.meta.url)) } },
        test: {
          ...shared,
          name: 'docs',
          include: ['test/docs/*.test.ts'],
          exclude: ['test/**/*.wide.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 4, // each waits for what it started
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
