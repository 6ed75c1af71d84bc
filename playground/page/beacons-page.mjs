// The Beacons view: the channel's numbers, and how long a GET to the same server takes meanwhile.

import { GETS, startBeacons } from '../beacons.mjs';
import { byId, ms } from './dom.mjs';
import { drawCard, drawChanges, live } from './live.mjs';
import { drawStrip } from './strip.mjs';

/** @import { Snapshot } from '../beacons.mjs' */

const FAILED = 100; // ms, the height of a GET that failed

/** @param {Snapshot} snapshot */
function show({ stats, made, gets, changes }) {
  const { queued, inFlight, sent, dropped } = stats;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  drawCard(
    'channel',
    lost > 0 ? 'watch' : 'well',
    'The channel',
    `${sent} sent, ${lost} dropped`,
    [
      ['made', String(made)],
      ['queued', String(queued)],
      ['in flight', String(inFlight)],
      ...Object.entries(dropped).map(([reason, count]) => /** @type {[string, string]} */ ([`dropped: ${reason}`, String(count)])),
    ],
    'client.beacons.stats()',
  );
  const latest = gets.at(-1);
  const text = gets.length === 0 ? 'No GET yet' : latest === undefined ? 'The last GET failed' : `The last GET took ${ms(latest)}`;
  byId('get-headline', HTMLElement).textContent = text;
  drawStrip(
    byId('strip', HTMLElement),
    gets.map((took) => [took === undefined ? ['failed', FAILED] : ['ok', took]]),
    { places: GETS, top: FAILED, unit: 'ms', label: `Milliseconds of the last GETs. ${text}.` },
  );
  drawChanges(changes);
}

await live({
  path: '/api/beacons',
  unit: 'a second',
  settingsIn: (data) => ({ rate: Number(data.get('rate')) }),
  start: startBeacons,
  show,
});
