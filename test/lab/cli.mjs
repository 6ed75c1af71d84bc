// Starts the whole lab and prints its names and URLs until Ctrl-C: `node test/lab/cli.mjs [name…]`.

import { FAULTS, startLab } from './index.mjs';

const only = process.argv.slice(2);
const lab = await startLab(only.length > 0 ? { only } : {});

for (const { name, title } of FAULTS) {
  if (only.length > 0 && !only.includes(name)) continue;
  const { socketPath } = lab.upstream(name);
  console.log(`${name.padEnd(20)}${title.padEnd(34)}${lab.url(name)}${socketPath ? ` (${socketPath})` : ''}`);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => lab.close());
