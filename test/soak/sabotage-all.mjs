// Runs the soak once for each sabotage, two at a time: each must be found and named correctly. node test/soak/sabotage-all.mjs [name ...]

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SABOTAGE } from './sabotage.mjs';

const CALLS = 500;
const AT_A_TIME = 2;
const SOAK = fileURLToPath(new URL('./soak.mjs', import.meta.url));

const named = process.argv.slice(2);
const names = named.length ? named : Object.keys(SABOTAGE);
const left = [...names];
let missed = 0;

/** @param {string} name */
async function run(name) {
  const { finds, calls = CALLS } = /** @type {import('./sabotage.mjs').Sabotage} */ (SABOTAGE[name]);
  const args = [SOAK, '--break', name, '--calls', String(calls), '--windows', '3', '--seed', '7'];
  /** @type {{ code: number, out: string }} */
  const { code, out } = await new Promise((resolve) => {
    const child = execFile(process.execPath, args, { maxBuffer: 1e9 }, (_, out) => resolve({ code: child.exitCode ?? -1, out }));
  });
  const found = code === 1 && out.split('\n').some((line) => /^VIOLATED \d+ times: /.test(line) && line.includes(`times: ${finds}`));
  if (!found) missed++;
  console.log(`${found ? 'found ' : 'MISSED'} ${name}: ${found ? finds : `exit code ${code}, no '${finds}'\n${out.slice(-2_000)}`}`);
}

await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    for (let name = left.shift(); name; name = left.shift()) await run(name);
  }),
);
console.log(`${names.length - missed} of ${names.length} sabotages were found`);
process.exitCode = missed ? 1 : 0;
