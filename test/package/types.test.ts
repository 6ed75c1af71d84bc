// The declarations, compiled with a consumer's TypeScript in every way a package is resolved, with library checks on.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, inject, it } from 'vitest';
import { node } from './run.ts';

const { consumer, root } = inject('packed');

/** Compiles as a strict consumer does, and lists the files that it took. */
async function compile(folder: string, files: string[], options: object): Promise<string> {
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    esModuleInterop: true,
    noEmit: true,
    ...options,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  return node([join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--listFiles'], { cwd: consumer });
}

it.each([
  ['ESM in Node', 'client.mts', { module: 'NodeNext', moduleResolution: 'NodeNext' }, 'node.d.ts'],
  ['CommonJS in Node', 'client.cts', { module: 'NodeNext', moduleResolution: 'NodeNext' }, 'node.d.cts'],
  ['a bundler', 'client.ts', { module: 'ESNext', moduleResolution: 'Bundler' }, 'browser.d.ts'],
  ['a bundler for browsers', 'client.ts', { module: 'ESNext', moduleResolution: 'Bundler', customConditions: ['browser'] }, 'browser.d.ts'],
  ['a bundler for Node', 'client.ts', { module: 'ESNext', moduleResolution: 'Bundler', customConditions: ['node'] }, 'node.d.ts'],
] as const)('compile for %s', async (who, file, options, declarations) => {
  const folder = join(consumer, 'types', who.replaceAll(' ', '-'));
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(consumer, 'client.ts'), join(folder, file));
  const listed = await compile(folder, [file], options);
  const kind = declarations.slice(declarations.indexOf('.'));
  const used = listed.split('\n').flatMap((line) => /breakwater\/dist\/(.*)$/.exec(line)?.[1] ?? []);
  expect(used.sort()).toEqual([declarations, ...['log', 'opentelemetry', 'prometheus'].map((name) => name + kind)].sort());
});

it('what CommonJS makes fits an ES module, as copies of the package fit each other', async () => {
  await compile(join(consumer, 'mixed'), ['library.cts', 'app.mts'], { module: 'NodeNext', moduleResolution: 'NodeNext' });
});

it('an option that an application adds to axios leaves ours as they are', async () => {
  await compile(join(consumer, 'mixed'), ['augmented.mts'], { module: 'NodeNext', moduleResolution: 'NodeNext' });
});

it('an editor offers our options with each method', () => {
  const file = join(consumer, 'editor.mts');
  const ask = ["client.get('/', {", "client.post('/', {}, {", 'client.request({', 'client({'];
  const text = `import { createClient } from 'breakwater';\nconst client = createClient();\n${ask.map((call) => `${call}  });`).join('\n')}`;
  writeFileSync(file, text);
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getCompilationSettings: () => ({ strict: true, module: ts.ModuleKind.NodeNext, types: [] }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => (ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(ts.sys.readFile(name) ?? '') : undefined),
    getCurrentDirectory: () => consumer,
  });
  for (const call of ask) {
    const names = service.getCompletionsAtPosition(file, text.indexOf(call) + call.length + 1, {})?.entries.map(({ name }) => name);
    expect(names, call).toEqual(expect.arrayContaining(['breaker', 'deadline', 'fallback', 'limit', 'retry', 'timeout', 'params']));
  }
});
