// Runs a script against the source in a process of its own: whether a process ends by itself, and what it holds in memory, only another can tell.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

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
 */
export async function runScript(body: string, url: string, nodeOptions: string[] = []): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-script-'));
  try {
    const outfile = join(folder, 'script.cjs');
    await build({
      stdin: {
        contents: `import axios from 'axios';
          import { createClient, protect, withDeadline, isTimeout } from './src/index.ts';
          const url = process.argv[2];
          void [createClient, protect, withDeadline, isTimeout, axios];
          process.on('unhandledRejection', (reason) => { console.error('UNHANDLED', reason); process.exitCode = 7; });
          (async () => {${body}})().catch((error) => { console.error(error); process.exitCode = 8; });`,
        resolveDir: root,
      },
      alias: { '#platform': join(root, 'src/transport/node/index.ts') },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
      outfile,
    });
    return await run([...nodeOptions, outfile, url]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(args: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000 });
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
