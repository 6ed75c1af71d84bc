// Finds Prometheus, promtool and Alertmanager for the fleet tests, and where they are missing (a fresh Debian, as root) installs the
// distribution's own. Run as a script it does so before the tests start.
import { fileURLToPath } from 'node:url';
import { findProgram, installPackages, tell } from './tools.mjs';

/** Debian calls its Alertmanager by another name than everybody else. */
const NAMES = { prometheus: ['prometheus'], promtool: ['promtool'], alertmanager: ['prometheus-alertmanager', 'alertmanager'] };
const PACKAGES = ['prometheus', 'prometheus-alertmanager'];
/** @typedef {keyof typeof NAMES} Tool */

/**
 * The path of an executable, installed where it may be; otherwise says what to do.
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
