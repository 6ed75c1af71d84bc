// Three line charts of the last seconds, drawn by uPlot: how long callers wait in each lane, and each endpoint's latency and timeouts.

import { byId, percent, short, seconds as spoken } from '../dom.mjs';
import { quantile, SECONDS } from './model.mjs';

/** @import uPlot from 'uplot' */
/** @import { Model, Second } from './model.mjs' */

/** @typedef {{ label: string, colour: string, value: (second: Second) => number | null }} Line `colour` is a custom property. */

/** The global from uPlot's script tag. */
const { uPlot: Plot } = /** @type {{ uPlot: typeof import('uplot') }} */ (/** @type {unknown} */ (globalThis));

const HEIGHT = 150; // px
const LEAST = 1; // ms, since a logarithmic scale has no 0
const LONGEST = 60_000; // ms
const COLOURS = ['--series-1', '--series-2', '--series-3'];

/** @type {Line[]} */
const WAITS = [
  { label: 'Breakwater', colour: '--accent', value: ({ lanes }) => atLeast(lanes.breakwater.wait) },
  { label: 'Stock axios', colour: '--stock', value: ({ lanes }) => atLeast(lanes.axios.wait) },
];

const atLeast = (/** @type {number | undefined} */ value) => (value ? Math.max(LEAST, value) : null);

/** @returns {(model: Model) => void} */
export function createCharts() {
  const wait = chart('chart-wait', 'time');
  const latency = chart('chart-latency', 'time');
  const timeouts = chart('chart-timeouts', 'share');

  return ({ seconds, state }) => {
    const endpoints = (state?.stats ?? []).map(({ endpoint }) => endpoint).sort();
    /** @param {(attempts: { elapsed: number[], timeouts: number }) => number | null} value */
    const perEndpoint = (value) =>
      endpoints.map((name, index) => ({
        label: short(name),
        colour: COLOURS[index % COLOURS.length] ?? '',
        value: (/** @type {Second} */ { endpoints }) => (endpoints[name] ? value(endpoints[name]) : null),
      }));
    wait(seconds, WAITS);
    latency(
      seconds,
      perEndpoint(({ elapsed }) => atLeast(quantile(elapsed, 0.95))),
    );
    timeouts(
      seconds,
      perEndpoint(({ elapsed, timeouts }) => timeouts / elapsed.length),
    );
  };
}

/**
 * @param {string} id
 * @param {'time' | 'share'} unit
 * @returns {(seconds: Second[], lines: Line[]) => void}
 */
function chart(id, unit) {
  const root = byId(id, HTMLElement);
  /** @type {uPlot | undefined} */
  let plot;
  let labels = '';
  const forget = () => {
    plot?.destroy();
    plot = undefined;
  };
  /** @type {() => void} */
  let again = () => {};
  // A canvas keeps the colours it was drawn in, so it is redrawn.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    forget();
    again();
  });
  new ResizeObserver(() => plot?.setSize({ width: widthOf(root), height: HEIGHT })).observe(root);

  return function draw(seconds, lines) {
    again = () => draw(seconds, lines);
    const ages = Array.from({ length: SECONDS }, (_, index) => index - SECONDS + 1);
    const from = SECONDS - seconds.length;
    const rows = lines.map(({ value }) =>
      ages.map((_, index) => (index < from ? null : value(/** @type {Second} */ (seconds[index - from])))),
    );
    const faults = ages.map((_, index) => index >= from && seconds[index - from]?.fault !== 'healthy');
    if (labels !== String(lines.map(({ label }) => label))) forget();
    labels = String(lines.map(({ label }) => label));
    plot ??= new Plot(optionsOf(root, unit, lines), undefined, root);
    Object.assign(plot, { faults });
    plot.setData([ages, ...rows]);
    // The current second is incomplete, so without a pointer the legend shows the one before.
    if (plot.cursor.idx == null) plot.setLegend({ idx: SECONDS - 2 });
  };
}

/** @param {HTMLElement} root */
function widthOf(root) {
  const { paddingLeft, paddingRight } = getComputedStyle(root);
  return root.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
}

/**
 * @param {HTMLElement} root
 * @param {'time' | 'share'} unit
 * @param {Line[]} lines
 * @returns {uPlot.Options}
 */
function optionsOf(root, unit, lines) {
  const style = getComputedStyle(root);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name);
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
    gap: 6,
  };
  const told = unit === 'time' ? spoken : percent;
  return {
    width: widthOf(root),
    height: HEIGHT,
    padding: [8, 14, 0, 0],
    cursor: { sync: { key: 'live' }, y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [1 - SECONDS, 0] },
      y: unit === 'time' ? { distr: 3, range: [LEAST, LONGEST] } : { range: [0, 1.05] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        gap: 9, // below the lowest value, which is beside it
        splits: [-45, -30, -15, 0],
        values: (_, ages) => ages.map((age) => (age ? `${age} s` : 'now')),
      },
      unit === 'time'
        ? {
            ...axis,
            size: 50,
            splits: [1, 10, 100, 1_000, 10_000],
            filter: (_, splits) => splits,
            values: (_, values) => values.map((value) => tick(value)),
          }
        : { ...axis, size: 50, splits: [0, 0.5, 1], values: (_, values) => values.map(percent) },
    ],
    legend: { markers: { width: 0, fill: (_, index) => colour(lines[index - 1]?.colour ?? '') } },
    series: [
      { label: 'when', value: (_, age) => (age == null ? '' : age === -1 ? 'now' : `${age} s`) },
      ...lines.map(({ label, colour: name }) => ({
        label,
        stroke: colour(name),
        width: 2,
        points: { size: 4, fill: colour(name) },
        ...(unit === 'share' && Plot.paths.stepped ? { paths: Plot.paths.stepped({ align: 1 }), fill: `${colour(name)}33` } : {}),
        value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) => (value == null ? '–' : told(value)),
      })),
    ],
    hooks: { drawClear: [(plot) => shade(plot, colour('--fault'))] },
  };
}

const tick = (/** @type {number | null} */ value) => (value == null ? '' : value < 1_000 ? `${value} ms` : `${value / 1_000} s`);

/**
 * Shades the seconds in which the upstream was broken, behind the lines.
 * @param {uPlot} plot
 * @param {string} colour
 */
function shade(plot, colour) {
  const { faults = [] } = /** @type {{ faults?: boolean[] }} */ (plot);
  const { ctx, bbox } = plot;
  const edge = (/** @type {number} */ index) => Math.round(bbox.left + (bbox.width * index) / (SECONDS - 1));
  ctx.fillStyle = colour;
  for (const [index, isFault] of faults.entries()) {
    if (isFault && index > 0) ctx.fillRect(edge(index - 1), bbox.top, edge(index) - edge(index - 1), bbox.height);
  }
}
