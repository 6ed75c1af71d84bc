// The benchmark: the same requests through Breakwater and its peers, side by side in one run, each in a process of its own. Rounds are
// interleaved, so that other load on the machine affects all alike; what counts is the ratio to bare axios in the same turn, as the median
// of the turns. `--quick` for a short run, `--only breakwater` for axios and the lanes whose names contain that.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lanes } from './lanes.mjs';
import { isQuick, median, short } from './measure.mjs';

/** @typedef {import('./lane.mjs').Round} Round */
/** @typedef {{ rate: number, cpu: number, gc: number, p50: number, p99: number }} Measured */

const TURNS = isQuick ? 5 : 15;

/** @type {(Round & { name: string })[]} */
const SCENARIOS = [
  ...[1, 50, 500].map((atOnce) => {
    const calls = isQuick ? 1_500 : 4_000;
    return { name: `small JSON, ${atOnce} in flight`, what: /** @type {const} */ ('json'), calls, atOnce };
  }),
  { name: '1 MB of bytes, 10 in flight', what: 'bytes', calls: 200, atOnce: 10 },
  { name: '1 MB as a stream, 10 in flight', what: 'stream', calls: 200, atOnce: 10 },
  { name: '1 MB uploaded, 10 in flight', what: 'upload', calls: 200, atOnce: 10 },
];

/**
 * glibc, as set by default, may return the memory of each large body to the system and fetch it again, or may not, by how a process' heap
 * happens to lie: that would make one client in two 1.5 times slower on bodies, by chance.
 */
const env = { ...process.env, MALLOC_TRIM_THRESHOLD_: '1000000000', MALLOC_MMAP_THRESHOLD_: '1000000000', MALLOC_TOP_PAD_: '67108864' };

/** @param {string} file @param {string[]} parameters */
const start = (file, ...parameters) => fork(fileURLToPath(new URL(file, import.meta.url)), parameters, { env });

const server = start('server.mjs');
const [port] = await once(server, 'message');
const { only = '' } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } }, strict: false }).values;
const names = Object.keys(lanes).filter((name) => name === 'axios' || name.toLowerCase().includes(String(only).toLowerCase()));
const running = names.map((name) => ({ name, child: start('lane.mjs', name, `http://127.0.0.1:${port}`) }));

/** @param {typeof running[0]} lane @param {Round} round @returns {Promise<Measured | null>} */
async function ask({ child }, round) {
  child.send(round);
  const [measured] = await once(child, 'message');
  return measured;
}

for (const { name, ...round } of SCENARIOS) {
  const taking = [];
  for (const lane of running) if (await ask(lane, round)) taking.push({ lane, turns: /** @type {Measured[]} */ ([]) }); // warms it up, too
  for (let i = 0; i < TURNS; i++) for (const { lane, turns } of taking) turns.push(/** @type {Measured} */ (await ask(lane, round)));
  const axios = /** @type {typeof taking[0]} */ (taking[0]).turns;
  const table = taking.map(({ lane, turns }) => {
    const share = (/** @type {(own: Measured, axios: Measured) => number} */ of) =>
      short(median(turns.map((own, turn) => of(own, /** @type {Measured} */ (axios[turn])))));
    const told = {
      '× axios': share((own, bare) => own.rate / bare.rate),
      '× axios, CPU': share((own, bare) => bare.cpu / own.cpu),
      'GC µs a call': short(median(turns.map(({ gc }) => gc * 1_000))),
      'p50 ms': short(median(turns.map(({ p50 }) => p50))),
      'p99 ms': short(median(turns.map(({ p99 }) => p99))),
    };
    return [lane.name, told];
  });
  console.log(`\n${name}`);
  console.table(Object.fromEntries(table));
}
for (const { child } of running) child.kill();
server.kill();
process.exit();
