// How the parts of the benchmark measure: candidates side by side, rounds interleaved, medians.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `--quick`: a short run. */
export const isQuick = process.argv.includes('--quick');

/** @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5);

/** Rounds to significant digits. @param {number} value */
export const short = (value, digits = 3) => Number(value.toPrecision(digits));

/** The CPU time of this process in milliseconds, which other load on the machine hardly affects. */
export function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Nanoseconds of CPU time that an operation takes, for each candidate.
 * @param {Record<string, (times: number) => unknown>} candidates Each repeats its operation `times` times; its result is awaited.
 * @param {{ rounds?: number, ms?: number }} [options] How many rounds, and about how long each one is.
 * @returns {Promise<Record<string, number>>}
 */
export async function nanoseconds(candidates, { rounds = isQuick ? 15 : 51, ms = 4 } = {}) {
  const all = Object.entries(candidates).map(([name, run]) => ({ name, run, times: 100, took: /** @type {number[]} */ ([]) }));
  const round = async (/** @type {typeof all[0]} */ { run, times }) => {
    const at = cpu();
    await run(times);
    return (cpu() - at) / times;
  };
  for (const one of all) {
    for (let warm = 0; warm < 4; warm++) one.times = Math.max(100, Math.ceil(ms / Math.max(await round(one), 1e-6)));
  }
  for (let i = 0; i < rounds; i++) for (const one of all) one.took.push(await round(one));
  return Object.fromEntries(all.map(({ name, took }) => [name, median(took) * 1e6]));
}

/** @param {(index: number) => unknown} operation */
export const again = (operation) => (/** @type {number} */ times) => {
  for (let i = 0; i < times; i++) operation(i);
};

/** @param {(index: number) => Promise<unknown>} operation */
export const againAwaited = (operation) => async (/** @type {number} */ times) => {
  for (let i = 0; i < times; i++) await operation(i);
};

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const gc = runInNewContext('gc');

/** Bytes in use by JavaScript after garbage collection, array buffers included. */
export async function memory() {
  for (let i = 0; i < 4; i++) {
    await new Promise(setImmediate);
    gc();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
