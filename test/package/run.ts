// Runs a program to its end and gives back what it printed; a failure carries the whole output.
import { execFile } from 'node:child_process';

export interface RunOptions {
  cwd: string;
  /** Kills the program after this long, so that one which does not exit by itself fails its test. In milliseconds; 120 000 by default. */
  timeout?: number;
  /** Besides this process's own. */
  env?: Record<string, string>;
}

export function run(file: string, args: string[], { cwd, timeout = 120_000, env = {} }: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { cwd, timeout, env: { ...process.env, ...env }, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const how = error.killed ? `was still running after ${timeout} ms` : `failed (${error.code})`;
        reject(new Error(`${file} ${args.join(' ')} ${how}\n${stdout}\n${stderr}`));
      },
    );
  });
}

export const node = (args: string[], options: RunOptions): Promise<string> => run(process.execPath, args, options);

/** npm itself, of the installation that runs the tests (on Windows it is a shell script, hence npm_execpath). */
export function npm(args: string[], options: RunOptions): Promise<string> {
  const cli = process.env.npm_execpath;
  return cli ? node([cli, ...args], options) : run('npm', args, options);
}
