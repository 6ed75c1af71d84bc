// The unit tests of a policy, as Stryker runs them: in a sandbox, against one mutant after the other.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { watchesDefects } from '../setup/watches-defects.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Examples before properties: the first failure is enough, and theirs comes sooner. */
class ExamplesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isProperty = ({ moduleId }: TestSpecification): number => Number(moduleId.includes('/fuzz-'));
    return [...files].sort((a, b) => isProperty(a) - isProperty(b));
  }
}

export default defineConfig({
  root: at(''),
  plugins: [watchesDefects],
  resolve: { alias: { '#platform': at('src/transport/node/index.ts') } },
  test: {
    environment: 'node',
    include: [`test/unit/(${process.env.MUTATION_TESTS ?? '*'}).test.ts`],
    setupFiles: ['test/mutation/setup.ts', 'test/setup/defects.ts'],
    sequence: { sequencer: ExamplesFirst },
  },
});
