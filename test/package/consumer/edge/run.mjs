// Runs a bundle in the Edge runtime, which has what the web has and nothing of Node, and prints what it leaves in `outcome`: `run.mjs <bundle>`.
import { readFileSync } from 'node:fs';
import { EdgeVM } from '@edge-runtime/vm';

const { context } = new EdgeVM({ initialCode: readFileSync(process.argv[2], 'utf8') });
console.log(JSON.stringify(await context.outcome));
