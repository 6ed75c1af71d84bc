// The checks of what is published: they build, pack and install the package, and use it as its users would.
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestUserConfig } from 'vitest/config';

const shared: TestUserConfig = {
  environment: 'node',
  pool: 'forks',
  globalSetup: ['test/package/pack.ts'],
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    maxWorkers: 2,
    projects: [{ test: { ...shared, name: 'package', include: ['test/package/*.test.ts'] } }],
  },
});
