// The shipped rules, judged by Prometheus' own tool.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ensure } from '../setup/prometheus.mjs';
import { shipped } from './servers';

const promtool = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(ensure('promtool'), args, { encoding: 'utf8' });
  return `${status}: ${stdout}${stderr}`;
};

it('are valid', () => {
  expect(promtool('check', 'rules', shipped('breakwater.rules.yml'))).toMatch(/^0: [\s\S]*SUCCESS: 14 rules found/);
});

it('fire when they should, and do not when they should not', () => {
  expect(promtool('test', 'rules', fileURLToPath(new URL('rules.test.yml', import.meta.url)))).toMatch(/^0: [\s\S]*SUCCESS/);
});
