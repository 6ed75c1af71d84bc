// From the form's fields to Breakwater's options, and from the options to the line of code that says the same.

/** @import { Chosen, Lane } from '../../lanes.mjs' */

import { stockTimeout } from '../../lanes.mjs';

/** Limits that are off unless they are set. */
const OPTIONAL = ['total', 'queue', 'lookup', 'tcp', 'proxy', 'tls', 'send', 'response', 'body'];

/**
 * @param {HTMLFormElement} form
 * @returns {Chosen}
 */
export function chosenIn(form) {
  const data = new FormData(form);
  const limit = (/** @type {string} */ name) => Number(data.get(name)) || /** @type {const} */ (false);
  const connect = limit('connect');
  const read = limit('read');
  const others = OPTIONAL.filter(limit).map((name) => [name, limit(name)]);
  return {
    timeout: others.length > 0 ? { connect, read, ...Object.fromEntries(others) } : [connect, read],
    deadline: limit('deadline'),
  };
}

/**
 * @param {Lane} lane
 * @param {Chosen} chosen
 */
export function codeFor(lane, chosen) {
  if (lane === 'axios') return `axios.create({ timeout: ${stockTimeout(chosen)} })`;
  const { timeout, deadline } = chosen;
  const limits = Array.isArray(timeout)
    ? `[${timeout.join(', ')}]`
    : `{ ${Object.entries(/** @type {object} */ (timeout))
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ')} }`;
  return `createClient({ timeout: ${limits}, deadline: ${deadline}, retry: false, breaker: false })`;
}
