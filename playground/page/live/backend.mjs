// The same traffic, but run by the Node backend, whose messages arrive as lines of JSON.

import { linesOf, post } from '../post.mjs';

/** @import { Settings } from '../../client-options.mjs' */
/** @import { Message } from '../../traffic.mjs' */

/**
 * @param {Settings} first
 * @param {(message: Message) => void} take
 * @param {() => void} lost Called when the backend is gone.
 */
export function inNode(first, take, lost) {
  const id = crypto.randomUUID();
  const ended = new AbortController();
  const { signal } = ended;
  const read = async () => {
    const response = await post('/api/traffic', { id, settings: first }, signal);
    for await (const line of linesOf(response)) take(/** @type {Message} */ (line));
  };
  read().catch((error) => {
    if (signal.aborted) return;
    lost();
    throw error;
  });
  return {
    /** @param {Settings} settings */
    change: (settings) => post('/api/change', { id, settings }),
    stop: () => ended.abort(),
  };
}
