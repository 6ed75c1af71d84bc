// What Traffic and Beacons share: the form that switches a server and starts and stops what runs, here or in the Node backend.

import { byId, el, ms } from './dom.mjs';
import { gist } from './gist.mjs';
import { linesOf, post } from './post.mjs';

/** @import { ClientEvents, EventType } from 'breakwater' */

/** @typedef {typeof import('breakwater')} Library */
/** @typedef {{ change(settings: object): unknown, stop(): void }} Started */
/** @typedef {{ at: number, type: EventType, record: ClientEvents[EventType] }[]} Changes */

const { Breakwater } = /** @type {{ Breakwater?: Library }} */ (globalThis);

/**
 * @template {object} Settings, Snapshot
 * @param {object} what
 * @param {string} what.path Where the Node backend runs it.
 * @param {string} what.unit Of the rate.
 * @param {(data: FormData) => Settings} what.settingsIn
 * @param {(library: Library, url: string, settings: Settings, show: (snapshot: Snapshot) => void) => Started} what.start
 * @param {(snapshot: Snapshot, settings: Settings) => void} what.show
 */
export async function live({ path, unit, settingsIn, start, show }) {
  const form = byId('form', HTMLFormElement);
  const runButton = byId('run', HTMLButtonElement);
  const stopButton = byId('stop', HTMLButtonElement);
  const server = /** @type {'upstream' | 'collector'} */ (form.dataset.server);
  const urls = await (await fetch('/api/live')).json();
  /** @type {Started | undefined} */
  let started;
  let where = '';
  let state = '';

  const settings = () => settingsIn(new FormData(form));
  const tell = (/** @type {string} */ text) => {
    byId('status', HTMLElement).textContent = text;
  };

  /** The server's state outlives the page, so it is set once at the beginning as well. */
  async function onForm() {
    const data = new FormData(form);
    byId('rate', HTMLOutputElement).textContent = `${data.get('rate')} ${unit}`;
    started?.change(settings());
    if (started && where !== data.get('where')) run();
    if (state === data.get('state')) return;
    state = String(data.get('state'));
    await post('/api/state', { server, state });
    tell(`The ${server} is ${state}.`);
  }

  function run() {
    stop();
    where = String(new FormData(form).get('where'));
    const draw = (/** @type {Snapshot} */ snapshot) => show(snapshot, settings());
    started = where === 'browser' && Breakwater ? start(Breakwater, urls[server], settings(), draw) : inNode(path, settings(), draw);
    runButton.setAttribute('aria-disabled', 'true'); // not disabled: it keeps the focus
    stopButton.hidden = false;
    tell('Running.');
  }

  function stop() {
    if (!started) return;
    started.stop();
    started = undefined;
    if (document.activeElement === stopButton) runButton.focus();
    runButton.setAttribute('aria-disabled', 'false');
    stopButton.hidden = true;
    tell('Stopped.');
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!started) run();
    // On a phone what happens is below the form.
    const title = byId('strip-title', HTMLElement);
    if (title.getBoundingClientRect().top > innerHeight * 0.8) title.scrollIntoView();
  });
  form.addEventListener('input', onForm);
  stopButton.addEventListener('click', stop);
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') stop();
  });

  if (!Breakwater) {
    byId('refused', HTMLElement).hidden = false;
    const browser = form.querySelector('input[value="browser"]');
    if (browser instanceof HTMLInputElement) browser.disabled = true;
  }
  await onForm();
  document.body.dataset.ready = 'true'; // for tests
}

/**
 * @template Snapshot
 * @param {string} path
 * @param {object} first
 * @param {(snapshot: Snapshot) => void} draw
 * @returns {Started}
 */
function inNode(path, first, draw) {
  const id = crypto.randomUUID();
  const ended = new AbortController();
  const { signal } = ended;
  const read = async () => {
    const response = await post(path, { id, settings: first }, signal);
    for await (const line of linesOf(response)) draw(/** @type {Snapshot} */ (line));
  };
  read().catch((error) => {
    if (!signal.aborted) throw error;
  });
  return {
    change: (settings) => post('/api/change', { id, settings }, signal),
    stop: () => ended.abort(),
  };
}

/**
 * @param {string} id
 * @param {string} state
 * @param {string} title
 * @param {string} headline
 * @param {[string, string | Node][]} list
 * @param {string} [note]
 */
export function drawCard(id, state, title, headline, list, note) {
  const root = byId(id, HTMLElement);
  root.dataset.state = state;
  root.replaceChildren(
    el('h3', {}, title, note !== undefined && el('small', {}, note)),
    el('p', { class: 'headline' }, headline),
    el('dl', { class: 'facts' }, ...list.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
  );
}

/** @param {Changes} changes */
export function drawChanges(changes) {
  const root = byId('events', HTMLElement);
  const drawn = String(changes.at(-1)?.at);
  if (root.dataset.drawn === drawn) return;
  root.dataset.drawn = drawn;
  root.replaceChildren(
    ...[...changes]
      .reverse()
      .map((event) => el('li', { 'data-type': event.type }, el('span', {}, gist(event)), el('time', {}, `+${ms(event.at)}`))),
  );
}

/** @param {Record<string, number | undefined>} counts */
export const countsOf = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';
