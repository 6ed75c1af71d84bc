// The tests of this repository, all but those in a browser, on each release of Node but that which runs them in `npm test`: from the source,
// not the tarball.
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { run } from '../run.ts';
import { install } from './install.ts';

const { consumer, root } = inject('packed');
const VITEST = join(root, 'node_modules/vitest/vitest.mjs');
const PROJECTS = ['unit', 'node', 'process'].flatMap((project) => ['--project', project]);
const [MINE] = process.versions.node.split('.');

/** Those of the vitest that runs this: another one would take itself for a worker of it. */
const OWN = Object.fromEntries(Object.keys(process.env).flatMap((name) => (/^(?:VITEST|TEST$|NODE_ENV$)/.test(name) ? [[name, '']] : [])));

describe.each(['20', '22', '24', '26'].filter((version) => version !== MINE).map((version) => [`Node ${version}`, version]))(
  '%s',
  (_name, version) => {
    it('tests', { timeout: 900_000 }, async ({ task }) => {
      const folder = await install(consumer, `node-${version}`, [`node@${version}`]);
      const file = join(folder, 'node_modules/.bin/node');
      const told = await run(file, [VITEST, 'run', ...PROJECTS], { cwd: root, timeout: 840_000, env: { ...OWN, NO_COLOR: '1' } });
      const [, passed] = /Tests +(\d+) passed/.exec(told) ?? [];
      expect(Number(passed)).toBeGreaterThan(4_000);
      task.meta.detail = `${passed}`;
    });
  },
);
