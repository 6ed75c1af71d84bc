// Turns the form's fields into Breakwater's options, and the options into the line of code that sets them.

/** @import { Chosen, Lane } from '../../lanes.mjs' */

import { stockTimeout } from '../../lanes.mjs';

/** The limits that are off unless set. */
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
