// Firefox and WebKit, each driven by its own plain protocol, since neither needs more here than to go somewhere and to run a script:
// Firefox by Marionette (JSON over a socket), WebKitGTK by WebDriver (JSON over HTTP) in a display of its own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { freePort } from '../setup/ports.mjs';

export interface Driver {
  go(url: string): Promise<unknown>;
  /** Runs the body of a function in the page. */
  run(script: string): Promise<unknown>;
  close(): Promise<void>;
}

const find = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);

const firefox = find('firefox-esr') ?? find('firefox');
const webkitDriver = find('WebKitWebDriver');
const minibrowser = ['x86_64', 'aarch64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/webkit2gtk-4.1/MiniBrowser`).find(existsSync);

/** How to start each; `undefined` where it is not installed. */
export const STARTS: [name: string, start: (() => Promise<Driver>) | undefined][] = [
  ['Firefox', firefox ? () => startFirefox(firefox) : undefined],
  ['WebKit', webkitDriver && minibrowser && find('xvfb-run') ? () => startWebKit(minibrowser) : undefined],
];

/** Starts a program with a folder of its own, in a group of processes of its own, so that all of it can be ended. */
function start(command: string, args: string[], folder: string, env: NodeJS.ProcessEnv = {}): () => Promise<void> {
  const own = { HOME: folder, TMPDIR: folder, ...env };
  const child = spawn(command, args, { detached: true, stdio: 'ignore', env: { ...process.env, ...own } });
  const group = -Number(child.pid);
  return async () => {
    process.kill(group, 'SIGTERM');
    await patiently(async () => expect(() => process.kill(group, 0)).toThrow('ESRCH'));
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
}

/** Asks again until there is an answer. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 300) throw error;
      await sleep(100);
    }
  }
}

/** A free port, and nobody called at home. */
const PREFERENCES: [string, unknown][] = [
  ['marionette.port', 0],
  ['app.normandy.enabled', false],
  ['app.update.disabledForTesting', true],
  ['browser.safebrowsing.downloads.enabled', false],
  ['browser.safebrowsing.malware.enabled', false],
  ['browser.safebrowsing.phishing.enabled', false],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['extensions.update.enabled', false],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
  ['services.settings.server', 'data:,'],
];

async function startFirefox(path: string): Promise<Driver> {
  const profile = await newFolder();
  await writeFile(
    join(profile, 'user.js'),
    PREFERENCES.map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(''),
  );
  const end = start(path, ['--headless', '--marionette', '--no-remote', '--profile', profile], profile);
  const port = await patiently(async () => Number((await readFile(join(profile, 'MarionetteActivePort'), 'utf8')) || Number.NaN));
  const socket = connect(port, '127.0.0.1');
  const waiting: ((message: unknown) => void)[] = [];
  let bytes = Buffer.alloc(0);
  // `length:JSON`, the length in bytes.
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const from = bytes.indexOf(':') + 1;
      const to = from + Number(bytes.toString('utf8', 0, Math.max(0, from - 1)));
      if (from === 0 || bytes.length < to) return;
      waiting.shift()?.(JSON.parse(bytes.toString('utf8', from, to)));
      bytes = bytes.subarray(to);
    }
  });
  const next = (): Promise<unknown> => new Promise((resolve) => waiting.push(resolve));
  await next(); // its greeting

  let id = 0;
  async function command(name: string, parameters: object): Promise<unknown> {
    const message = JSON.stringify([0, ++id, name, parameters]);
    socket.write(`${Buffer.byteLength(message)}:${message}`);
    const [, , error, result] = (await next()) as [number, number, unknown, { value?: unknown } | null];
    if (error) throw new Error(JSON.stringify(error));
    return result?.value;
  }

  await command('WebDriver:NewSession', {});
  return {
    go: (url) => command('WebDriver:Navigate', { url }),
    run: (script) => command('WebDriver:ExecuteScript', { script, args: [] }),
    async close() {
      socket.destroy();
      await end();
    },
  };
}

async function startWebKit(binary: string): Promise<Driver> {
  const port = await freePort();
  const end = start('xvfb-run', ['-a', 'dbus-run-session', '--', 'WebKitWebDriver', `--port=${port}`], await newFolder(), {
    // uPlot formats its numbers for the language of the browser, which has none where the program has none.
    LANG: 'en_US.UTF-8',
    LANGUAGE: 'en_US',
  });

  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = (await response.json()) as { value: unknown };
    if (!response.ok) throw new Error(JSON.stringify(value));
    return value;
  }

  await patiently(() => ask('GET', '/status'));
  const options = { binary, args: ['--automation'] };
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
  const { sessionId } = (await ask('POST', '/session', { capabilities })) as { sessionId: string };
  return {
    go: (url) => ask('POST', `/session/${sessionId}/url`, { url }),
    run: (script) => ask('POST', `/session/${sessionId}/execute/sync`, { script, args: [] }),
    async close() {
      await ask('DELETE', `/session/${sessionId}`);
      await end();
    },
  };
}

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'smoke-'));
