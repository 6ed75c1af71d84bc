// The benchmark: the same requests through Breakwater and its peers, side by side in one run. Rounds are interleaved, so that what else the
// machine does strikes all alike; what counts is the ratio to bare axios, the median of the rounds. `--quick` for a short look.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { lanes } from './lanes.mjs';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 5 : 11;
const body = Buffer.alloc(1024 * 1024, 'x');

/** @typedef {import('./lanes.mjs').Lane} Lane */

/** @type {{ name: string, calls: number, atOnce: number, run: (lane: Lane, base: string) => (() => Promise<unknown>) | undefined }[]} */
const SCENARIOS = [
  ...[1, 50, 500].map((atOnce) => ({
    name: `small JSON, ${atOnce} in flight`,
    calls: quick ? 1_000 : 3_000,
    atOnce,
    run: (/** @type {Lane} */ lane, /** @type {string} */ base) => () => lane.json(`${base}/users/42?page=1`),
  })),
  { name: '1 MB of bytes, 10 in flight', calls: 100, atOnce: 10, run: ({ bytes }, base) => bytes && (() => bytes(`${base}/large`)) },
  { name: '1 MB as a stream, 10 in flight', calls: 100, atOnce: 10, run: ({ stream }, base) => stream && (() => stream(`${base}/large`)) },
  { name: '1 MB uploaded, 10 in flight', calls: 100, atOnce: 10, run: ({ upload }, base) => upload && (() => upload(base, body)) },
];

/**
 * @param {() => Promise<unknown>} call
 * @param {number} calls
 * @param {number} atOnce
 */
async function round(call, calls, atOnce) {
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
  const cpu = process.cpuUsage();
  const at = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - at) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  took.sort((a, b) => a - b);
  return { rate: took.length / seconds, cpu: (user + system) / took.length, p50: nth(took, 0.5), p99: nth(took, 0.99) };
}

const nth = (/** @type {number[]} */ sorted, /** @type {number} */ share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const median = (/** @type {number[]} */ values) =>
  nth(
    [...values].sort((a, b) => a - b),
    0.5,
  );

const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)));
const [port] = await once(server, 'message');
const base = `http://127.0.0.1:${port}`;
const all = lanes();

for (const { name, calls, atOnce, run } of SCENARIOS) {
  const taking = all.flatMap((lane) => {
    const call = run(lane, base);
    return call ? [{ lane, call, rounds: /** @type {Awaited<ReturnType<typeof round>>[]} */ ([]) }] : [];
  });
  for (const { call } of taking) await round(call, calls, atOnce); // warm
  for (let i = 0; i < ROUNDS; i++) for (const { call, rounds } of taking) rounds.push(await round(call, calls, atOnce));
  const of = (/** @type {typeof taking[0]} */ { rounds }, /** @type {'rate' | 'cpu' | 'p50' | 'p99'} */ what) =>
    median(rounds.map((r) => r[what]));
  const first = /** @type {typeof taking[0]} */ (taking[0]);
  console.log(`\n${name}`);
  console.table(
    Object.fromEntries(
      taking.map((one) => [
        one.lane.name,
        {
          '× axios': Number((of(one, 'rate') / of(first, 'rate')).toFixed(2)),
          '× axios, CPU': Number((of(first, 'cpu') / of(one, 'cpu')).toFixed(2)),
          'p50 ms': Number(of(one, 'p50').toFixed(2)),
          'p99 ms': Number(of(one, 'p99').toFixed(2)),
        },
      ]),
    ),
  );
}
server.kill();
process.exit();
