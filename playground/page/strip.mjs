// A strip of bars in plain SVG: one column for each moment, the latest on the right, each of stacked parts.

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 100;

/**
 * @param {HTMLElement} root
 * @param {[look: string, value: number][][]} columns
 * @param {{ places: number, top: number, unit: string, label: string }} scale `top` is the least that the whole height stands for.
 */
export function drawStrip(root, columns, { places, top, unit, label }) {
  const highest = Math.max(top, ...columns.map((parts) => parts.reduce((sum, [, value]) => sum + value, 0)));
  const svg = make('svg', { viewBox: `0 0 ${places} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label });
  for (const [index, parts] of columns.entries()) {
    let y = HEIGHT;
    for (const [look, value] of parts) {
      const height = (value / highest) * HEIGHT;
      y -= height;
      const x = places - columns.length + index + 0.1;
      svg.append(make('rect', { 'data-ending': look, x, y, width: 0.8, height }));
    }
  }
  const scale = document.createElement('small');
  scale.textContent = `${Math.round(highest)} ${unit}`;
  root.replaceChildren(svg, scale);
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
