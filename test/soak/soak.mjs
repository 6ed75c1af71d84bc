// A soak of the built package: random calls through the lab with faults, garbage, aborts, deadlines, retries, breaker flaps, limits,
// streams and beacons. Exits with 1 if a call is not settled and reported once and in time, if something is left behind or grows, or if
// something that a run of this size must try did not happen.
// node test/soak/soak.mjs [--calls 20000 | --hours 1] [--seed 1] [--concurrency 128] [--windows 10] [--json file] [--break name]

import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkAfterwards, checkAtRest, checkGrowth, checkTried } from './checks.mjs';
import { read } from './gauges.mjs';
import { startLabProcess } from './lab.mjs';
import { Ledger } from './ledger.mjs';
import { Loop } from './loop.mjs';
import { endingsTable, latenessTable, line, restLine, restTable, seenTable, violationsOf } from './report.mjs';
import { SABOTAGE } from './sabotage.mjs';
import { Traffic } from './traffic.mjs';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '20000' },
    hours: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    concurrency: { type: 'string', default: '128' },
    windows: { type: 'string' },
    json: { type: 'string' },
    break: { type: 'string' },
  },
});
const seed = Number(values.seed);
const end = values.hours ? performance.now() + Number(values.hours) * 3_600_000 : Infinity;
const calls = values.hours ? Infinity : Number(values.calls);
const concurrency = Number(values.concurrency);
const goal = values.hours ? `${values.hours} h` : String(calls);
/** How often everything comes to rest and is measured. */
const WINDOWS = Number(values.windows ?? (calls < 100_000 ? 10 : 20));
const LINE_EVERY = 10_000; // ms
/** Longer than any call may take. */
const HUNG = 30_000; // ms

const loop = new Loop();
const ledger = new Ledger(loop);
for (const event of /** @type {const} */ (['unhandledRejection', 'uncaughtException'])) {
  process.on(event, (/** @type {unknown} */ error) => ledger.violated(event, error instanceof Error ? String(error.stack) : String(error)));
}
process.on('warning', (warning) => warning.name !== 'ExperimentalWarning' && ledger.violated('a warning of Node', String(warning)));
// Only the handler that fails on purpose may cause a warning.
console.warn = (...args) => String(args[0]).includes("a handler of '*' failed") || ledger.violated('an error of our own', args.join(' '));

const lab = await startLabProcess();
// Small pools: each idle socket retains its last request, which looks like growth while a pool is filling.
const pool = { keepAlive: true, maxFreeSockets: 20 };
const agents = {
  http: new http.Agent(pool),
  https: new https.Agent({ ...pool, ca: lab.ca }),
  narrow: new http.Agent({ ...pool, maxSockets: 1 }),
};
// The clients' own agents inherit this from Node's.
const nodes = /** @type {Record<'http' | 'https', { options: https.AgentOptions }>} */ (
  /** @type {unknown} */ ({ http: http.globalAgent, https: https.globalAgent })
);
Object.assign(nodes.http.options, { maxFreeSockets: pool.maxFreeSockets });
Object.assign(nodes.https.options, { maxFreeSockets: pool.maxFreeSockets, ca: lab.ca });
const before = await read(new AbortController().signal);
const traffic = new Traffic(seed, ledger, lab, agents);
/** @type {import('./checks.mjs').Row[]} */
const rows = [];
const soak = { traffic, ledger, lab, rows };
const sabotage = values.break ? SABOTAGE[values.break]?.run : undefined;
if (values.break && !sabotage) throw new Error(`--break takes one of ${Object.keys(SABOTAGE).join(', ')}`);

console.log(`soak: ${goal}${values.hours ? '' : ' calls'}, ${concurrency} at a time, seed ${seed}, Node ${process.version}`);
const run = { startedAt: performance.now(), goal };
const telling = setInterval(() => console.log(line(ledger, run)), LINE_EVERY);

await traffic.fill();
const filled = ledger.begun;
for (let window = 1; window <= WINDOWS; window++) {
  const isOver = windowEnd(window);
  const workers = Array.from({ length: concurrency }, async () => {
    while (!isOver()) {
      sabotage?.(soak);
      await traffic.next();
    }
  });
  const hung = async () => {
    while (!isOver()) await sleep(100);
    await sleep(HUNG);
  };
  await Promise.race([Promise.all(workers), hung()]);
  const row = await checkAtRest(soak);
  rows.push(row);
  console.log(restLine(row));
}
clearInterval(telling);
console.log(line(ledger, run));

ledger.seen.beacons(traffic.client.beacons.stats());
checkTried(soak);
const growth = checkGrowth(soak, rows);
await Promise.all([traffic.client.close(), traffic.switched.close()]);
for (const agent of Object.values(agents)) agent.destroy();
await closeFetch();
await checkAfterwards(soak, before);
await lab.close();
loop.stop();

console.log(`\n${endingsTable(ledger)}\n\n${seenTable(ledger)}\n\n${restTable(rows)}\n\n${latenessTable(ledger, loop)}\n`);
const { heapPerCall, buffersPerCall, socketsPerCall, most } = growth;
console.log(
  `heap: ${heapPerCall.toFixed(2)} bytes a call, buffers: ${buffersPerCall.toFixed(2)}, where ${most.toFixed(0)} may be; ` +
    `sockets: ${(socketsPerCall * 1_000).toFixed(3)} in 1 000 calls; own agents: ${(100 * ledger.seen.ownAgents).toFixed(0)} % of the calls`,
);
const violations = violationsOf(ledger);
for (const { what, count, first } of violations) console.log(`VIOLATED ${count} times: ${what}: ${first.split('\n')[0]}`);
const seconds = (performance.now() - run.startedAt) / 1_000;
const summary = {
  seed,
  calls: ledger.begun,
  settled: ledger.settled,
  attempts: ledger.events.attempts,
  seconds,
  ...growth,
  latest: ledger.calls.byItself.max,
  latestScope: ledger.scopes.byItself.max,
  beacons: traffic.beacons,
  violations,
  rows,
};
if (values.json) writeFileSync(values.json, `${JSON.stringify(summary, null, 2)}\n`);
else console.log(JSON.stringify({ ...summary, rows: rows.length }));
process.exitCode = violations.length ? 1 : 0;

/** Whether a window is over, by its number of calls or its time. @param {number} window */
function windowEnd(window) {
  const from = performance.now();
  const until = from + (end - from) / (WINDOWS + 1 - window);
  const most = filled + (calls * window) / WINDOWS;
  return () => ledger.begun >= most || performance.now() >= until;
}

/** Closes the connections that Node's fetch would keep for a while. */
async function closeFetch() {
  const dispatcher = /** @type {Record<symbol, { destroy?(): Promise<void> } | undefined>} */ (/** @type {unknown} */ (globalThis))[
    Symbol.for('undici.globalDispatcher.1')
  ];
  await dispatcher?.destroy?.();
}
