// Finds the Chromium that tests drive, and where there is none (a fresh Debian, as root) installs the distribution's own.
// Run as a script it does so before the tests start; imported, it only looks.
import { fileURLToPath } from 'node:url';
import { findProgram, installPackages, isExecutable, tell } from '../setup/tools.mjs';

/** What a headless Chromium needs to run as root in a container, and to talk to nobody but the tests. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * The path of a Chromium or Chrome: CHROMIUM_PATH, else one on the PATH, else one in the usual place.
 * @returns {string | undefined}
 */
export function findChromium() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) return chosen;
  return findProgram(NAMES, ELSEWHERE);
}

/** As findChromium(), but installs one where it may, and otherwise says what to do. */
export function ensureChromium() {
  const found = findChromium() ?? (installPackages('chromium') ? findChromium() : undefined);
  if (found && isExecutable(found)) return found;
  throw new Error(
    found
      ? `CHROMIUM_PATH is ${found}, which is not an executable file.`
      : 'The browser tests need Chromium or Chrome: install one, or set CHROMIUM_PATH to its executable.',
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) tell(() => `Chromium for the browser tests: ${ensureChromium()}`);
