// The packed tarball on the newer Nodes, each from the npm package `node`; the one that runs the tests is checked in install.test.ts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { npm, run } from '../run.ts';
import { SURVIVED } from '../survived.ts';

const { consumer } = inject('packed');

describe.each(['22', '24', '26'])('Node %s', (version) => {
  it('runs the consumer as ESM and as CommonJS', async () => {
    const folder = join(dirname(consumer), `node-${version}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'runtime', private: true }));
    await npm(['install', '--no-audit', '--no-fund', `node@${version}`], { cwd: folder });
    const binary = join(folder, 'node_modules/node/bin/node');
    expect(await run(binary, ['--version'], { cwd: consumer })).toMatch(new RegExp(`^v${version}\\.`));
    for (const program of ['esm.mjs', 'cjs.cjs']) {
      expect(JSON.parse(await run(binary, [program], { cwd: consumer, timeout: 60_000 })), program).toEqual(SURVIVED);
    }
  });
});
