// Runs a script against the source in a process of its own: whether a process ends by itself, and what it holds in memory, only another can tell.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inject } from 'vitest';

const library = inject('library');

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Milliseconds from the script's first line of output to the end of the process. */
  lingered: number;
}

/**
 * @param body The script: `createClient`, `protect`, `withDeadline`, `isTimeout` and `axios` are there, and `url`.
 * @param url Handed to the script.
 * @param begun Given the process once it runs.
 */
export async function runScript(
  body: string,
  url: string,
  nodeOptions: string[] = [],
  begun: (child: ChildProcess) => void = () => {},
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-script-'));
  try {
    const outfile = join(folder, 'script.cjs');
    await build({
      stdin: {
        contents: `const { axios, createClient, protect, withDeadline, isTimeout } = require(${JSON.stringify(library.file)});
          const url = process.argv[2];
          process.on('unhandledRejection', (reason) => { console.error('UNHANDLED', reason); process.exitCode = 7; });
          (async () => {${body}})().catch((error) => { console.error(error); process.exitCode = 8; });`,
        resolveDir: library.root,
      },
      bundle: true, // a script may have dependencies of its own
      external: [library.file],
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
      outfile,
    });
    return await run([...nodeOptions, outfile, url], begun);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(args: string[], begun: (child: ChildProcess) => void): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000 });
    begun(child);
    let [stdout, stderr] = ['', ''];
    let spokeAt = Infinity;
    child.stdout.setEncoding('utf8').on('data', (text) => {
      spokeAt = Math.min(spokeAt, performance.now());
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr, lingered: performance.now() - spokeAt }));
  });
}
