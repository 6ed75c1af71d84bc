// A lane: how its callers fare, in three figures and a sentence, and the outcomes of their calls, second by second.

import { MOST_WAITING } from '../../traffic.mjs';
import { byId, el, percent, seconds as spoken, write } from '../dom.mjs';
import { SECONDS, tally } from './model.mjs';
import { drawStrip } from './strip.mjs';

/** @import { Settings } from '../../client-options.mjs' */
/** @import { Lane } from '../../lanes.mjs' */
/** @import { Ending } from '../../traffic.mjs' */
/** @import { LaneSecond, Model, Second } from './model.mjs' */

/** Stacked from the axis upwards. @type {[Ending | 'waiting', string][]} */
export const ENDINGS = [
  ['ok', 'answered'],
  ['fallback', 'by the fallback'],
  ['cut', 'refused by the breaker'],
  ['limited', 'refused by the limit'],
  ['timeout', 'timed out'],
  ['failed', 'failed'],
  ['waiting', 'no answer yet'],
];

const LONG = 2_000; // ms a person is willing to wait
const LAST = 10; // s

/**
 * @param {Lane} lane
 * @param {string} title
 * @returns {(model: Model, settings: Settings) => void}
 */
export function createLane(lane, title) {
  const root = byId(`lane-${lane}`, HTMLElement);
  const figures = {
    waiting: el('dd', { id: `waiting-${lane}` }, '–'),
    longest: el('dd', {}, '–'),
    answered: el('dd', {}, '–'),
  };
  const sentence = el('p', { class: 'sentence' }, 'No calls yet.');
  const strip = el('div', { class: 'strip' });
  root.replaceChildren(
    el('h2', {}, title, el('small', {}, lane === 'axios' ? 'axios.create()' : 'createClient({ … })')),
    el(
      'dl',
      { class: 'figures' },
      el('div', {}, el('dt', {}, 'waiting now'), figures.waiting),
      el('div', {}, el('dt', {}, 'longest wait'), figures.longest),
      el('div', {}, el('dt', {}, `answered, ${LAST}\u00a0s`), figures.answered),
    ),
    sentence,
    strip,
  );

  return (model, settings) => {
    const { state, seconds } = model;
    if (!state) return;
    const { waiting } = state.lanes[lane];
    const longest = Math.max(...seconds.slice(-3).map(({ lanes }) => lanes[lane].wait));
    const { made, answered } = tally(seconds, lane, LAST);
    root.dataset.well = String(longest < LONG);
    write(figures.waiting, String(waiting));
    write(figures.longest, spoken(longest));
    write(figures.answered, made > 0 ? percent(Math.min(1, answered / made)) : '–');
    write(sentence, lane === 'axios' ? sentenceOfAxios(model, settings, longest) : sentenceOfBreakwater(model, settings));
    drawStrip(
      strip,
      seconds.map((second) => ({
        parts: ENDINGS.map(([name]) => [name, countOf(second.lanes[lane], name)]),
        isMarked: second.fault !== 'healthy',
      })),
      { places: SECONDS, top: settings.rate * 1.1, label: `What the calls of each of the last ${SECONDS} seconds came to.` },
    );
  };
}

/**
 * @param {LaneSecond} second
 * @param {Ending | 'waiting'} name
 */
function countOf({ made, ends }, name) {
  if (name !== 'waiting') return ends[name] ?? 0;
  return made - Object.values(ends).reduce((sum, count) => sum + count, 0);
}

/**
 * @param {Model} model
 * @param {Settings} settings
 */
function sentenceOfBreakwater({ state, seconds }, { enabled }) {
  const breakers = state?.breakers ?? [];
  const ends = lately(seconds, 'breakwater');
  const open = breakers.filter(({ state }) => state !== 'closed').length;
  const late = seconds.slice(-2).flatMap(({ endpoints }) => Object.keys(endpoints).filter((name) => endpoints[name]?.timeouts));
  if (!enabled) return 'Switched off: only axios’ own timeout is left.';
  if (open && ends.has('fallback')) return 'Cut off: the last good answer is served at once.';
  if (open && ends.has('cut')) {
    const others = breakers.filter(({ state }) => state === 'closed');
    const isAlone = others.length > 0 && !others.some(({ endpoint }) => late.includes(endpoint));
    return `Cut off: callers are told at once${isAlone ? ', and nobody else notices' : ''}.`;
  }
  if (ends.has('cut') && breakers.some(({ retryAfter }) => retryAfter > 0)) return 'The pause that the upstream asked for is kept.';
  if (late.length) return 'Calls that hang end at their limit.';
  if (ends.has('failed')) return 'Retried where that is safe; callers see what still fails.';
  return 'All is well.';
}

/**
 * @param {Model} model
 * @param {Settings} settings
 * @param {number} longest
 */
function sentenceOfAxios({ state, seconds }, { stockTimeout }, longest) {
  const waiting = state?.lanes.axios.waiting ?? 0;
  if (waiting >= MOST_WAITING) return `${waiting} callers hang. The playground adds no more.`;
  if (longest > LONG && stockTimeout === 0) return `${waiting} callers hang, and nothing ends them.`;
  if (longest >= stockTimeout && stockTimeout > 0) return 'Each caller waits out the whole timeout, call after call.';
  if (lately(seconds, 'axios').has('failed')) return 'Every failure is the caller’s.';
  return 'All is well.';
}

/**
 * The outcomes of calls that began lately.
 * @param {Second[]} seconds
 * @param {Lane} lane
 */
const lately = (seconds, lane) => new Set(seconds.slice(-2).flatMap(({ lanes }) => Object.keys(lanes[lane].ends)));
