// Runs npm scripts at the same time, `side-by-side.mjs a,b c` those of one argument one after the other. What each prints comes at its end,
// all together; a script that fails ends its row, and at the end the whole.
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';

/** Those that run. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** @param {string} script */
async function run(script) {
  const began = performance.now();
  const npm = spawn(`npm run --silent ${script} 2>&1`, { shell: true, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(npm);
  const exit = new Promise((resolve) => npm.once('exit', (code, signal) => resolve(code ?? signal)));
  const printed = await buffer(npm.stdout);
  const code = await exit;
  running.delete(npm);
  process.stdout.write(`\n> npm run ${script} (${((performance.now() - began) / 1_000).toFixed(1)} s)\n`);
  process.stdout.write(printed);
  if (code === 0) return true;
  console.error(`\nnpm run ${script} failed: ${code}`);
  return false;
}

/** @param {string} row */
async function inTurn(row) {
  for (const script of row.split(',')) if (!(await run(script))) return false;
  return true;
}

// What ends this ends them, with all that they began: each leads a group. What they had printed is still shown.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    for (const { pid } of running) if (pid) process.kill(-pid, signal);
  });
}

const passed = await Promise.all(process.argv.slice(2).map(inTurn));
if (passed.includes(false)) process.exitCode = 1;
