// Sabotage of the events about calls: they come twice, never, or too late.

/** @import { AttemptRecord, CallRecord } from 'breakwater' */
/** @import { Sabotage, Soak } from './sabotage.mjs' */

/** @typedef {Soak['ledger']['events']} Events */

/** Changes how the events are heard. @param {(events: Events) => void} change @returns {(soak: Soak) => void} */
function changed(change) {
  let done = false;
  return ({ ledger: { events } }) => {
    if (!done) change(events);
    done = true;
  };
}

/** @param {(attempt: (record: AttemptRecord) => void, record: AttemptRecord, events: Events) => void} hear */
const attempts = (hear) =>
  changed((events) => {
    const attempt = events.attempt.bind(events);
    events.attempt = (record) => hear(attempt, record, events);
  });

/** @param {(call: (record: CallRecord) => void, record: CallRecord, events: Events) => void} hear */
const calls = (hear) =>
  changed((events) => {
    const call = events.call.bind(events);
    events.call = (record) => hear(call, record, events);
  });

/** @type {Record<string, Sabotage>} */
export const quiet = {
  'told-twice': {
    finds: 'told of more than once',
    run: calls((call, record) => {
      call(record);
      call(record);
    }),
  },
  'told-late': { finds: 'settled before it was told of', run: ({ ledger }) => Object.assign(ledger, { tell: () => {} }) },
  'attempt-twice': {
    finds: 'an attempt told of more than once',
    run: attempts((attempt, record) => {
      attempt(record);
      attempt(record);
    }),
  },
  'attempt-never': { finds: 'an attempt never told of', run: attempts((attempt, record) => record.attempt === 1 && attempt(record)) },
  'attempt-skipped': {
    finds: 'an attempt not told of when its call was',
    run: attempts((attempt, record) => record.attempt !== 1 && attempt(record)),
  },
  'attempt-late': {
    finds: 'an attempt that goes on after its call',
    run: attempts((attempt, record) => void setTimeout(() => attempt(record), 200)),
  },
  'attempt-unbegun': {
    finds: 'an attempt that was not begun',
    run: calls((call, record) => call({ ...record, attempts: Math.max(0, record.attempts - 1) })),
  },
  'attempt-after': {
    finds: 'an attempt told of after its call',
    run: calls((call, record, events) => {
      call(record);
      setTimeout(() => events.attempt({ ...record, attempt: 1 }), 200);
    }),
  },
  'event-after': {
    finds: 'told of after it was over',
    run: calls((call, record, events) => {
      call(record);
      events.also(record.id, 'retry');
    }),
  },
  'told-in-part': { finds: 'a call told of in part', run: calls((call, record) => record.attempts === 0 && call(record)) },
};
