// Draws a run's bars on one time axis, so that the lanes can be compared by eye. Every bar shows its name and its milliseconds.

import { el, ms } from '../dom.mjs';
import { barsOf } from './bars.mjs';

/** @import { Bar } from './bars.mjs' */
/** @import { Run } from './run.mjs' */

const LANES = /** @type {const} */ ([
  ['breakwater', 'Breakwater'],
  ['axios', 'Stock axios'],
]);
const MOST_TICKS = 5;
const NARROW = 0.5; // of the axis; a note does not fit inside a bar narrower than this

/**
 * @param {HTMLElement} root
 * @param {Run} run
 * @param {number} now Milliseconds since the run began.
 * @param {number} atLeast The least that the axis spans, in milliseconds.
 */
export function drawWaterfall(root, run, now, atLeast) {
  const bars = barsOf(run, now);
  const end = Math.max(atLeast, ...bars.map(({ to }) => to)) * 1.04 || 1;
  const retried = bars.some(({ attempt }) => attempt !== undefined && attempt > 1);
  root.replaceChildren(
    ...LANES.map(([lane, title]) => {
      const rows = bars.filter((bar) => bar.lane === lane);
      const fired = rows.find(({ look }) => look === 'limit');
      return el(
        'section',
        { class: 'track-group', 'data-lane': lane },
        el('h3', {}, title),
        el('ol', { class: 'rows' }, ...rows.map((bar) => row(bar, end, retried))),
        fired && el('div', { class: 'fired', style: { '--at': String(fired.to / end) } }),
      );
    }),
    axis(end),
  );
}

/**
 * @param {Bar} bar
 * @param {number} end
 * @param {boolean} retried
 */
function row({ look, label, from, to, note, attempt }, end, retried) {
  const width = (to - from) / end;
  const where = width > NARROW ? 'inside' : (from + to) / 2 > end / 2 ? 'before' : 'after';
  return el(
    'li',
    { class: 'row', 'data-look': look },
    el('span', { class: 'name' }, label, retried && attempt ? el('small', {}, ` #${attempt}`) : undefined),
    el(
      'span',
      { class: 'track', style: { '--from': String(from / end), '--width': String(width) } },
      el('span', { class: 'bar' }),
      note && el('span', { class: `note ${where}` }, note),
    ),
    el('span', { class: 'time' }, ms(to - from)),
  );
}

/** @param {number} end */
function axis(end) {
  const step = stepFor(end);
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  return el(
    'div',
    { class: 'axis', 'aria-hidden': 'true' },
    ...ticks.map((tick) =>
      el('span', { style: { '--at': String(tick / end) } }, tick < 1000 ? `${+tick.toFixed(1)} ms` : `${tick / 1000} s`),
    ),
  );
}

/**
 * The smallest step of 1, 2, 5, 10, 20, … that makes few enough ticks.
 * @param {number} end
 */
function stepFor(end) {
  const magnitude = 10 ** Math.floor(Math.log10(end / MOST_TICKS));
  return ([1, 2, 5].find((factor) => end / (factor * magnitude) <= MOST_TICKS) ?? 10) * magnitude;
}
