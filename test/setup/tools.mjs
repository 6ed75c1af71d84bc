// Finds the programs that tests start or drive and, on a fresh Debian as root, installs the distribution's.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first program with one of these names on the PATH or in the usual places.
 * @param {string[]} names
 * @param {string[]} [elsewhere] Full paths to try last.
 * @returns {string | undefined}
 */
export function findProgram(names, elsewhere = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...elsewhere].find(isExecutable);
}

/**
 * Only on Debian and its derivatives, as root, is it ours to install anything. The packages' services must not start.
 * @param {string[]} packages
 */
export function installPackages(...packages) {
  const apt = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    }).status === 0;
  return process.getuid?.() === 0 && apt('update') && apt('install', '-y', '--no-install-recommends', ...packages);
}

/**
 * For a file run as a script: prints what was found; otherwise prints what to do, and fails.
 * @param {() => string} report
 */
export function tell(report) {
  try {
    console.log(report());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
