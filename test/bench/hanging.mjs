// As many hanging calls at once as possible: how much heap and how many timers each holds, and when they end. `--quick` for fewer.
import { createHook } from 'node:async_hooks';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import { createClient } from '../../dist/node.js';
import { cpu, isQuick, median, memory, quantile, short } from './measure.mjs';

const WANTED = isQuick ? 2_000 : 10_000;
const ROUNDS = 3;

/** How many sockets this process may open, less what it needs itself. Node raises its limit to the maximum at startup. */
const report = /** @type {any} */ (process.report.getReport());
const SOCKETS = Number(report.userLimits?.open_files?.soft ?? 1_024) - 100;

/**
 * Starts hanging calls and measures what each holds while all hang, how long after its limit each ended, and the CPU time for all that.
 * @param {() => Promise<unknown>} call
 * @param {number} calls
 * @param {number} [limit] Milliseconds; without one, the end is not awaited.
 */
async function hang(call, calls, limit) {
  const before = await memory();
  const began = new Float64Array(calls);
  const late = new Float64Array(calls);
  const codes = new Set();
  const idle = cpu();
  const pending = Array.from(began, (_, i) => {
    began[i] = performance.now();
    return call().catch((error) => {
      late[i] = performance.now() - (began[i] ?? 0) - (limit ?? 0);
      codes.add(error.code);
    });
  });
  const begun = cpu() - idle;
  await new Promise((resolve) => setTimeout(resolve, limit ? limit / 4 : 1_000)); // until connections are established
  const kB = ((await memory()) - before - 16 * calls) / calls / 1_000;
  if (limit && performance.now() - (began[0] ?? 0) > limit)
    console.log('The first were over before all could be measured: the machine is too busy.');
  const hanging = cpu();
  if (limit) await Promise.all(pending);
  const each = (/** @type {number} */ ms) => (ms * 1_000) / calls;
  return { kB, toBegin: each(begun), toEnd: each(cpu() - hanging), codes, late: limit ? [...late] : [], pending };
}

/**
 * @param {string} title
 * @param {number} calls
 * @param {number} limit The calls' timeout in milliseconds.
 * @param {boolean} timesOut Whether axios' own timeout can end them.
 * @param {() => { axios: () => Promise<unknown>, ours: () => Promise<unknown>, end(): void }} setUp
 */
async function compare(title, calls, limit, timesOut, setUp) {
  /** @type {{ theirs: Awaited<ReturnType<typeof hang>>, ours: Awaited<ReturnType<typeof hang>> }[]} */
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { axios: bare, ours, end } = setUp();
    const theirs = await hang(bare, calls, timesOut ? limit : undefined);
    end();
    rounds.push({ theirs, ours: await hang(ours, calls, limit) });
  }
  const over = (/** @type {(round: typeof rounds[0]) => number} */ of) => short(median(rounds.map(of)));
  const ends = (/** @type {'theirs' | 'ours'} */ whose) => ({
    'kB a call': over((round) => round[whose].kB),
    'CPU µs to begin': over((round) => round[whose].toBegin),
    'to end': over((round) => round[whose].toEnd),
    'ms late: first': short(Math.min(...rounds.map((round) => quantile(round[whose].late, 0)))),
    half: over((round) => quantile(round[whose].late, 0.5)),
    '99 of 100': over((round) => quantile(round[whose].late, 0.99)),
    last: over((round) => quantile(round[whose].late, 1)),
  });
  console.log(
    `\n${title}: ${calls} calls, ${limit} ms each; all ended with ${[...new Set(rounds.flatMap(({ ours }) => [...ours.codes]))]}`,
  );
  console.table({ [timesOut ? 'axios, its timeout' : 'axios, no timeout']: ends('theirs'), Breakwater: ends('ours') });
  console.log(`Ours of it: ${over(({ theirs, ours }) => ours.kB - theirs.kB)} kB a call`);
}

/** How many timers a hanging call keeps, unref'd ones included. @param {() => Promise<unknown>} call */
async function timersOf(call) {
  const live = new Set();
  const hook = createHook({ init: (id, type) => type === 'Timeout' && live.add(id), destroy: (id) => live.delete(id) }).enable();
  const pending = Array.from({ length: 100 }, () => call().catch(() => {}));
  await new Promise(setImmediate);
  const timers = live.size;
  const listed = process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
  hook.disable();
  await Promise.all(pending);
  return { timers: timers / 100, listed: listed / 100 };
}

// A breaker that does not open because of hanging calls: all of them are to be in flight at once.
const options = /** @type {const} */ ({ retry: false, proxy: false, alerts: false, breaker: { slow: { after: 1e9 } } });
const url = 'http://127.0.0.1/users/42';

/** @type {Set<unknown>} Retains hanging calls, as the socket they wait for would. */
const held = new Set();
const never = (/** @type {unknown} */ config) => new Promise((resolve) => held.add({ config, resolve }));

const limit = isQuick ? 5_000 : 20_000;
await compare('An adapter that hangs', WANTED, limit, false, () => {
  held.clear();
  const client = createClient({ ...options, adapter: never, timeout: { total: limit } });
  const bare = axios.create({ adapter: never });
  return { axios: () => bare.get(url), ours: () => client.get(url), end: () => held.clear() };
});

const server = fork(fileURLToPath(new URL('hanging-server.mjs', import.meta.url)));
const [port] = await once(server, 'message');
const real = `http://127.0.0.1:${port}/users/42`;
const calls = Math.min(WANTED, SOCKETS);
if (calls < WANTED) console.log(`\nOnly ${SOCKETS} sockets can be open at once here (ulimit -n): scaled down.`);
await compare('A server that hangs', calls, limit, true, () => {
  const agent = new http.Agent({ keepAlive: true });
  const bare = axios.create({ httpAgent: agent, proxy: false, timeout: limit });
  const client = createClient({ ...options, timeout: { connect: false, read: false, total: limit } });
  return { axios: () => bare.get(real), ours: () => client.get(real), end: () => agent.destroy() };
});

const one = createClient({ ...options, timeout: { total: 500 } });
const { timers, listed } = await timersOf(() => one.get(real));
console.log(`\nTimers of a call that hangs: ${timers}, of which ${listed} keep the program alive.`);
server.kill();
process.exit();
