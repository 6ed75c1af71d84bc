// The checks with a real Prometheus and a real Alertmanager, as a fleet has them: `node test/setup/prometheus.mjs` finds or installs both.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../..', import.meta.url));

export default defineConfig({
  root,
  resolve: { alias: { '#platform': fileURLToPath(new URL('../../src/transport/node/index.ts', import.meta.url)) } },
  test: {
    name: 'fleet',
    environment: 'node',
    include: ['test/fleet/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
