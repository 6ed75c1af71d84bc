// What the kernel knows of the TCP sockets of this machine (Linux: /proc/net/tcp; elsewhere nothing is known).

import { readFileSync } from 'node:fs';

// The states of include/net/tcp_states.h. In CLOSE_WAIT the other side has ended, but the owner has not.
const STATES = { connected: ['01', '08'], connecting: ['02'] };

/**
 * The sockets in a state, as `localPort>remotePort`.
 * @param {keyof typeof STATES} state
 * @returns {Set<string> | undefined} undefined where the kernel does not tell.
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
