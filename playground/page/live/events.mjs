// Draws the event stream.

import { byId, el, short } from '../dom.mjs';

/** @import { Model } from './model.mjs' */

/** @returns {(model: Model) => void} */
export function createEventList() {
  const root = byId('events', HTMLElement);
  let drawn = '';
  return ({ events }) => {
    const next = `${events[0]?.at} ${events.length}`;
    if (next === drawn) return;
    drawn = next;
    root.replaceChildren(
      ...events.map(({ at, type, endpoint, text, times }) =>
        el(
          'li',
          { 'data-type': type },
          el('time', {}, `${(at / 1_000).toFixed(1)}\u00a0s`),
          el('b', {}, type),
          el('span', {}, el('code', {}, short(endpoint)), ' ', text, times > 1 && el('small', {}, ` ×${times}`)),
        ),
      ),
    );
  };
}
