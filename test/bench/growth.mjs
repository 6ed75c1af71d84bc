// Memory, and how costs grow: 10 000 endpoints; increasing numbers of calls, endpoints, listeners and queued calls; and a run at full
// speed whose heap must stay flat. `--minutes 10` for a long run, `--quick` for a short one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from '../../dist/node.js';
import { cpu, isQuick, median, memory, short } from './measure.mjs';

const at = process.argv.indexOf('--minutes');
const MINUTES = at > 0 ? Number(process.argv[at + 1]) : isQuick ? 0.1 : 0.5;
const SIZES = isQuick ? [1_000, 2_000, 4_000] : [1_000, 2_000, 4_000, 8_000];
const ROUNDS = 3;

const options = /** @type {const} */ ({ proxy: false });
const answers = async (/** @type {any} */ config) => ({ data: {}, status: 200, statusText: 'OK', headers: {}, config });
const url = (/** @type {number} */ i) => `http://127.0.0.1/resource-${i}`;

async function endpoints() {
  const client = createClient({ ...options, adapter: answers, limit: { rate: 1e9, concurrency: 1e6 } });
  await client.get(url(0));
  const before = await memory();
  for (let i = 0; i < 10_000; i++) await client.get(url(i));
  const megabytes = ((await memory()) - before) / 1e6;
  const kept = { statistics: client.stats.list().length, breakers: client.breakers.list().length };
  console.log(`\n10 000 endpoints seen: ${short(megabytes)} MB, in ${kept.statistics} statistics and ${kept.breakers} breakers`);
  await client.close();
}

/**
 * @typedef {object} Growing
 * @property {() => unknown} begin The timed part, up to where the most memory is held.
 * @property {() => unknown} [finish] The timed part after that.
 * @property {() => unknown} end
 */

/**
 * Prints the cost for each size, and the power of the size with which the cost grows: 1 is linear, the same cost for each.
 * @param {string} title
 * @param {string} what The singular of what increases in number.
 * @param {(size: number) => Growing} setUp
 */
async function curve(title, what, setUp) {
  const rows = SIZES.map((size) => ({ size, ms: /** @type {number[]} */ ([]), bytes: /** @type {number[]} */ ([]) }));
  for (let round = -1; round < ROUNDS; round++) {
    for (const { size, ms, bytes } of rows) {
      const taken = await measured(() => setUp(size));
      ms.push(taken.ms);
      bytes.push(taken.bytes);
      if (round < 0) ms.length = bytes.length = 0; // a warm-up
    }
  }
  const points = rows.map(({ size, ms, bytes }) => ({ size, ms: median(ms), bytes: median(bytes) }));
  const power = slope(points.map(({ size, ms }) => [Math.log(size), Math.log(ms)]));
  console.log(`\n${title}: time goes with size^${power.toFixed(2)}${power < 1.15 ? ', no more than linear' : ', MORE THAN LINEAR'}`);
  console.table(
    Object.fromEntries(
      points.map(({ size, ms, bytes }) => [
        size,
        {
          [`µs for each ${what}`]: short((ms * 1_000) / size),
          'held, MB': Number((bytes / 1e6).toFixed(2)),
          'kB for each': short(bytes / size / 1e3),
        },
      ]),
    ),
  );
}

/** A function of its own, so that nothing is retained when the next one is measured. @param {() => Growing} setUp */
async function measured(setUp) {
  const before = await memory();
  const { begin, finish, end } = setUp();
  const began = await timed(begin);
  const bytes = (await memory()) - before;
  const finished = finish ? await timed(finish) : 0;
  await end();
  return { ms: began + finished, bytes };
}

/** Milliseconds of CPU time. @param {() => unknown} run */
async function timed(run) {
  const startedAt = cpu();
  await run();
  return cpu() - startedAt;
}

/** The slope of the best-fitting line. @param {number[][]} points */
function slope(points) {
  const mean = (/** @type {number} */ i) => points.reduce((sum, point) => sum + (point[i] ?? 0), 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const by = (/** @type {(x: number, y: number) => number} */ f) => points.reduce((sum, [x = 0, y = 0]) => sum + f(x - x0, y - y0), 0);
  return by((x, y) => x * y) / by((x) => x * x);
}

/** Calls that are all in flight before the first is answered. @param {number} size @param {any} more @param {(i: number) => any} config */
function together(size, more = {}, config = () => ({})) {
  /** @type {(() => void)[]} */
  let answering = [];
  let open = false;
  const adapter = (/** @type {any} */ config) =>
    open ? answers(config) : new Promise((resolve) => answering.push(() => resolve(answers(config))));
  const client = createClient({ ...options, ...more, adapter });
  /** @type {Promise<unknown>[]} */
  let calls = [];
  const begin = async () => {
    calls = Array.from({ length: size }, (_, i) => client.get(url(0), config(i)));
    await new Promise(setImmediate);
  };
  const finish = async () => {
    open = true;
    for (const answer of answering) answer();
    await Promise.all(calls);
    answering = calls = [];
  };
  return { begin, finish, end: () => client.close() };
}

/** Calls in sequence. @param {number} size @param {(i: number) => string} to @param {(client: any) => void} prepare */
function inTurn(size, to, prepare = () => {}) {
  const client = createClient({ ...options, adapter: answers });
  prepare(client);
  const begin = async () => {
    for (let i = 0; i < size; i++) await client.get(to(i));
  };
  return { begin, end: () => client.close() };
}

async function curves() {
  await curve('Calls, one after the other', 'call', (size) => inTurn(size, () => url(0)));
  await curve('Calls at once', 'call', (size) => together(size));
  await curve('Calls at once, each with a timeout of its own', 'call', (size) => together(size, {}, (i) => ({ timeout: 20_000 - i / 10 })));
  await curve('Endpoints, one call each', 'endpoint', (size) => inTurn(size, url));
  await curve('Listeners, 10 calls', 'listener', (size) =>
    inTurn(
      10,
      () => url(0),
      (client) => listen(client, size),
    ),
  );
  await curve('A queue for one place', 'call', (size) => together(size, { limit: { concurrency: 1, maxQueue: 1e6 } }));
}

/** @param {any} client @param {number} size */
function listen(client, size) {
  let heard = 0;
  for (let i = 0; i < size; i++) client.on('call', () => heard++);
}

/** Full speed, with one call in a hundred failing and the heap measured thirty times. */
async function flat() {
  const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)));
  const [port] = await once(server, 'message');
  const client = createClient(options);
  let calls = 0;
  let until = 0;
  const worker = async () => {
    while (performance.now() < until) {
      const path = calls++ % 100 ? `users/${calls % 1_000}` : 'large';
      await client.get(`http://127.0.0.1:${port}/${path}`, { timeout: path === 'large' ? 1 : 10_000 }).catch(() => {});
    }
  };
  /** @type {number[][]} */
  const points = [];
  console.log(`\nFull speed for ${MINUTES} minutes; heap in MB every ${short(MINUTES * 2)} s:`);
  for (let i = 0; i < 30; i++) {
    until = performance.now() + MINUTES * 2_000;
    await Promise.all(Array.from({ length: 50 }, worker));
    points.push([(i * MINUTES) / 30, (await memory()) / 1e6]);
    process.stdout.write(`${points.at(-1)?.[1]?.toFixed(1)} `);
  }
  // The first third is left out: code is still being compiled and pools filled.
  console.log(`\n${calls} calls; the last two thirds: ${short(slope(points.slice(10)) * 1_000)} kB a minute`);
  await client.close();
  server.kill();
}

await endpoints();
await curves();
await flat();
process.exit();
