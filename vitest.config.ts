// The test projects: unit (pure), node (real sockets), process (in one of its own each), browser (in Chromium) and page (drives the playground).
// And wide: what takes too long for each `npm test`; and fuzz: the properties on other input each time.
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration, type UserWorkspaceConfig } from 'vitest/config';
import { CHROMIUM_FLAGS, findChromium } from './test/browser/chromium.mjs';
import { ByTurns } from './test/setup/order.ts';
import { ownSite } from './test/setup/parity-site.ts';
import { watchesDefects } from './test/setup/watches-defects.ts';

/** `#platform` is the transport of the place the code runs in; rollup.config.mjs and tsconfig.json decide the same way. */
const on = (platform: 'node' | 'web') => ({
  alias: { '#platform': fileURLToPath(new URL(`./src/transport/${platform}/index.ts`, import.meta.url)) },
});

const executablePath = findChromium();

/** Milliseconds, of a test and of a hook: what hangs is noticed, and what a busy machine makes slow is not taken for it. */
const TIMEOUT = 60_000;

const WIDE = ['test/**/*.wide.test.ts'];

/** What sweeps many inputs: in part in `unit` and `node`, see setup/sample.ts, and in full with the wide tests. */
const SWEEPS = {
  unit: ['fuzz-*', 'histogram', 'instance-request', 'redaction'],
  node: ['lag', 'parity-errors', 'parity-requests', 'redirect-parity'],
};
const sweeps = (folder: keyof typeof SWEEPS) => SWEEPS[folder].map((name) => `test/${folder}/${name}.test.ts`);
const IN_PART = { SWEEPS: 'in part' };

/** What measures its process, listens to all in it, or changes Node's own modules for all in it, as mocks and tracers do. */
const ALONE = ['agents-global', 'compat-{msw,nock}', 'diagnostics', 'leaks', 'opentelemetry*'].map((name) => `test/node/${name}.test.ts`);

/** Tests on real sockets, most of whose time is waiting. */
const onSockets = (
  name: string,
  files: Pick<NonNullable<UserWorkspaceConfig['test']>, 'include' | 'exclude' | 'isolate'>,
): TestProjectConfiguration => ({
  resolve: on('node'),
  test: {
    ...files,
    name,
    environment: 'node',
    globalSetup: ['test/setup/library.ts'],
    setupFiles: ['test/setup/fuzz.ts'],
    env: IN_PART,
    pool: 'forks',
    maxWorkers: 7,
    sequence: { groupOrder: 1 },
    testTimeout: TIMEOUT,
    hookTimeout: TIMEOUT,
  },
});

/** Tests that run in a page of Chromium. */
const inChromium = (
  name: string,
  files: Pick<NonNullable<UserWorkspaceConfig['test']>, 'include' | 'exclude' | 'sequence'>,
): TestProjectConfiguration => ({
  resolve: on('web'),
  plugins: [ownSite()],
  // Known beforehand, since a dependency that Vite discovers during a run reloads the page under the tests.
  optimizeDeps: { include: ['axios', 'axios-retry', 'mitt', 'tslib'] },
  test: {
    ...files,
    name,
    globalSetup: ['test/setup/lab.ts'],
    testTimeout: TIMEOUT,
    hookTimeout: TIMEOUT,
    maxWorkers: 3,
    isolate: false,
    browser: {
      enabled: true,
      headless: true,
      ui: false,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS } }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

/** Pure tests that try many inputs. */
const properties = (name: string, include: string[], env: Record<string, string> = {}): TestProjectConfiguration => ({
  resolve: on('node'),
  plugins: [watchesDefects],
  test: {
    name,
    environment: 'node',
    include,
    setupFiles: ['test/setup/fuzz.ts', 'test/setup/defects.ts'],
    env,
    maxWorkers: 2,
    sequence: { groupOrder: 4 },
    testTimeout: TIMEOUT,
  },
});

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**'] },
    sequence: { sequencer: ByTurns },
    // One project after the other (groupOrder): these tests measure time, and a crowded machine makes every clock late. All but the pure ones
    // wait for most of theirs, so there may be more of them than the two cores that CI has, of which Vitest would take one.
    projects: [
      {
        resolve: on('node'),
        plugins: [watchesDefects],
        test: {
          name: 'unit',
          isolate: false, // to load the modules for each file took as long as the tests
          environment: 'node',
          include: ['test/unit/**/*.test.ts'],
          exclude: WIDE,
          setupFiles: ['test/setup/fuzz.ts', 'test/setup/defects.ts'],
          env: IN_PART,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: TIMEOUT,
        },
      },
      onSockets('node', { include: ['test/node/**/*.test.ts'], exclude: [...WIDE, ...ALONE], isolate: false }),
      onSockets('process', { include: ALONE, exclude: WIDE }),
      inChromium('browser', { include: ['test/browser/**/*.test.ts'], exclude: WIDE, sequence: { groupOrder: 2 } }),
      {
        resolve: on('node'),
        test: {
          name: 'page',
          environment: 'node',
          include: ['test/playground/**/*.test.ts'],
          exclude: WIDE,
          pool: 'forks',
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
          testTimeout: TIMEOUT,
          hookTimeout: TIMEOUT,
        },
      },
      {
        resolve: on('node'),
        test: {
          name: 'wide',
          environment: 'node',
          include: [...WIDE, ...sweeps('node')],
          exclude: ['test/browser/**'],
          globalSetup: ['test/setup/library.ts'],
          setupFiles: ['test/setup/fuzz.ts'],
          pool: 'forks',
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          testTimeout: TIMEOUT,
          hookTimeout: TIMEOUT,
        },
      },
      properties('wide-unit', sweeps('unit')),
      properties('fuzz', ['test/unit/fuzz-*.test.ts'], { FUZZ_SEED: 'random' }),
      inChromium('wide-browser', { include: ['test/browser/**/*.wide.test.ts'], sequence: { groupOrder: 5 } }),
    ],
  },
});
