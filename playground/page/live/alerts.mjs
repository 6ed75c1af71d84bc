// Alerts, each with its five records: what someone on call would be sent.

import { byId, el, percent, short, seconds as spoken } from '../dom.mjs';

/** @import { Alert, AttemptRecord } from 'breakwater' */
/** @import { Model } from './model.mjs' */

const EMPTY = 'None. One fires when an endpoint’s timeouts become frequent, or rise suddenly against its own last ten minutes.';

/** @returns {(model: Model) => void} */
export function createAlerts() {
  const root = byId('alerts', HTMLElement);
  let drawn = '';
  return ({ alerts }) => {
    const next = JSON.stringify(alerts.map(({ startedAt, status }) => [startedAt, status]));
    if (next === drawn) return;
    drawn = next;
    root.replaceChildren(...(alerts.length ? alerts.map(alertOf) : [el('p', { class: 'muted' }, EMPTY)]));
  };
}

/** @param {Alert} alert */
const alertOf = ({ endpoint, status, reason, rate, timeouts, calls, recent }) =>
  el(
    'article',
    { 'data-status': status },
    el('h3', {}, el('span', { class: 'pill' }, status), short(endpoint)),
    el('p', {}, `${reason === 'surge' ? 'A surge' : 'Frequent'}: ${timeouts} of ${calls} attempts timed out in 60 s, ${percent(rate)}.`),
    el(
      'table',
      {},
      el('caption', {}, 'The latest five timeouts'),
      el('thead', {}, el('tr', {}, ...['url', 'limit', 'phase', 'elapsed', 'trace'].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, ...recent.map(recordOf)),
    ),
  );

/** @param {AttemptRecord} record */
const recordOf = ({ url, limit, phase, elapsed, traceId }) =>
  el(
    'tr',
    {},
    ...[new URL(url).pathname, limit ?? '–', phase ?? '–', spoken(elapsed), traceId.slice(0, 8)].map((text) => el('td', {}, text)),
  );
