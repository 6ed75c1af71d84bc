// The Traffic view: the breaker with its countdown, retries, limits, and the outcomes of each second.

import { SECONDS, startTraffic } from '../traffic.mjs';
import { byId, el, ms } from './dom.mjs';
import { countsOf, drawCard, drawChanges, live } from './live.mjs';
import { drawStrip } from './strip.mjs';

/** @import { Ending, Settings, Snapshot } from '../traffic.mjs' */

/** From the axis upwards. @type {[Ending, string][]} */
const ENDINGS = [
  ['ok', 'answered'],
  ['fallback', 'by the fallback'],
  ['cut', 'refused by the breaker'],
  ['limited', 'refused by the limit'],
  ['timeout', 'timed out'],
  ['failed', 'failed otherwise'],
];

const percent = (/** @type {number} */ share) => `${Math.round(share * 100)}\u00a0%`;

/**
 * @param {Snapshot} snapshot
 * @param {Settings} settings
 */
function show({ breaker, retries, limits, totals, seconds, wait, changes }, settings) {
  const latest = seconds.at(-2) ?? {};
  drawStrip(
    byId('strip', HTMLElement),
    seconds.map((second) => ENDINGS.map(([name]) => [name, second[name] ?? 0])),
    {
      places: SECONDS,
      top: settings.rate,
      unit: 'calls',
      label: `Calls that ended, each second. The last whole second: ${countsOf(latest)}.`,
    },
  );
  byId('legend', HTMLElement).replaceChildren(
    ...ENDINGS.map(([name, title]) => el('li', { 'data-ending': name }, title, el('b', {}, String(totals[name] ?? 0)))),
  );

  const { state = 'closed', retryAfter = 0, failureRate = 0, slowRate = 0, calls = 0 } = breaker ?? {};
  const left = `${(retryAfter / 1_000).toFixed(1)}\u00a0s`;
  // A closed breaker that refuses keeps to the upstream's Retry-After.
  const paused = state === 'closed' && retryAfter > 0;
  drawCard(
    'breaker',
    paused ? 'half-open' : state,
    'Breaker',
    paused ? `closed, Retry-After: ${left}` : state === 'open' ? `open, ${left} left` : state,
    [
      ['failures', percent(failureRate)],
      ['slow', percent(slowRate)],
      ['calls seen', String(calls)],
      ['endpoint', '/orders/:id'],
    ],
    settings.breaker ? '' : 'only watches',
  );
  drawCard(
    'retries',
    Object.keys(retries.stopped).length > 0 ? 'watch' : 'well',
    'Retries',
    `${retries.made} made`,
    [
      ['pausing now', String(retries.pending)],
      ...Object.entries(retries.stopped).map(([reason, count]) => /** @type {[string, string]} */ ([`not: ${reason}`, String(count)])),
    ],
    settings.retry ? '' : 'off',
  );
  drawCard(
    'limits',
    limits.refused > 0 ? 'watch' : 'well',
    'Calls under way',
    `${limits.inUse} in use`,
    [
      ['waiting', String(limits.waiting)],
      ['refused', String(limits.refused)],
      ['callers wait', wait === undefined ? '–' : ms(wait)],
    ],
    settings.limit ? 'limit 4' : 'no limit',
  );
  drawChanges(changes);
}

await live({
  path: '/api/traffic',
  unit: 'a second',
  settingsIn: (data) => ({
    rate: Number(data.get('rate')),
    breaker: data.has('breaker'),
    retry: data.has('retry'),
    limit: data.has('limit'),
    fallback: data.has('fallback'),
  }),
  start: startTraffic,
  show,
});
