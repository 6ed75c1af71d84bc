// What the kernel knows about this machine's TCP sockets (on Linux, from /proc/net/tcp; elsewhere nothing is known).

import { readFileSync } from 'node:fs';

// States from include/net/tcp_states.h. In CLOSE_WAIT the peer has closed, but the owner has not.
const STATES = { connected: ['01', '08'], connecting: ['02'] };

/**
 * The sockets in a state, as `localPort>remotePort`.
 * @param {keyof typeof STATES} state
 * @returns {Set<string> | undefined} undefined if the kernel does not tell.
 */
export function portsOf(state) {
  let table;
  try {
    table = readFileSync('/proc/net/tcp', 'latin1');
  } catch {
    return undefined;
  }
  const ports = new Set();
  for (const [, local = '', remote = '', st = ''] of table.matchAll(
    /: [0-9A-F]{8}:([0-9A-F]{4}) [0-9A-F]{8}:([0-9A-F]{4}) ([0-9A-F]{2}) /g,
  )) {
    if (STATES[state].includes(st)) ports.add(`${Number.parseInt(local, 16)}>${Number.parseInt(remote, 16)}`);
  }
  return ports;
}
