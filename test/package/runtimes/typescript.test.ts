// The declarations in every TypeScript from the oldest supported, in Node and for bundlers, libraries checked: all subpaths, all exporters.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { node } from '../run.ts';
import { install } from './install.ts';

const { consumer } = inject('packed');
const VERSIONS = ['5.0', '5.4', '5.9', '6.0', '7.0', 'latest'];

const WAYS = [
  ['NodeNext ESM', 'client.mts', { module: 'NodeNext', moduleResolution: 'NodeNext' }, 'node.d.ts'],
  ['NodeNext CJS', 'client.cts', { module: 'NodeNext', moduleResolution: 'NodeNext' }, 'node.d.cts'],
  ['Bundler', 'client.ts', { module: 'ESNext', moduleResolution: 'Bundler' }, 'browser.d.ts'],
] as const;

let folder: string;

beforeAll(async () => {
  folder = await install(
    consumer,
    'typescript',
    VERSIONS.map((version) => `typescript-${version}@npm:typescript@${version === 'latest' ? version : `~${version}.0`}`),
  );
});

describe.each(VERSIONS.map((version) => [version] as const))('TypeScript %s', (version) => {
  it.for(WAYS)('%s', async ([way, file, options, declarations], { task }) => {
    const project = join(folder, `${version} ${way}`);
    mkdirSync(project);
    copyFileSync(join(consumer, 'client.ts'), join(project, file));
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      types: [],
      strict: true,
      skipLibCheck: false,
      esModuleInterop: true,
      noEmit: true,
      ...options,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    const tsc = join(folder, `node_modules/typescript-${version}/bin/tsc`);
    const listed = await node([tsc, '-p', project, '--listFiles'], { cwd: folder });
    const kind = declarations.slice(declarations.indexOf('.'));
    const used = listed.split('\n').flatMap((line) => /breakwater\/dist\/(.*)$/.exec(line)?.[1] ?? []);
    expect(used.sort()).toEqual([declarations, ...['log', 'opentelemetry', 'prometheus'].map((name) => name + kind)].sort());
    if (way === 'NodeNext ESM') task.meta.detail = (await node([tsc, '--version'], { cwd: folder })).replace('Version', '').trim();
  });
});
