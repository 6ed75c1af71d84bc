// The list of faults: one radio button each, in collapsible groups. Those that a browser cannot reach say why.

import { el } from '../dom.mjs';

/** @import { Entry } from '../../catalogue.mjs' */

/**
 * @param {HTMLElement} root
 * @param {Entry[]} faults
 * @param {string} first The name of the fault selected initially.
 */
export function createFaultList(root, faults, first) {
  const groups = [...new Set(faults.map(({ group }) => group))];
  /** @type {Map<Entry, { input: HTMLInputElement, why: HTMLElement }>} */
  const rows = new Map();

  root.replaceChildren(
    ...groups.map((group) => {
      const members = faults.filter((fault) => fault.group === group);
      return el(
        'details',
        { name: 'faults', open: members.some(({ name }) => name === first) },
        el('summary', {}, group, el('small', {}, String(members.length))),
        ...members.map((fault) => row(fault)),
      );
    }),
  );

  /** @param {Entry} fault */
  function row(fault) {
    const { name, title, what } = fault;
    const input = /** @type {HTMLInputElement} */ (
      el('input', { type: 'radio', name: 'fault', value: name, checked: name === first, 'aria-describedby': `what-${name}` })
    );
    const why = el('em', {});
    rows.set(fault, { input, why });
    return el(
      'label',
      { class: 'fault' },
      input,
      el('span', {}, el('b', {}, title), el('span', { class: 'what', id: `what-${name}` }, what), why),
    );
  }

  const chosen = () => {
    for (const [fault, { input }] of rows) if (input.checked) return fault;
    throw new Error('no fault is chosen');
  };

  return {
    /** @returns {Entry} */
    get chosen() {
      return chosen();
    },
    /** @param {boolean} inBrowser */
    allow(inBrowser) {
      for (const [fault, { input, why }] of rows) {
        input.disabled = inBrowser && !fault.browser;
        why.textContent = input.disabled ? `Not from here: ${fault.why}.` : '';
      }
      if (!rows.get(chosen())?.input.disabled) return;
      const group = chosen().group;
      const reachable = [...rows].filter(([fault]) => fault.browser);
      const [, other] = reachable.find(([fault]) => fault.group === group) ?? reachable.find(([{ name }]) => name === first) ?? [];
      if (!other) return;
      other.input.checked = true;
      const details = other.input.closest('details');
      if (details) details.open = true;
    },
  };
}
