// Finds the browsers of the package's matrix and starts them, each as a plain program with an address: what a page finds out it tells its
// server itself, so no driver is needed. Run as a script it installs the distribution's own where they are missing (a fresh Debian, as root).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';
import { findProgram, installPackages, tell } from './tools.mjs';

/** What Firefox does by itself on a new profile: nothing but the page is wanted. */
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

/** WebKitGTK has its browser beside its libraries, which lie where the machine's kind says. */
const findMiniBrowser = () => {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => name.includes('-linux-')) : [];
  const versions = ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'];
  return findProgram(
    [],
    [...folders, '.'].flatMap((folder) => versions.map((version) => join('/usr/lib', folder, version, 'MiniBrowser'))),
  );
};

/** By name: the packages, what must be there, and the command that opens an address with a profile in a folder of its own. */
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
  // It has no headless mode: a display that nobody sees, and a session bus.
  WebKitGTK: {
    packages: ['libwebkit2gtk-4.1-0', 'xvfb', 'xauth', 'dbus'],
    find: () => [findProgram(['xvfb-run']), '-a', findProgram(['dbus-run-session']), '--', findMiniBrowser()],
    command: () => ['--private'],
  },
};

/** @typedef {keyof typeof BROWSERS} Browser */

export const BROWSER_NAMES = /** @type {Browser[]} */ (Object.keys(BROWSERS));

/**
 * The command that starts it, or nothing where a part of it is missing.
 * @param {Browser} name
 * @returns {string[] | undefined}
 */
export function findBrowser(name) {
  const parts = BROWSERS[name].find();
  const found = parts.filter((part) => part !== undefined);
  return found.length === parts.length ? found : undefined;
}

/** What to do where findBrowser() finds nothing. @param {Browser} name */
export const howToGet = (name) => `no ${name} here: of Debian, the packages ${BROWSERS[name].packages.join(', ')}`;

/**
 * Opens an address in a browser of its own; the function it gives back ends that browser and everything it started.
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
  // A group of its own, which ends as a whole.
  const child = spawn(program, args, { stdio: 'ignore', detached: true, env: { ...process.env, HOME: profile } });
  const exited = once(child, 'exit').catch(() => {}); // one that cannot be started has ended
  return async () => {
    if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
}

// One that cannot be had is no failure here: the matrix says so in its row.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  tell(() => {
    const missing = BROWSER_NAMES.filter((name) => !findBrowser(name));
    if (missing.length > 0) installPackages(...missing.flatMap((name) => BROWSERS[name].packages));
    return BROWSER_NAMES.map((name) => `${name} for the matrix: ${findBrowser(name)?.join(' ') ?? howToGet(name)}`).join('\n');
  });
}
