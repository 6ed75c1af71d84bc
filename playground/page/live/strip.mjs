// A strip of stacked bars in plain SVG: one column per second, the latest on the right.

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 100;
const BAND = 4; // the height of the band under the axis that marks seconds

/** @typedef {{ parts: [look: string, value: number][], isMarked: boolean }} Column */

/**
 * @param {HTMLElement} root
 * @param {Column[]} columns
 * @param {{ places: number, top: number, label: string }} scale `top` is the least value that the full height stands for.
 */
export function drawStrip(root, columns, { places, top, label }) {
  const highest = Math.max(top, ...columns.map(({ parts }) => parts.reduce((sum, [, value]) => sum + value, 0)));
  const svg = make('svg', { viewBox: `0 0 ${places} ${HEIGHT + 2 * BAND}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label });
  for (const [index, { parts, isMarked }] of columns.entries()) {
    const x = places - columns.length + index;
    let y = HEIGHT;
    for (const [look, value] of parts) {
      if (value === 0) continue;
      const height = (value / highest) * HEIGHT;
      y -= height;
      svg.append(make('rect', { 'data-ending': look, x: x + 0.1, y, width: 0.8, height }));
    }
    if (isMarked) svg.append(make('rect', { class: 'fault', x, y: HEIGHT + BAND, width: 1.02, height: BAND }));
  }
  root.replaceChildren(svg);
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
