// Does on purpose what each check of the soak is there to find: `--break name` must end with exit code 1 and name it. A sabotage is run
// before every call. sabotage-all.mjs runs them all.

import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { quiet } from './sabotage-events.mjs';

/**
 * @typedef {object} Soak
 * @property {import('./traffic.mjs').Traffic} traffic
 * @property {import('./ledger.mjs').Ledger} ledger
 * @property {import('./lab.mjs').Lab} lab
 * @property {import('./checks.mjs').Row[]} rows
 */
/** @typedef {(soak: Soak) => void} Run */
/** @typedef {{ finds: string, run: Run, calls?: number }} Sabotage `finds` is how the violation begins; `calls` is how many it takes. */

/** @type {unknown[]} */
const kept = [];

/** Runs it once. @param {Run} run @returns {Run} */
export function once(run) {
  let done = false;
  return (soak) => {
    if (!done) run(soak);
    done = true;
  };
}

/** Runs it once in ten calls. @param {Run} run @returns {Run} */
export function nowAndThen(run) {
  let calls = 0;
  return (soak) => {
    if (++calls % 10 === 0) run(soak);
  };
}

/** Runs it after half a second in which the loop ran, since time for which it was blocked is not late. @param {() => void} run */
function muchLater(run) {
  let beats = 0;
  const timer = setInterval(() => {
    if (++beats < 50) return;
    clearInterval(timer);
    run();
  }, 10);
}

/** The size from which on a run must have tried everything. */
const FULL = 20_000;
const expected = { scenario: 'sabotage', endings: /** @type {const} */ (['ok']), within: 100, isTold: false };
let n = 0;

/** Pretends that half a million calls were made between two rests, and that each left this many bytes. @param {number} bytes */
const asInAMillion = (bytes) =>
  once(({ rows }) => {
    rows.push = (row) => {
      const calls = (rows.length + 1) * 500_000;
      return Array.prototype.push.call(rows, { ...row, calls, heap: 20_000_000 + bytes * calls });
    };
  });

