// The line above the lanes: what the upstream does now, and the progress of a scenario.

import { byId, el, write } from '../dom.mjs';

/** @import { Scenario } from './scenarios.mjs' */

export function createStage() {
  const title = byId('stage-title', HTMLElement);
  const what = byId('stage-what', HTMLElement);
  const timeline = byId('timeline', HTMLElement);
  const status = byId('status', HTMLElement);
  let fault = 'healthy';
  let sentence = '';
  /** @type {string | undefined} */
  let drawn;

  /** @param {Scenario} scenario */
  function build({ title, steps, length }) {
    if (drawn === title) return;
    drawn = title;
    const spans = steps.map((step, index) => ({ step, seconds: (steps[index + 1]?.at ?? length) - step.at }));
    timeline.replaceChildren(
      ...spans.map(({ step: { form }, seconds }) => {
        const broken = form.fault && form.fault !== 'healthy' ? form.fault : form.collector === 'hanging' ? 'collector hung' : '';
        return el('span', { 'data-broken': broken !== '', style: { '--seconds': String(seconds) } }, String(broken || 'healthy'));
      }),
      el('i', {}),
    );
  }

  return {
    get fault() {
      return fault;
    },
    /** @param {string} next @param {string} told */
    upstreamIs(next, told) {
      fault = next;
      sentence = next === 'collector hung' ? 'Accepts the beacons, never answers.' : told;
      write(status, `The upstream is ${next}.`);
    },
    /**
     * @param {(Scenario & { elapsed: number }) | undefined} playing
     * @param {boolean} running
     */
    draw(playing, running) {
      if (!running && !title.dataset.begun) return;
      title.dataset.begun = 'true';
      const root = /** @type {HTMLElement} */ (title.closest('.stage'));
      root.dataset.fault = running ? fault : 'none';
      timeline.hidden = !playing;
      if (playing) {
        build(playing);
        timeline.style.setProperty('--over', String(Math.min(1, playing.elapsed / playing.length)));
      }
      write(title, !running ? 'Stopped' : playing ? playing.title : `Upstream: ${fault}`);
      write(what, !running ? 'Everything below is as it was.' : playing ? `now ${fault}` : sentence);
    },
  };
}
