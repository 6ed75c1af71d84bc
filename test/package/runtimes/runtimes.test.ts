// The packed tarball in every runtime, each from its npm package: the consumer's programs, and the fault suite where the lab can be run.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../run.ts';
import { SURVIVED, TOLD } from '../survived.ts';
import { install } from './install.ts';

const { consumer, root } = inject('packed');
const FAULT_SUITE = pathToFileURL(join(root, 'test/package/runtimes/fault-suite.mjs')).href;

/** `binary` is what the npm package installs, `args` what goes before the program, `without` the upstreams the lab cannot start there. */
const RUNTIMES = [
  ...['20', '22', '24', '26'].map((version) => ({
    name: `Node ${version}`,
    from: `node@${version}`,
    binary: 'node',
    args: [],
    without: [],
  })),
  // Bun accepts connections whether asked to or not, so there is no accept queue to fill.
  { name: 'Bun', from: 'bun@1', binary: 'bun', args: ['run'], without: ['black-hole', 'black-hole-first'] },
  { name: 'Deno', from: 'deno@2', binary: 'deno', args: ['run', '-A', '--no-lock'], without: [] },
];

describe.each(RUNTIMES.map((runtime) => [runtime.name, runtime] as const))('%s', (_name, { from, binary, args, without }) => {
  let program: (...command: string[]) => Promise<string>;

  beforeAll(async () => {
    const folder = await install(consumer, from.replace('@', '-'), [from]);
    const file = join(folder, 'node_modules/.bin', binary);
    program = (...command) => run(file, command, { cwd: consumer, timeout: 90_000 });
  });

  it('version', async ({ task }) => {
    const version = /\d+\.\d+\.\d+/.exec(await program('--version'))?.[0] ?? 'none';
    expect(`${version}.`).toMatch(new RegExp(`^${from.split('@')[1]}\\.`));
    task.meta.detail = version;
  });

  it.for([
    ['ESM', 'esm.mjs', SURVIVED],
    ['CJS', 'cjs.cjs', SURVIVED],
    ['ESM exporters', 'exporters.mjs', TOLD],
    ['CJS exporters', 'exporters.cjs', TOLD],
  ] as const)('%s', async ([_way, file, expected]) => {
    expect(JSON.parse(await program(...args, file))).toEqual(expected);
  });

  it.for([
    ['ESM faults', 'faults.mjs'],
    ['CJS faults', 'faults.cjs'],
  ] as const)('%s', async ([_way, file], { task }) => {
    const { ran, leftOut, failed } = JSON.parse(await program(...args, file, FAULT_SUITE, ...without));
    expect(failed, failed[0]).toEqual([]);
    expect(ran).toBeGreaterThan(30);
    task.meta.detail = leftOut ? `${ran}; ${leftOut} not run: no ${without.join(', ')} there` : `${ran}`;
  });
});
