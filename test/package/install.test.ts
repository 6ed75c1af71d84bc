// The installed tarball in this Node: as ESM and as CommonJS, with the application's own axios.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { node } from './run.ts';
import { SURVIVED, TOLD } from './survived.ts';

const { consumer, root } = inject('packed');

it.each(['esm.mjs', 'cjs.cjs'])('%s: a real call, a timeout survived, and the program ends by itself', async (program) => {
  expect(JSON.parse(await node([program], { cwd: consumer, timeout: 60_000 }))).toEqual(SURVIVED);
});

it.each(['exporters.mjs', 'exporters.cjs'])('%s: every exporter tells of a timeout', async (program) => {
  expect(JSON.parse(await node([program], { cwd: consumer, timeout: 60_000 }))).toEqual(TOLD);
});

it('exports the same names from every build', async () => {
  const { 'node.js': expected, ...others } = JSON.parse(await node(['names.mjs'], { cwd: consumer }));
  expect(expected).toContain('createClient');
  for (const [file, names] of Object.entries(others)) expect(names, file).toEqual(expected);
});

it('shares one axios with the application, the oldest that package.json allows', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lock = JSON.parse(readFileSync(join(consumer, 'package-lock.json'), 'utf8'));
  const installed = Object.keys(lock.packages).filter((path) => path.endsWith('node_modules/axios'));
  expect(installed).toEqual(['node_modules/axios']);
  expect(`^${lock.packages['node_modules/axios'].version}`).toBe(dependencies.axios);
});
