// `npm run bench`: runs every part, one after the other. Its arguments (`--quick`, `--minutes 10`) are passed on to each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

for (const part of ['index', 'browser', 'micro', 'refused', 'hanging', 'growth']) {
  console.log(`\n=== ${part}.mjs`);
  const script = fileURLToPath(new URL(`${part}.mjs`, import.meta.url));
  const [code] = await once(spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' }), 'exit');
  if (code !== 0) process.exitCode = 1;
}
