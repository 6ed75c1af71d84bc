// Finds the browsers of the package's matrix and starts each as a plain program with a URL: a page reports its results to its server
// itself, so no driver is needed. Run as a script, it installs missing ones from the distribution (on a fresh Debian, as root).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { findProgram, installPackages, tell } from './tools.mjs';

/** Turns off what Firefox does by itself with a new profile: only the page is wanted. */
const FIREFOX_PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': '',
  'toolkit.telemetry.enabled': false,
};

/** WebKitGTK keeps its browser beside its libraries, in a folder named after the machine's architecture. */
const findMiniBrowser = () => {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => name.includes('-linux-')) : [];
  const versions = ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'];
  return findProgram(
    [],
    [...folders, '.'].flatMap((folder) => versions.map((version) => join('/usr/lib', folder, version, 'MiniBrowser'))),
  );
};

/** By name: its packages, what must be found, and the arguments that open a URL with a profile in a folder of its own. */
const BROWSERS = {
  Chromium: {
    packages: ['chromium'],
    find: () => [findChromium()],
    command: (/** @type {string} */ profile) => ['--headless=new', ...CHROMIUM_FLAGS, `--user-data-dir=${profile}`],
  },
  Firefox: {
    packages: ['firefox-esr'],
    find: () => [findProgram(['firefox-esr', 'firefox'])],
    command: (/** @type {string} */ profile) => ['--headless', '--no-remote', '--profile', profile],
  },
  // It has no headless mode, so it gets a virtual display and a session bus.
  WebKitGTK: {
    packages: ['libwebkit2gtk-4.1-0', 'xvfb', 'xauth', 'dbus'],
    find: () => [findProgram(['xvfb-run']), '-a', findProgram(['dbus-run-session']), '--', findMiniBrowser()],
    command: () => ['--private'],
  },
};

/** @typedef {keyof typeof BROWSERS} Browser */

export const BROWSER_NAMES = /** @type {Browser[]} */ (Object.keys(BROWSERS));

/**
 * The command that starts it, or undefined if a part is missing.
 * @param {Browser} name
 * @returns {string[] | undefined}
 */
export function findBrowser(name) {
  const parts = BROWSERS[name].find();
  const found = parts.filter((part) => part !== undefined);
  return found.length === parts.length ? found : undefined;
}

/** What to do if findBrowser() finds nothing. @param {Browser} name */
export const howToGet = (name) => `no ${name} here: of Debian, the packages ${BROWSERS[name].packages.join(', ')}`;

/**
 * Opens a URL in a new browser; the returned function ends that browser and everything it started.
 * @param {Browser} name
 * @param {string} url
 * @returns {() => Promise<void>}
 */
export function openBrowser(name, url) {
  const found = findBrowser(name);
  if (!found) throw new Error(howToGet(name));
  const profile = mkdtempSync(join(tmpdir(), 'breakwater-browser-'));
  const preferences = Object.entries(FIREFOX_PREFERENCES).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});`,
  );
  writeFileSync(join(profile, 'user.js'), preferences.join('\n'));
  const [program = '', ...args] = [...found, ...BROWSERS[name].command(profile), url];
  // Detached into a process group of its own, which can be ended as a whole.
  const child = spawn(program, args, { stdio: 'ignore', detached: true, env: { ...process.env, HOME: profile } });
  const exited = once(child, 'exit').catch(() => {}); // one that could not be started counts as ended
  return async () => {
    if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
}

// A browser that cannot be installed is no failure here: its row of the matrix says so.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  tell(() => {
    const missing = BROWSER_NAMES.filter((name) => !findBrowser(name));
    if (missing.length > 0) installPackages(...missing.flatMap((name) => BROWSERS[name].packages));
    return BROWSER_NAMES.map((name) => `${name} for the matrix: ${findBrowser(name)?.join(' ') ?? howToGet(name)}`).join('\n');
  });
}