/** @type {Record<string, Sabotage>} */
export const SABOTAGE = {
  'settled-never': { finds: 'never settled', run: once(({ ledger }) => ledger.begin('sabotage', expected)) },
  'settled-twice': {
    finds: 'settled more than once',
    run: once(({ ledger }) => {
      ledger.begin('sabotage', expected);
      ledger.end('sabotage', 'ok');
      ledger.end('sabotage', 'ok');
    }),
  },
  'settled-late': {
    finds: 'ended too late',
    run: nowAndThen(({ ledger }) => {
      const id = `sabotage ${n++}`;
      ledger.begin(id, expected);
      muchLater(() => ledger.end(id, 'ok'));
    }),
  },
  'scope-late': {
    finds: 'ended too late',
    run: nowAndThen(({ ledger }) => {
      const startedAt = performance.now();
      muchLater(() => ledger.scopes.ended('a scope', { startedAt, within: 100 }));
    }),
  },
  'too-soon': {
    finds: 'ended by its deadline before that',
    run: ({ ledger }) => {
      const { calls } = ledger;
      if (ledger.calls !== early) early = ledger.calls = Object.assign(Object.create(calls), { ended: hurried(calls) });
    },
  },
  'wrong-ending': {
    finds: 'ended as it cannot',
    run: once(({ ledger }) => {
      ledger.begin('sabotage', expected);
      ledger.end('sabotage', 'network', new Error('sabotage'));
    }),
  },
  'told-never': {
    finds: 'settled before it was told of',
    run: once(({ ledger }) => {
      ledger.begin('sabotage', { ...expected, isTold: true });
      ledger.end('sabotage', 'ok');
    }),
  },
  ...quiet,
  'answer-of-another': {
    finds: 'the answer of another call',
    run: once(({ traffic }) => void traffic.client.interceptors.response.use((response) => ({ ...response, data: { headers: {} } }))),
  },
  'answer-unasked': {
    finds: 'an answer that nobody asked for',
    run: once(
      ({ traffic }) =>
        void traffic.client.interceptors.response.use((response) => (response.data === 'good' ? { ...response, data: 'evil' } : response)),
    ),
  },
  rejection: { finds: 'unhandledRejection', run: once(() => void Promise.reject(new Error('sabotage'))) },
  exception: { finds: 'uncaughtException', run: once(() => void setImmediate(() => JSON.parse('sabotage'))) },
  warning: {
    finds: 'a warning of Node',
    run: once(() => {
      const emitter = new EventEmitter();
      for (let i = 0; i < 11; i++) emitter.on('sabotage', () => {});
    }),
  },
  'own-error': { finds: 'an error of our own', run: once(() => console.warn('breakwater: sabotage')) },
  timers: { finds: 'too many timers', run: nowAndThen(() => void globalThis.setTimeout(() => {}, 3_600_000).unref()) },
  sockets: {
    finds: 'sockets grow',
    run: ({ lab }) => void kept.push(connect(lab.at.healthy?.port ?? 0, '127.0.0.1').unref()),
  },
  'sockets-of-one-side': {
    finds: 'sockets that one side holds alone',
    run: once(({ lab }) => {
      const { open } = lab;
      lab.open = async () => ({ ...(await open()), healthy: 1_000 });
    }),
  },
  'socket-listeners': {
    finds: 'too many listeners on a socket',
    run: once(({ lab }) => {
      const socket = connect(lab.at.healthy?.port ?? 0, '127.0.0.1').setMaxListeners(100);
      for (let i = 0; i < 30; i++) socket.on('timeout', () => {});
    }),
  },
  'signal-listeners': {
    finds: 'too many listeners on the signal',
    run: nowAndThen(({ traffic }) => traffic.shared.signal.addEventListener('abort', () => {})),
  },
  'token-listeners': {
    finds: 'too many listeners on the token',
    run: nowAndThen(({ traffic }) => void traffic.sharedToken.token.promise.then(() => {})),
  },
  'process-listeners': { finds: 'left behind by clients that are closed', run: once(() => void process.on('beforeExit', () => {})) },
  heap: { finds: 'the heap grows', run: () => void kept.push(Array.from({ length: 5_000 }, Math.random)) },
  'heap-of-a-million': { finds: 'the heap grows', run: asInAMillion(20) },
  buffers: { finds: 'buffers grow', run: () => void kept.push(Buffer.alloc(40_000)) },
  endpoints: {
    finds: 'too many endpoints',
    run: once(({ traffic: { client } }) => Object.assign(client.stats, { list: () => Array(300) })),
  },
  breakers: {
    finds: 'too many breakers',
    run: once(({ traffic: { client } }) => Object.assign(client.breakers, { list: () => Array(2_000).fill({ endpoint: 'sabotage' }) })),
  },
  beacons: { finds: 'beacons that are not accounted for', run: once(({ traffic }) => void traffic.beacons.made++) },
  stream: { finds: 'a stream that does not end', run: once(({ traffic }) => void traffic.reading++) },
  'own-agents': {
    finds: 'not tried: own agents',
    run: once(({ ledger: { seen } }) => seen.add('agents other', 100_000)),
    calls: FULL,
  },
  'breaker-that-stays-open': {
    finds: 'not tried: breaker that flaps half-open>closed',
    run: once(unseen('breaker that flaps half-open>closed')),
    calls: FULL,
  },
  'nothing-limited': { finds: 'not tried: ending limited', run: once(unseen('ending limited')), calls: FULL },
};

/** Never counts an occurrence. @param {string} what @returns {Run} */
function unseen(what) {
  return ({ ledger: { seen } }) => {
    const { add } = seen;
    seen.add = (one, count) => (one === what ? undefined : add.call(seen, one, count));
  };
}

/** @type {import('./punctual.mjs').Punctual | undefined} */
let early;

/** Pretends each had more time. @param {import('./punctual.mjs').Punctual} calls @returns {import('./punctual.mjs').Punctual['ended']} */
const hurried = (calls) => (what, promised, error) => calls.ended(what, { ...promised, within: promised.within + 60_000 }, error);
