// The unit tests of a policy, as Stryker runs them: in a sandbox, against one mutant after the other.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export default defineConfig({
  root: at(''),
  resolve: { alias: { '#platform': at('src/transport/node/index.ts') } },
  test: {
    environment: 'node',
    include: [`test/unit/(${process.env.MUTATION_TESTS ?? '*'}).test.ts`],
    setupFiles: ['test/mutation/setup.ts'],
    testTimeout: 20_000, // a machine that is busy kills no mutant
  },
});
