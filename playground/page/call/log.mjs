// What happened: the runs so far, each of which can be shown again, and the events of the current one.

import { el, ms } from '../dom.mjs';
import { gist } from '../gist.mjs';
import { headline } from './lane-card.mjs';

/** @import { Run } from './run.mjs' */

/**
 * @param {HTMLElement} root
 * @param {Run} run
 */
export function drawEvents(root, { began, events }) {
  const drawn = `${began} ${events.length}`;
  if (root.dataset.drawn === drawn) return; // keeps open what the user has unfolded
  root.dataset.drawn = drawn;
  root.replaceChildren(
    ...events.map((event, index) =>
      el(
        'li',
        { 'data-type': event.type },
        el(
          'details',
          { open: index === 0 },
          el('summary', {}, el('b', {}, event.type), el('span', {}, gist(event)), el('time', {}, `+${ms(event.at)}`)),
          el('pre', {}, el('code', {}, JSON.stringify(event.record, rounded, 2))),
        ),
      ),
    ),
  );
}

/**
 * Rounds to hundredths: finer digits say nothing.
 * @param {string} _name
 * @param {unknown} value
 */
const rounded = (_name, value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value);

/** @type {WeakMap<Element, Run>} */
const runOf = new WeakMap();

/**
 * @param {HTMLElement} root
 * @param {Run[]} runs Latest first.
 * @param {Run | undefined} shown
 * @param {(run: Run) => void} show
 */
export function drawHistory(root, runs, shown, show) {
  const focused = document.activeElement && runOf.get(document.activeElement);
  root.replaceChildren(
    ...runs.map((run) => {
      const button = el(
        'button',
        { type: 'button', 'aria-pressed': String(run === shown) },
        el('b', {}, run.fault.title, el('small', {}, run.where === 'node' ? 'Node' : 'browser')),
        el('span', {}, el('i', {}, 'Breakwater'), headline(run.outcomes.breakwater)),
        el('span', {}, el('i', {}, 'axios'), headline(run.outcomes.axios)),
      );
      button.addEventListener('click', () => show(run));
      runOf.set(button, run);
      return el('li', {}, button);
    }),
  );
  for (const button of root.querySelectorAll('button')) if (runOf.get(button) === focused) button.focus();
}
