// Serves the page's files from a fixed list, read afresh for each request, with the script-tag build's integrity put into the HTML.

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** @import { ServerResponse } from 'node:http' */

const file = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const vendored = (/** @type {string} */ name, /** @type {string} */ script) =>
  fileURLToPath(new URL(`./dist/${script}`, import.meta.resolve(`${name}/package.json`)));

const INTEGRITY = file('../dist/integrity.json');

/** The files by URL, besides those under ./page. */
const FILES = {
  '/': file('./index.html'),
  '/call': file('./call.html'),
  '/client-options.mjs': file('./client-options.mjs'),
  '/lanes.mjs': file('./lanes.mjs'),
  '/traffic.mjs': file('./traffic.mjs'),
  '/steady.mjs': file('./steady.mjs'),
  '/dist/breakwater.min.js': file('../dist/breakwater.min.js'),
  '/vendor/axios.min.js': vendored('axios', 'axios.min.js'),
  '/vendor/uplot.min.js': vendored('uplot', 'uPlot.iife.min.js'),
  '/vendor/uplot.min.css': vendored('uplot', 'uPlot.min.css'),
};

/** @type {Record<string, string>} */
const TYPES = { html: 'text/html', css: 'text/css', svg: 'image/svg+xml', js: 'text/javascript', mjs: 'text/javascript' };

// Lets the page talk to this machine only; the browser enforces it.
const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self' http://127.0.0.1:* https://127.0.0.1:*",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

/** @returns {Promise<(res: ServerResponse, path: string) => Promise<boolean>>} Whether there is such a file. */
export async function createSite() {
  const pages = (await readdir(file('./page'), { recursive: true })).filter((name) => name.includes('.'));
  /** @type {Map<string, string>} */
  const files = new Map([
    ...Object.entries(FILES),
    ...pages.map((name) => /** @type {const} */ ([`/page/${name}`, file(`./page/${name}`)])),
  ]);

  return async (res, path) => {
    const found = files.get(path);
    if (!found) return false;
    const type = TYPES[found.slice(found.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    const text = await readFile(found, 'utf8');
    const body = found.endsWith('.html') ? text.replaceAll('%INTEGRITY%', await integrity()) : text;
    res.writeHead(200, { ...HEADERS, 'Content-Type': `${type}; charset=utf-8` }).end(body);
    return true;
  };
}

async function integrity() {
  const { files } = JSON.parse(await readFile(INTEGRITY, 'utf8'));
  return files['breakwater.min.js'];
}
