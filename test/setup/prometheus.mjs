// Finds Prometheus, promtool and Alertmanager for the fleet tests, and installs missing ones from the distribution (on a fresh Debian, as
// root). Run as a script, it does so before the tests start.
import { fileURLToPath } from 'node:url';
import { findProgram, installPackages, tell } from './tools.mjs';

/** Debian has its own name for Alertmanager. */
const NAMES = { prometheus: ['prometheus'], promtool: ['promtool'], alertmanager: ['prometheus-alertmanager', 'alertmanager'] };
const PACKAGES = ['prometheus', 'prometheus-alertmanager'];
/** @typedef {keyof typeof NAMES} Tool */

/**
 * The path of an executable, installing it if possible; otherwise throws, saying what to do.
 * @param {Tool} tool
 */
export function ensure(tool) {
  const find = () => findProgram(NAMES[tool]);
  const found = find() ?? (installPackages(...PACKAGES) ? find() : undefined);
  if (found) return found;
  throw new Error(`The fleet tests need ${NAMES[tool].join(' or ')} on the PATH: of Debian, the packages ${PACKAGES.join(' and ')}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  tell(() =>
    Object.keys(NAMES)
      .map((tool) => `${tool} for the fleet tests: ${ensure(/** @type {Tool} */ (tool))}`)
      .join('\n'),
  );
}
