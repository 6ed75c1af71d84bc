// The calls of the waterfall: the slowest of each second, so that the rows can be read as they come in.

/** @import { AttemptRecord, CallRecord } from 'breakwater' */

/** @typedef {{ second: number, call: CallRecord, attempts: AttemptRecord[] }} Row */

const ROWS = 12;

export function createCalls() {
  /** Attempts of calls in progress, by the call's id. @type {Map<string, AttemptRecord[]>} */
  const under = new Map();
  /** Latest first. @type {Row[]} */
  const rows = [];

  return {
    rows,
    /** @param {AttemptRecord} record */
    attempt(record) {
      under.set(record.id, [...(under.get(record.id) ?? []), record]);
    },
    /**
     * @param {CallRecord} call
     * @param {number} second The one in which it ended.
     */
    call(call, second) {
      const attempts = under.get(call.id);
      under.delete(call.id);
      if (!attempts) return; // rejected at once: nothing went over the network
      const row = { second, call, attempts };
      const [latest] = rows;
      if (latest?.second !== second) rows.unshift(row);
      else if (call.elapsed > latest.call.elapsed) rows[0] = row;
      rows.splice(ROWS);
    },
  };
}
