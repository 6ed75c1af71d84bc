// The dashboard: connects the form to the traffic, here or in the Node backend, and the traffic's messages to what is drawn of them.

import { optionsFor } from '../../client-options.mjs';
import { startTraffic } from '../../traffic.mjs';
import { byId, el, write } from '../dom.mjs';
import { post } from '../post.mjs';
import { inNode } from './backend.mjs';
import { asProgram } from './code.mjs';
import { createModel } from './model.mjs';
import { createScenarios } from './scenarios.mjs';
import { createStage } from './stage.mjs';
import { createView } from './view.mjs';

/** @import { Settings } from '../../client-options.mjs' */
/** @import { Message } from '../../traffic.mjs' */
/** @import { State } from '../../upstream.mjs' */

/** The globals from the script tags. */
const { Breakwater, axios } = /** @type {{ Breakwater?: typeof import('breakwater'), axios: import('axios').AxiosStatic }} */ (
  /** @type {unknown} */ (globalThis)
);

const form = byId('form', HTMLFormElement);
const runButton = byId('run', HTMLButtonElement);
const stopButton = byId('stop', HTMLButtonElement);
const urls = await (await fetch('/api/live')).json();
const view = createView();
const stage = createStage();
const scenarios = createScenarios(byId('scenarios', HTMLElement), { begin, set });

/** @type {{ change(settings: Settings): unknown, stop(): void } | undefined} */
let started;
let model = createModel();
let where = '';
let upstream = '';

/** @returns {Settings} */
function settings() {
  const data = new FormData(form);
  return {
    rate: Number(data.get('rate')),
    endpoints: data.getAll('endpoint').map(String),
    stockTimeout: Number(data.get('stockTimeout')),
    breaker: data.has('breaker'),
    retry: data.has('retry'),
    limit: data.has('limit'),
    fallback: data.has('fallback'),
    enabled: !data.has('killed'),
  };
}

/** Applies the form. The upstream's state outlives the page, so this runs at the start as well. */
async function obey() {
  const data = new FormData(form);
  const now = settings();
  const { fault, strikes, collector } = /** @type {State} */ (Object.fromEntries(data));
  const chosen = /** @type {HTMLInputElement} */ (form.querySelector('[name="fault"]:checked'));
  write(byId('rate', HTMLOutputElement), `${now.rate} calls a second`);
  write(byId('what', HTMLElement), chosen.dataset.what ?? '');
  byId('code', HTMLElement).replaceChildren(el('code', {}, asProgram(optionsFor(now), data.get('where') === 'browser')));
  started?.change(now);
  if (started && where !== data.get('where')) run();
  const next = JSON.stringify({ fault, strikes, collector });
  if (upstream === next) return;
  upstream = next;
  try {
    await post('/api/state', { fault, strikes, collector });
  } catch (error) {
    upstream = ''; // it was not switched: the same choice is sent again
    stop();
    throw error;
  }
  const broken = fault === 'healthy' && collector !== 'healthy' ? 'collector hung' : fault;
  model.upstreamIs(broken);
  stage.upstreamIs(broken, chosen.dataset.what ?? '');
}

function run() {
  halt();
  upstream = ''; // another page may have switched it
  where = String(new FormData(form).get('where'));
  const mine = createModel();
  model = mine;
  model.upstreamIs(stage.fault);
  const take = (/** @type {Message} */ message) => {
    mine.take(message);
    if (message.type === 'state' && mine === model) draw();
  };
  started =
    where === 'browser' && Breakwater
      ? startTraffic({ breakwater: Breakwater, axios }, urls, settings(), take)
      : inNode(settings(), take, stop);
  runButton.setAttribute('aria-disabled', 'true'); // not `disabled`, so that it keeps the focus
  stopButton.hidden = false;
}

function halt() {
  started?.stop();
  started = undefined;
}

function stop() {
  scenarios.end();
  halt();
  if (document.activeElement === stopButton) runButton.focus();
  runButton.setAttribute('aria-disabled', 'false');
  stopButton.hidden = true;
  stage.draw(undefined, false);
}

function draw() {
  view.draw(model, settings());
  stage.draw(scenarios.playing, started !== undefined);
}

/** Begins a scenario: sets the policies it is about and restarts the traffic. @param {Record<string, boolean>} policies */
function begin(policies) {
  for (const [name, on] of Object.entries(policies)) check(form.elements.namedItem(name), on);
  run();
  show();
}

/** @param {Record<string, string | boolean>} fields */
function set(fields) {
  for (const [name, value] of Object.entries(fields)) {
    const group = form.elements.namedItem(name);
    if (group instanceof RadioNodeList) group.value = String(value);
  }
  obey();
}

/** @param {Element | RadioNodeList | null} input @param {boolean} on */
function check(input, on) {
  if (input instanceof HTMLInputElement) input.checked = on;
}

/** Scrolls to the stage, which is below the form on a phone. */
function show() {
  const main = byId('stage', HTMLElement);
  if (main.getBoundingClientRect().top > innerHeight * 0.7) main.scrollIntoView({ block: 'start' });
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!started) {
    run();
    obey();
  }
  show();
});
form.addEventListener('input', ({ target }) => {
  // Switching the upstream by hand ends the scenario.
  if (target instanceof HTMLInputElement && ['fault', 'strikes', 'collector'].includes(target.name)) scenarios.end();
  // Traffic needs a target, so the last endpoint stays checked.
  if (target instanceof HTMLInputElement && target.name === 'endpoint' && settings().endpoints.length === 0) target.checked = true;
  obey();
});
stopButton.addEventListener('click', stop);
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && started) stop();
});

if (!Breakwater) {
  byId('refused', HTMLElement).hidden = false;
  const browser = form.querySelector('input[value="browser"]');
  if (browser instanceof HTMLInputElement) browser.disabled = true;
  check(form.querySelector('input[value="node"]'), true);
}
// On narrow screens the switches are collapsed: the scenarios are enough to begin with.
if (matchMedia('(max-width: 900px)').matches) for (const details of form.querySelectorAll('details')) details.open = false;
await obey();
draw();
document.body.dataset.ready = 'true'; // for tests
