// What every part of the pages needs: making elements and formatting durations.

/** @typedef {Node | string | undefined | false} Child */

/**
 * Makes an element with `class`, `style` (custom properties) and attributes by name; `false` and `undefined` are left out.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined | Record<string, string>>} [attributes]
 * @param {...Child} children
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'object') for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} with the id '${id}'`);
}

/** Writes only changes, so as not to disturb screen readers and selections. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The endpoint without its origin, which says nothing here. @param {string} endpoint */
export const short = (endpoint) => endpoint.replace(/https?:\/\/[^/]+/, '');

/** @param {number} value Milliseconds. */
export function ms(value) {
  const text = value < 9.95 ? value.toFixed(1) : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return `${text}\u00a0ms`;
}

/** A duration as people say it: in seconds from one second on. @param {number} value Milliseconds. */
export const seconds = (value) => (value < 1_000 ? ms(value) : `${(value / 1_000).toFixed(1)}\u00a0s`);

/** @param {number} share */
export const percent = (share) => `${Math.round(share * 100)}\u00a0%`;

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024) return `${bytes}\u00a0B`;
  return bytes < 1_048_576 ? `${Math.round(bytes / 1024)}\u00a0KiB` : `${Math.round(bytes / 1_048_576)}\u00a0MiB`;
}
