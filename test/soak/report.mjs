// What a soak says: a line every ten seconds, tables at the end.

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

/** @param {Row[]} rows */
export const restTable = (rows) =>
  table([
    [
      'at rest after',
      'heap MB',
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
