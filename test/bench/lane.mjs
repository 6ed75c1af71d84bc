// One client in a process of its own, as in real use: beside eight others, its code would be optimized for all of them.
// Receives rounds to run, one after the other, and answers each with the measurements.

import { PerformanceObserver } from 'node:perf_hooks';
import { lanes } from './lanes.mjs';
import { cpu, quantile } from './measure.mjs';

/** @typedef {import('./lanes.mjs').Lane} Lane */
/** @typedef {{ what: keyof Lane, calls: number, atOnce: number }} Round */

const [, , name = '', base = ''] = process.argv;
const lane = /** @type {() => Lane} */ (lanes[name])();
const body = Buffer.alloc(1024 * 1024, 'x');

/** @type {Record<keyof Lane, () => Promise<unknown>>} */
const CALLS = {
  json: () => lane.json(`${base}/users/42?page=1`),
  bytes: async () => lane.bytes?.(`${base}/large`),
  stream: async () => lane.stream?.(`${base}/large`),
  upload: async () => lane.upload?.(base, body),
};

/** Milliseconds that garbage collections have stopped this process. */
let paused = 0;
const collections = new PerformanceObserver((list) => count(list.getEntries()));
collections.observe({ entryTypes: ['gc'] });

/** @param {PerformanceEntry[]} entries */
function count(entries) {
  for (const { duration } of entries) paused += duration;
}

/** @param {Round} round */
async function run({ what, calls, atOnce }) {
  if (!lane[what]) return undefined;
  const call = CALLS[what];
  /** @type {number[]} */
  const took = [];
  let begun = 0;
  const worker = async () => {
    while (begun++ < calls) {
      const at = performance.now();
      await call();
      took.push(performance.now() - at);
    }
  };
  count(collections.takeRecords());
  const before = { cpu: cpu(), paused };
  const at = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - at) / 1_000;
  const used = cpu() - before.cpu;
  count(collections.takeRecords());
  return {
    rate: calls / seconds,
    cpu: used / calls,
    gc: (paused - before.paused) / calls,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
  };
}

process.on('message', async (/** @type {Round} */ round) => process.send?.((await run(round)) ?? null));
process.once('disconnect', () => process.exit());
