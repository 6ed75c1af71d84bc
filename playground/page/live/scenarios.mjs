// Outages to play with one click: what the upstream does, and when. A scenario sets the form, so that the form shows all that happens.

import { el } from '../dom.mjs';

/**
 * @typedef {object} Step
 * @property {number} at Seconds since the scenario began.
 * @property {Record<string, string | boolean>} form Fields and their new values.
 */

/** @typedef {{ title: string, length: number, policies?: Record<string, boolean>, steps: Step[] }} Scenario `length` in seconds. */

/** What every scenario begins with, whatever was set before. */
const BEGIN = { fault: 'healthy', strikes: 'orders', collector: 'healthy' };
const POLICIES = { breaker: true, retry: true, limit: false, fallback: false, killed: false };

const LEAD = 4; // s of health first, so that the difference shows
const TAIL = 12; // s to recover

/**
 * @param {string} title
 * @param {number} duration Seconds.
 * @param {Record<string, string>} form What is broken during it.
 * @param {Record<string, boolean>} [policies]
 * @returns {Scenario}
 */
const outage = (title, duration, form, policies) => ({
  title,
  length: LEAD + duration + TAIL,
  ...(policies ? { policies } : {}),
  steps: [
    { at: 0, form: BEGIN },
    { at: LEAD, form },
    { at: LEAD + duration, form: BEGIN },
  ],
});

/** @type {Scenario[]} */
const SCENARIOS = [
  outage('The upstream dies for 20 s', 20, { fault: 'hanging' }),
  outage('It dies, with a fallback', 20, { fault: 'hanging' }, { fallback: true }),
  outage('It drips its answers for 15 s', 15, { fault: 'dripping' }),
  outage('The network goes dark for 10 s', 10, { fault: 'black-holed', strikes: 'all' }),
  outage('It wants a pause: 429 for 10 s', 10, { fault: 'throttling' }),
  outage('The collector hangs for 15 s', 15, { collector: 'hanging' }),
];

/**
 * @param {HTMLElement} root Where the buttons go.
 * @param {{ begin: (policies: Record<string, boolean>) => void, set: (form: Step['form']) => void }} actions
 */
export function createScenarios(root, { begin, set }) {
  /** @type {{ scenario: Scenario, startedAt: number, timers: ReturnType<typeof setTimeout>[] } | undefined} */
  let playing;
  const buttons = SCENARIOS.map((scenario) => {
    const button = el('button', { type: 'button', 'aria-pressed': 'false' }, scenario.title);
    button.addEventListener('click', () => play(scenario));
    return button;
  });
  root.replaceChildren(...buttons);

  /** @param {Scenario} scenario */
  function play(scenario) {
    end();
    begin({ ...POLICIES, ...scenario.policies });
    const timers = scenario.steps.map(({ at, form }) => setTimeout(set, at * 1_000, form));
    playing = { scenario, startedAt: performance.now(), timers: [...timers, setTimeout(end, scenario.length * 1_000)] };
    mark();
  }

  function end() {
    for (const timer of playing?.timers ?? []) clearTimeout(timer);
    playing = undefined;
    mark();
  }

  function mark() {
    for (const [index, button] of buttons.entries()) button.setAttribute('aria-pressed', String(SCENARIOS[index] === playing?.scenario));
  }

  return {
    end,
    /** The scenario being played, and how many of its seconds have passed. */
    get playing() {
      return playing && { ...playing.scenario, elapsed: (performance.now() - playing.startedAt) / 1_000 };
    },
  };
}
