// A lane's card: the code that ran, its outcome in a sentence, and the facts of its error or response.

import { el, ms, size } from '../dom.mjs';
import { codeFor } from './options.mjs';
import { stockVersion } from './run.mjs';

/** @import { Chosen, Lane, Outcome } from '../../lanes.mjs' */
/** @import { Run } from './run.mjs' */

const TITLES = { breakwater: 'Breakwater', axios: `Stock axios ${stockVersion}` };

const ADAPTERS = {
  breakwater: { node: 'sees the sockets of Node', browser: 'over fetch' },
  axios: { node: 'its http adapter', browser: 'its XHR adapter' },
};

/**
 * @param {HTMLElement} root
 * @param {Lane} lane
 * @param {{ where: Run['where'], chosen: Chosen, run: Run | undefined }} shown `run` once there is one.
 */
export function drawLane(root, lane, { where, chosen, run }) {
  const outcome = run?.outcomes[lane];
  root.dataset.state = run ? stateOf(outcome) : 'idle';
  const children = [
    el('h3', {}, TITLES[lane], el('small', {}, ADAPTERS[lane][where])),
    el('pre', { class: 'code' }, el('code', {}, codeFor(lane, chosen))),
    el('p', { class: 'headline' }, run ? headline(outcome) : 'Not run yet'),
    outcome && facts(lane, outcome),
    outcome?.error && el('p', { class: 'message' }, outcome.error.message),
  ];
  root.replaceChildren(...children.filter((child) => child !== undefined));
}

/** @param {Outcome | undefined} outcome */
function stateOf(outcome) {
  if (!outcome) return 'running';
  if (outcome.stopped) return 'stopped';
  if (!outcome.error) return 'success';
  return outcome.error.limit ? 'timeout' : 'error';
}

/**
 * The outcome in a sentence.
 * @param {Outcome | undefined} outcome
 */
export function headline(outcome) {
  if (!outcome) return 'Waiting…';
  const { elapsed, stopped, error, status } = outcome;
  if (stopped === 'patience') return `Still waiting after ${ms(elapsed)}`;
  if (stopped) return `Stopped by you after ${ms(elapsed)}`;
  if (!error) return `${status} after ${ms(elapsed)}`;
  if (error.limit) return `${error.limit} limit ran out after ${ms(elapsed)}`;
  return `${error.code ?? error.name} after ${ms(elapsed)}`;
}

/**
 * @param {Lane} lane
 * @param {Outcome} outcome
 */
function facts(lane, { elapsed, status, bytes, error, stopped }) {
  const untold = '–';
  /** @type {[string, string][]} */
  const list = error
    ? [
        ['code', error.code ?? untold],
        ['limit', error.limit ?? untold],
        ['phase', error.phase ?? untold],
        ['kind', error.kind ?? untold],
        ['limitMs', error.limitMs === undefined ? untold : ms(error.limitMs)],
        ['elapsed', ms(error.elapsed ?? elapsed)],
        ...(error.safeToRetry === undefined ? [] : [/** @type {[string, string]} */ (['safeToRetry', String(error.safeToRetry)])]),
        ...(error.lag ? [/** @type {[string, string]} */ (['lag', ms(error.lag)])] : []),
        ...(status ? [/** @type {[string, string]} */ (['status', String(status)])] : []),
      ]
    : stopped
      ? [['outcome', stopped === 'patience' ? 'none: the playground stopped watching, and aborted it' : 'none: aborted']]
      : [
          ['status', String(status)],
          ['body', size(bytes ?? 0)],
          ['elapsed', ms(elapsed)],
        ];
  return el(
    'dl',
    { class: 'facts', 'data-lane': lane },
    ...list.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}
