// Changes the policies, and what they stand on, in every small way that Stryker knows, and sees whether a unit test notices. Fails where too many changes pass.
//   npm run test:mutation [-- <file> …]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

/** The share of the changes to each file that a test has to notice, in percent. */
const ENOUGH = 85;

/** What is changed, and the tests in test/unit that are about it: no others count, though calls pass through every policy in most of them. */
const TESTS = {
  'src/instance/direct.ts': 'instance-*',
  'src/instance/headers.ts': 'fuzz-instance-headers',
  'src/instance/prepare.ts': 'instance-*',
  'src/instance/probe.ts': 'instance-*',
  'src/instance/request.ts': 'instance-*',
  'src/instance/template.ts': 'instance-*',
  'src/policies/retry-decision.ts': 'retry-*|fuzz-retry',
  'src/policies/retry-budget.ts': 'retry-budget',
  'src/policies/retry.ts': 'retry-*|fuzz-retry|self-protection',
  'src/policies/rate-limit.ts': 'limit-rate|limit-shared|fuzz-rate|self-protection',
  'src/call/turn.ts': 'limit-*|self-protection',
  'src/policies/concurrency.ts': 'limit-concurrency|fuzz-concurrency|self-protection',
  'src/policies/breaker-counts.ts': 'breaker-*|fuzz-breaker',
  'src/policies/breaker-state.ts': 'breaker-*|fuzz-breaker',
  'src/policies/breaker-verdict.ts': 'breaker-*|self-protection',
  'src/policies/breaker.ts': 'breaker-*|self-protection',
  'src/policies/fallback.ts': 'fallback*|self-protection',
  'src/policies/fallback-asked.ts': 'fallback*',
  'src/policies/fallback-key.ts': 'fallback*',
  'src/policies/attempt.ts': 'attempt|self-protection',
  'src/policies/deadline.ts': 'deadline-call|self-protection',
  'src/policies/cancellation.ts': 'abort',
  'src/policies/record.ts': 'record|self-protection',
  'src/policies/dispatch.ts': 'dispatch|retry-body',
  'src/transport/node/closing.ts': 'closing',
  'src/transport/phase-clock.ts': 'phase-clock*|fuzz-phase-clock',
  'src/util/retry-after.ts': 'retry-after|fuzz-parsers',
  'src/util/window.ts': 'window',
  'src/util/line.ts': 'line',
  'src/util/aborting.ts': 'abort|fallback',
  'src/util/heap.ts': 'heap',
  'src/util/lru.ts': 'lru',
  'src/util/within.ts': 'limit-shared|fallback|self-protection',
};

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
process.env.TZ = 'Asia/Kolkata'; // where a time of day without a zone is not that of Greenwich

const temp = mkdtempSync(join(tmpdir(), 'breakwater-mutation-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true })); // Stryker leaves some of it behind

/** @param {string} file @param {string} tests */
async function mutation(file, tests) {
  process.env.MUTATION_TESTS = tests; // for vitest.config.ts
  const mutants = await new Stryker({
    mutate: [file],
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutation/vitest.config.ts' },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: 20_000, // a machine that is busy kills no mutant
    ignorePatterns: ['dist', 'docs', 'playground', 'test/bench', 'test/package'],
    tempDirName: join(temp, basename(file)),
    reporters: ['progress-append-only', 'clear-text'],
    clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: false },
  }).runMutationTest();
  const of = (/** @type {string[]} */ ...wanted) => mutants.filter(({ status }) => wanted.includes(status)).length;
  return { file, killed: of('Killed', 'Timeout'), survived: of('Survived', 'NoCoverage') };
}

const asked = process.argv.slice(2);
const unknown = asked.filter((file) => !(file in TESTS));
if (unknown.length > 0) throw new Error(`No tests are named here for ${unknown.join(', ')}.`);
const rows = [];
for (const [file, tests] of Object.entries(TESTS)) if (asked.length === 0 || asked.includes(file)) rows.push(await mutation(file, tests));

console.log('| file | mutants | killed | survived | % |\n|---|--:|--:|--:|--:|');
for (const { file, killed, survived } of rows) {
  const percent = (100 * killed) / (killed + survived);
  console.log(`| ${file} | ${killed + survived} | ${killed} | ${survived} | ${percent.toFixed(1)} |`);
  if (!(percent >= ENOUGH)) process.exitCode = 1;
}
if (process.exitCode) console.error(`In some file less than ${ENOUGH} % of the changes are noticed.`);
