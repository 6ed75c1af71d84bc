// The unit tests of the policies, as Stryker runs them: in a sandbox, against one mutant after the other.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** These go through every policy on their way to what they test. They are slow, and say nothing of a policy but that it lets calls pass. */
const OF_LISTENERS = 'alertmanager|alerts*|beacon-*|endpoint-labels|fuzz-beacon|histogram|log|redaction|series|stats*|suggest|trace';

/** The tests of what is mutated first, examples before properties: a single failure is enough, and so it is found sooner. */
class LikelyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const mutated = [this.ctx.config.related ?? []].flat().flatMap((file) => basename(file, '.ts').split('-'));
    const rank = ({ moduleId }: TestSpecification): number => {
      const words = basename(moduleId, '.test.ts').split('-');
      return (words.some((word) => mutated.includes(word)) ? 0 : 2) + (words.includes('fuzz') ? 1 : 0);
    };
    return [...files].sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  root: at(''),
  resolve: { alias: { '#platform': at('src/transport/node/index.ts') } },
  test: {
    environment: 'node',
    include: ['test/unit/**/*.test.ts'],
    exclude: [...configDefaults.exclude, `test/unit/(${OF_LISTENERS}).test.ts`],
    setupFiles: ['test/mutation/setup.ts'],
    sequence: { sequencer: LikelyFirst },
    // A machine that is busy kills no mutant.
    testTimeout: 20_000,
  },
});
