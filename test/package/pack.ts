// Before the package checks: builds and packs the package (or takes the tarball that BREAKWATER_TARBALL names, so that several machines can
// check one) and installs it, as any user would, into a folder of its own.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { npm } from './run.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The repository, the packed tarball, and a folder in which a consumer has installed it beside the oldest axios allowed. */
    packed: { root: string; tarball: string; consumer: string };
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-package-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const tarball = process.env.BREAKWATER_TARBALL ?? (await pack(folder));
    project.provide('packed', { root, tarball, consumer: await install(tarball, join(folder, 'consumer')) });
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}

async function pack(folder: string): Promise<string> {
  await npm(['pack', '--pack-destination', folder], { cwd: root }); // builds first: the prepack script
  const [name] = readdirSync(folder);
  if (!name?.endsWith('.tgz')) throw new Error(`npm pack left no tarball, but: ${name}`);
  return join(folder, name);
}

async function install(tarball: string, consumer: string): Promise<string> {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  cpSync(join(root, 'test/package/consumer'), consumer, { recursive: true });
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  const peers = ['@opentelemetry/api', 'prom-client'].map((name) => `${name}@${devDependencies[name]}`);
  const oldest = `axios@${dependencies.axios.replace('^', '')}`;
  await npm(['install', '--no-audit', '--no-fund', tarball, oldest, ...peers], { cwd: consumer });
  return consumer;
}
