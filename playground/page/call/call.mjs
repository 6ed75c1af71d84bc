// The page: connects the form to runs, and runs to what is drawn of them.

import { stockTimeout } from '../../lanes.mjs';
import { byId } from '../dom.mjs';
import { createFaultList } from './fault-list.mjs';
import { drawLane, headline } from './lane-card.mjs';
import { drawEvents, drawHistory } from './log.mjs';
import { chosenIn } from './options.mjs';
import { perform, scriptTagLoaded } from './run.mjs';
import { drawWaterfall } from './waterfall.mjs';

/** @import { Run } from './run.mjs' */

const FIRST = 'stall';
const KEPT = 8; // runs

const form = byId('form', HTMLFormElement);
const runButton = byId('run', HTMLButtonElement);
const stopButton = byId('stop', HTMLButtonElement);
const waterfall = byId('waterfall', HTMLElement);
const history = byId('history', HTMLElement);

const list = createFaultList(byId('faults', HTMLElement), await (await fetch('/api/faults')).json(), FIRST);
/** @type {Run[]} */
let runs = [];
/** @type {Run | undefined} */
let shown;
/** @type {AbortController | undefined} */
let running;
let frame = 0;

const where = () => /** @type {Run['where']} */ (new FormData(form).get('where'));

/** Draws everything but the waterfall, which is animated. */
function draw() {
  const { where: place, chosen } = shown ?? { where: where(), chosen: chosenIn(form) };
  for (const lane of /** @type {const} */ (['breakwater', 'axios'])) {
    drawLane(byId(`lane-${lane}`, HTMLElement), lane, { where: place, chosen, run: shown });
  }
  drawHistory(history, runs, shown, show);
  runButton.setAttribute('aria-disabled', String(running !== undefined)); // not `disabled`, so that it keeps the focus
  stopButton.hidden = running === undefined;
  if (!shown) return;
  byId('run-title', HTMLElement).textContent = shown.fault.title;
  byId('run-what', HTMLElement).textContent = shown.fault.what;
  drawEvents(byId('events', HTMLElement), shown);
}

/** Draws the waterfall once per frame during a run, and once more at its end. */
function animate() {
  cancelAnimationFrame(frame);
  if (!shown) return;
  const now = performance.now() - shown.began;
  drawWaterfall(waterfall, shown, now, shown.over ? 0 : stockTimeout(shown.chosen));
  if (!shown.over) frame = requestAnimationFrame(animate);
}

/** @param {Run} run */
function show(run) {
  shown = run;
  draw();
  animate();
}

async function start() {
  if (running) return;
  running = new AbortController();
  /** @type {Run} */
  const run = {
    fault: list.chosen,
    where: where(),
    chosen: chosenIn(form),
    began: performance.now(),
    over: false,
    outcomes: {},
    events: [],
  };
  runs = [run, ...runs].slice(0, KEPT);
  show(run);
  // On a phone the results are below the form.
  const title = byId('run-title', HTMLElement);
  if (title.getBoundingClientRect().top > innerHeight * 0.8) title.scrollIntoView();
  try {
    await perform(run, { signal: running.signal, onChange: draw });
  } finally {
    if (document.activeElement === stopButton) runButton.focus();
    running = undefined;
    draw();
  }
  const { breakwater, axios } = run.outcomes;
  byId('status', HTMLElement).textContent = `${run.fault.title}. Breakwater: ${headline(breakwater)}. Stock axios: ${headline(axios)}.`;
}

/** Disables what a browser cannot do while the browser is chosen to run it. */
function onForm() {
  const inBrowser = where() === 'browser';
  list.allow(inBrowser);
  byId('browser-hint', HTMLElement).hidden = !inBrowser;
  for (const field of form.querySelectorAll('input[data-node]')) {
    if (field instanceof HTMLInputElement) field.disabled = inBrowser;
  }
  if (!shown) draw();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
form.addEventListener('input', onForm);
// The browser explains an invalid value only where it is seen. The event does not bubble.
form.addEventListener(
  'invalid',
  ({ target }) => {
    const folded = target instanceof Element && target.closest('details');
    if (folded) folded.open = true;
  },
  true,
);
stopButton.addEventListener('click', () => running?.abort());
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') running?.abort();
});

if (!scriptTagLoaded) {
  byId('refused', HTMLElement).hidden = false;
  const browser = form.querySelector('input[value="browser"]');
  if (browser instanceof HTMLInputElement) browser.disabled = true;
}
onForm();
document.body.dataset.ready = 'true'; // for tests
