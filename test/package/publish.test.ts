// What the two linters of published packages say about the tarball: publint, and are-the-types-wrong.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, inject, it } from 'vitest';
import { node } from './run.ts';

const { consumer, root, tarball } = inject('packed');

it('publint finds nothing', async () => {
  const file = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) },
    strict: true,
  });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

it('are-the-types-wrong finds nothing', async () => {
  const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  expect(await node([attw, tarball, '--format', 'ascii', '--no-color'], { cwd: consumer })).toContain('No problems found');
});
