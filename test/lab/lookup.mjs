// DNS lookups to pass to a caller (`lookup` in axios and node:net): one that hangs, one that fails, one that answers.

import { isIPv6 } from 'node:net';

/** @import { Lookup } from './types.mjs' */

/**
 * Never calls back.
 * @type {Lookup}
 */
export const hangingLookup = () => {};

/**
 * Fails as for a host that does not exist.
 * @type {Lookup}
 */
export const failingLookup = (hostname, _options, callback) => {
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname });
  setImmediate(() => callback(error, ''));
};

/**
 * Resolves every name to the given addresses, in that order.
 * @param {...string} addresses
 * @returns {Lookup}
 */
export function lookupTo(...addresses) {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const [first] = all;
  if (!first) throw new TypeError('lookupTo: give at least one address');
  return (_hostname, options, callback) => {
    setImmediate(() => (options.all ? callback(null, all) : callback(null, first.address, first.family)));
  };
}
