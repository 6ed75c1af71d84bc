// What each check of the soak is there to find, done on purpose: `--break name` must end with exit code 1. Each is run before every call.

import { EventEmitter } from 'node:events';
import { connect } from 'node:net';

/** @typedef {{ traffic: import('./traffic.mjs').Traffic, ledger: import('./ledger.mjs').Ledger, lab: import('./lab.mjs').Lab }} Soak */

/** @type {unknown[]} */
const kept = [];

/** Once. @param {(soak: Soak) => void} run @returns {(soak: Soak) => void} */
function once(run) {
  let done = false;
  return (soak) => {
    if (!done) run(soak);
    done = true;
  };
}

/** Once in ten calls. @param {(soak: Soak) => void} run @returns {(soak: Soak) => void} */
function nowAndThen(run) {
  let calls = 0;
  return (soak) => {
    if (++calls % 10 === 0) run(soak);
  };
}

const expected = { scenario: 'sabotage', endings: /** @type {const} */ (['ok']), within: 100, isTold: false };

/** @type {Record<string, (soak: Soak) => void>} */
export const SABOTAGE = {
  'settled-never': once(({ ledger }) => ledger.begin('sabotage', expected)),
  'settled-twice': once(({ ledger }) => {
    ledger.begin('sabotage', { ...expected, isTold: true });
    ledger.end('sabotage', 'ok');
    ledger.end('sabotage', 'ok');
  }),
  'settled-late': once(({ ledger }) => {
    ledger.begin('sabotage', expected);
    setTimeout(() => ledger.end('sabotage', 'ok'), 3_000);
  }),
  'wrong-ending': once(({ ledger }) => {
    ledger.begin('sabotage', expected);
    ledger.end('sabotage', 'network', new Error('sabotage'));
  }),
  'told-twice': once(({ ledger, traffic }) => void traffic.client.on('call', (record) => ledger.told(record))),
  'told-never': once(({ ledger }) => {
    ledger.begin('sabotage', { ...expected, isTold: true });
    ledger.end('sabotage', 'ok');
  }),
  'attempt-untold': once(({ ledger }) => void ledger.attemptsMade++),
  'answer-of-another': once(
    ({ traffic }) => void traffic.client.interceptors.response.use((response) => ({ ...response, data: { headers: {} } })),
  ),
  rejection: once(() => void Promise.reject(new Error('sabotage'))),
  exception: once(() => void setImmediate(() => JSON.parse('sabotage'))),
  warning: once(() => {
    const emitter = new EventEmitter();
    for (let i = 0; i < 11; i++) emitter.on('sabotage', () => {});
  }),
  'own-error': once(() => console.warn('breakwater: sabotage')),
  timers: nowAndThen(() => void globalThis.setTimeout(() => {}, 3_600_000).unref()),
  sockets: nowAndThen(({ lab }) => void kept.push(connect(lab.at.healthy?.port ?? 0, '127.0.0.1').unref())),
  'sockets-of-one-side': once(({ lab }) => {
    const { open } = lab;
    lab.open = async () => ({ ...(await open()), healthy: 1_000 });
  }),
  'socket-listeners': once(({ lab }) => {
    const socket = connect(lab.at.healthy?.port ?? 0, '127.0.0.1').setMaxListeners(100);
    for (let i = 0; i < 30; i++) socket.on('timeout', () => {});
  }),
  'signal-listeners': nowAndThen(({ traffic }) => traffic.shared.signal.addEventListener('abort', () => {})),
  'token-listeners': nowAndThen(({ traffic }) => void traffic.sharedToken.token.promise.then(() => {})),
  'process-listeners': once(() => void process.on('beforeExit', () => {})),
  heap: (
    () => () =>
      void kept.push(Array.from({ length: 5_000 }, Math.random))
  )(),
  endpoints: once(({ traffic: { client } }) => Object.assign(client.stats, { list: () => Array(300) })),
  breakers: once(({ traffic: { client } }) => Object.assign(client.breakers, { list: () => Array(2_000).fill({ endpoint: 'sabotage' }) })),
  beacons: once(({ traffic }) => void traffic.beacons.made++),
  stream: once(({ traffic }) => void traffic.reading++),
};
