// Calls for the waterfall: of each second the one that took longest, so that the rows can be read as they come.

/** @import { AttemptRecord, CallRecord } from 'breakwater' */

/** @typedef {{ second: number, call: CallRecord, attempts: AttemptRecord[] }} Row */

const ROWS = 12;

export function createCalls() {
  /** Attempts of calls that have not ended, by the call's id. @type {Map<string, AttemptRecord[]>} */
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
     * @param {number} second In which it ended.
     */
    call(call, second) {
      const attempts = under.get(call.id);
      under.delete(call.id);
      if (!attempts) return; // refused at once: nothing of it was on the network
      const row = { second, call, attempts };
      const [latest] = rows;
      if (latest?.second !== second) rows.unshift(row);
      else if (call.elapsed > latest.call.elapsed) rows[0] = row;
      rows.splice(ROWS);
    },
  };
}
