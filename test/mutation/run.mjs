// Changes the policies in every small way that Stryker knows, and sees whether a unit test notices. Fails where too many changes pass.
//   npm run test:mutation [-- <file> …]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

/** The share of the changes to each file that a test has to notice, in percent. */
const ENOUGH = 85;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['src/policies/*.ts', 'src/transport/phase-clock.ts', 'src/util/retry-after.ts', 'src/util/window.ts'];

process.chdir(ROOT);
const asked = process.argv.slice(2);
const stryker = new Stryker({
  mutate: asked.length > 0 ? asked : FILES,
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  ignorePatterns: ['dist', 'docs', 'playground', 'test/bench', 'test/package'],
  tempDirName: mkdtempSync(join(tmpdir(), 'breakwater-mutation-')),
  timeoutMS: 60_000,
  reporters: ['progress-append-only', 'clear-text'],
  clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: false },
});

/** @type {Map<string, { killed: number, survived: number }>} */
const found = new Map();
for (const { fileName, status } of await stryker.runMutationTest()) {
  const file = relative(ROOT, fileName);
  const counts = found.get(file) ?? { killed: 0, survived: 0 };
  if (status === 'Killed' || status === 'Timeout') counts.killed++;
  if (status === 'Survived' || status === 'NoCoverage') counts.survived++;
  found.set(file, counts);
}

console.log('| file | mutants | killed | survived | % |\n|---|--:|--:|--:|--:|');
for (const [file, { killed, survived }] of found) {
  const percent = (100 * killed) / (killed + survived);
  console.log(`| ${file} | ${killed + survived} | ${killed} | ${survived} | ${percent.toFixed(1)} |`);
  if (percent < ENOUGH) process.exitCode = 1;
}
if (process.exitCode) console.error(`In some file less than ${ENOUGH} % of the changes are noticed.`);
