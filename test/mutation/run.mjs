// Changes the policies in every small way that Stryker knows, and sees whether a unit test notices. Fails where too many changes pass.
//   npm run test:mutation [-- <file> …]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

/** The share of the changes to each file that a test has to notice, in percent. */
const ENOUGH = 85;

/** What is changed, and the tests in test/unit that are about it: no others count, though calls pass through every policy in most of them. */
const SUBJECTS = [
  { files: ['policies/retry-decision', 'policies/retry-budget', 'policies/retry', 'util/retry-after'], tests: 'retry-*|fuzz-retry' },
  { files: ['policies/rate-limit', 'policies/concurrency'], tests: 'limit-*|fuzz-rate|fuzz-concurrency' },
  { files: ['policies/breaker-state', 'policies/breaker', 'util/window'], tests: 'breaker-*|fuzz-breaker|window' },
  { files: ['policies/fallback', 'policies/fallback-key'], tests: 'fallback*' },
  { files: ['policies/attempt', 'transport/phase-clock'], tests: 'attempt|phase-clock*|fuzz-phase-clock' },
  {
    files: ['policies/deadline', 'policies/cancellation', 'policies/record', 'policies/dispatch'],
    tests: 'deadline-call|abort|record|dispatch',
  },
];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(ROOT);

/** @typedef {{ killed: number, survived: number }} Counts */

/** @param {string[]} mutate @param {string} tests @returns {Promise<Map<string, Counts>>} */
async function mutation(mutate, tests) {
  process.env.MUTATION_TESTS = tests; // for vitest.config.ts
  const stryker = new Stryker({
    mutate,
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutation/vitest.config.ts' },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: 60_000, // a machine that is busy kills no mutant
    ignorePatterns: ['dist', 'docs', 'playground', 'test/bench', 'test/package'],
    tempDirName: mkdtempSync(join(tmpdir(), 'breakwater-mutation-')),
    reporters: ['progress-append-only', 'clear-text'],
    clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: false },
  });
  const found = new Map();
  for (const { fileName, status } of await stryker.runMutationTest()) {
    const file = relative(ROOT, fileName);
    const counts = found.get(file) ?? { killed: 0, survived: 0 };
    if (status === 'Killed' || status === 'Timeout') counts.killed++;
    if (status === 'Survived' || status === 'NoCoverage') counts.survived++;
    found.set(file, counts);
  }
  return found;
}

const asked = process.argv.slice(2);
const rows = [];
for (const { files, tests } of SUBJECTS) {
  const mutate = files.map((file) => `src/${file}.ts`).filter((file) => asked.length === 0 || asked.includes(file));
  if (mutate.length > 0) rows.push(...(await mutation(mutate, tests)));
}

console.log('| file | mutants | killed | survived | % |\n|---|--:|--:|--:|--:|');
for (const [file, { killed, survived }] of rows) {
  const percent = (100 * killed) / (killed + survived);
  console.log(`| ${file} | ${killed + survived} | ${killed} | ${survived} | ${percent.toFixed(1)} |`);
  if (percent < ENOUGH) process.exitCode = 1;
}
if (process.exitCode) console.error(`In some file less than ${ENOUGH} % of the changes are noticed.`);
