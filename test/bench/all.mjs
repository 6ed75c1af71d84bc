// `npm run bench`: every part, one after the other. What it is given is passed on to each: `--quick`, `--minutes 10`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

for (const part of ['index', 'browser', 'micro', 'refused', 'hanging', 'growth']) {
  console.log(`\n=== ${part}.mjs`);
  const script = fileURLToPath(new URL(`${part}.mjs`, import.meta.url));
  const [code] = await once(spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' }), 'exit');
  if (code !== 0) process.exitCode = 1;
}
