// Prints the matrix when all has run: a line for each runtime, what was tried on it, and then why whatever is not ok is not.
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

interface Row {
  where: string;
  way: string;
  state: 'ok' | 'FAILED' | 'not run';
  detail: string;
}

export default class Table implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) => [...module.children.allTests()].map(rowOf));
    const unloaded = modules.filter((module) => module.errors().length > 0);
    const places = [...new Set(rows.map(({ where }) => where))];
    const width = Math.max(0, ...places.map((place) => place.length)) + 2;
    const lines = places.map(
      (place) =>
        place.padEnd(width) +
        rows
          .filter(({ where }) => where === place)
          .map(cell)
          .join(' · '),
    );
    const reasons = new Map<string, string[]>();
    for (const { where, way, state, detail } of rows.filter(({ state }) => state !== 'ok')) {
      const reason = `${where}: ${state}: ${detail}`;
      reasons.set(reason, [...(reasons.get(reason) ?? []), way]);
    }
    const why = [...reasons].map(([reason, ways]) => `${reason} (${ways.join(' · ')})`);
    const broken = unloaded.map((module) => `${module.moduleId}: FAILED: ${reasonIn(module.errors()[0]?.message)}`);
    console.log(['', 'The matrix', ...lines, '', ...why, ...broken].join('\n'));
  }
}

const cell = ({ way, state, detail }: Row): string => (state === 'ok' && detail ? `${way} ok (${detail})` : `${way} ${state}`);

/** The suite of a test says where it ran, its name in what way. */
function rowOf(test: TestCase): Row {
  const { parent } = test;
  const row = { where: parent.type === 'suite' ? parent.name : parent.moduleId, way: test.name };
  const result = test.result();
  if (result.state === 'passed') return { ...row, state: 'ok', detail: test.meta().detail ?? '' };
  if (result.state === 'failed') return { ...row, state: 'FAILED', detail: reasonIn(result.errors[0]?.message) };
  const broken = errorOf(parent);
  if (broken) return { ...row, state: 'FAILED', detail: reasonIn(broken) };
  return { ...row, state: 'not run', detail: (result.state === 'skipped' && result.note) || 'nobody said why' };
}

/** Why a suite or a file came to nothing: its beforeAll failed. */
const errorOf = (parent: TestSuite | TestModule): string | undefined =>
  parent.errors()[0]?.message ?? (parent.type === 'suite' ? errorOf(parent.parent) : undefined);

/** Of a program that failed, the line that names an error; of an assertion, its first. */
function reasonIn(message = ''): string {
  const lines = message.split('\n').map((line) => line.trim());
  return (lines.find((line) => /Error: |error TS\d|npm error/.test(line)) ?? lines[0] ?? '').slice(0, 300);
}
