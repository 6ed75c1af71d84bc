// The output of a soak: a line every ten seconds, tables at the end.

/** @import { Row } from './checks.mjs' */
/** @import { Ledger } from './ledger.mjs' */

const MB = 1_048_576;
const megabytes = (/** @type {number} */ bytes) => (bytes / MB).toFixed(1);

/** @param {(string | number)[][]} rows @returns {string} */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) => row.map((cell, i) => (i ? String(cell).padStart(widths[i] ?? 0) : String(cell).padEnd(widths[i] ?? 0))).join('  '))
    .join('\n');
}

/** @param {Ledger} ledger @param {{ startedAt: number, goal: string }} run */
export function line(ledger, { startedAt, goal }) {
  const seconds = (performance.now() - startedAt) / 1_000;
  const wrong = [...ledger.violations.values()].reduce((sum, count) => sum + count, 0);
  const { rss, heapUsed } = process.memoryUsage();
  return [
    `${Math.round(seconds)} s`.padStart(7),
    `${ledger.settled} calls of ${goal}`,
    `${Math.round(ledger.settled / seconds)} a second`,
    `${ledger.inProgress} under way`,
    `heap ${megabytes(heapUsed)} MB, rss ${megabytes(rss)} MB`,
    `${wrong} violations`,
  ].join(' | ');
}

const ENDINGS = /** @type {const} */ (['ok', 'stale', 'timeout', 'cut', 'limited', 'canceled', 'http', 'network', 'unknown']);

/** @param {Ledger} ledger */
export const endingsTable = ({ endings }) =>
  table([
    ['', ...ENDINGS],
    ...[...endings].map(([scenario, counts]) => [scenario, ...ENDINGS.map((ending) => counts.get(ending) ?? '')]),
    ['all', ...ENDINGS.map((ending) => [...endings.values()].reduce((sum, counts) => sum + (counts.get(ending) ?? 0), 0))],
  ]);

/** What else happened, group by group. @param {Ledger} ledger */
export function seenTable({ seen, events }) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const [what, count] of [...seen.counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [, group = what, name = ''] = /^(ending|timeout, \w+|kill switch|breaker that flaps|limited by|\w+) (.*)$/.exec(what) ?? [];
    if (group !== 'ending') groups.set(group, [...(groups.get(group) ?? []), `${name} ${count}`]);
  }
  groups.set('attempt', [`begun ${events.attempts}`, `told of after its call ${events.streams}`]);
  return [...groups].map(([group, names]) => `${group}: ${names.join(', ')}`).join('\n');
}

/** How late what ended after its deadline was, in milliseconds. @param {Ledger} ledger @param {import('./loop.mjs').Loop} loop */
export function latenessTable({ calls, scopes }, { delays }) {
  const row = (/** @type {string} */ name, /** @type {import('./loop.mjs').Spread} */ spread) => [
    name,
    spread.count,
    ...[50, 90, 99, 99.9].map((share) => spread.percentile(share).toFixed(1)),
    spread.max.toFixed(1),
  ];
  return table([
    ['after the deadline, ms', 'count', 'p50', 'p90', 'p99', 'p99.9', 'max'],
    ...[calls, scopes].flatMap(({ seen, held, credited, byItself }, i) => [
      row(['calls', 'scopes'][i] ?? '', seen),
      row('  held up by the loop', held),
      row('  given back by their deadline', credited),
      row('  late by themselves', byItself),
    ]),
    row('delay of the event loop', delays),
  ]);
}

/** @param {Row} row */
export const restLine = ({ calls, heap, buffers, timers, sockets }) =>
  `at rest after ${calls} calls: heap ${megabytes(heap)} MB, buffers ${megabytes(buffers)} MB, ${timers} timers, ${sockets} sockets`;

/** @param {Row[]} rows */
export const restTable = (rows) =>
  table([
    [
      'at rest after',
      'heap MB',
      'buffers MB',
      'timers',
      'sockets',
      'at servers',
      'socket listeners',
      'process listeners',
      'signal listeners',
      'endpoints',
      'breakers',
    ],
    ...rows.map((row) => [
      `${row.calls} calls`,
      megabytes(row.heap),
      megabytes(row.buffers),
      row.timers,
      row.sockets,
      row.serverSide,
      row.socketListeners,
      row.processListeners,
      row.signalListeners,
      row.endpoints,
      row.breakers,
    ]),
  ]);

/** @param {Ledger} ledger */
export const violationsOf = ({ violations, examples }) =>
  [...violations].map(([what, count]) => ({ what, count, first: examples.get(what) ?? '' }));
