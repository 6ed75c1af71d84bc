// Draws a model, several times a second. Each part knows the model and its own corner of the page, and nothing of the others.

import { byId, el } from '../dom.mjs';
import { createAlerts } from './alerts.mjs';
import { createCallRows } from './calls.mjs';
import { createCards } from './cards.mjs';
import { createCharts } from './charts.mjs';
import { createEventList } from './events.mjs';
import { createLane, ENDINGS } from './lane.mjs';

/** @import { Settings } from '../../client-options.mjs' */
/** @import { Model } from './model.mjs' */

const { axios } = /** @type {{ axios: import('axios').AxiosStatic }} */ (/** @type {unknown} */ (globalThis));

/** @returns {{ draw(model: Model, settings: Settings): void }} */
export function createView() {
  byId('legend', HTMLElement).replaceChildren(...ENDINGS.map(([name, title]) => el('li', { 'data-ending': name }, title)));
  const parts = [
    createLane('breakwater', 'Breakwater'),
    createLane('axios', `Stock axios ${axios.VERSION}`),
    createCharts(),
    createCards(),
    createCallRows(),
    createAlerts(),
    createEventList(),
  ];
  return {
    draw(model, settings) {
      for (const draw of parts) draw(model, settings);
    },
  };
}
