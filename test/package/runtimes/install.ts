// Installs a runtime or a tool of the matrix from npm into a folder inside the consumer's, so that what it runs finds the package there.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../run.ts';

/** What came of a row besides passing: a version, a count. The table shows it. */
declare module 'vitest' {
  interface TaskMeta {
    detail?: string;
  }
}

/**
 * Gives back the folder.
 * @param name Of the folder; one that is there (a part of consumer/) is used as it is.
 * @param packages As npm takes them.
 */
export async function install(consumer: string, name: string, packages: string[]): Promise<string> {
  const folder = join(consumer, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true }));
  await npm(['install', '--no-audit', '--no-fund', ...packages], { cwd: folder });
  return folder;
}
