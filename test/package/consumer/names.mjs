// Prints the names each build exports: the Node builds as installed, the browser builds by their files, the script-tag file by its global.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import * as nodeEsm from 'breakwater';
import * as browserEsm from './node_modules/breakwater/dist/browser.js';

const require = createRequire(import.meta.url);
const page = vm.createContext({ console, setTimeout, clearTimeout, URL, AbortController, TextEncoder });
vm.runInContext(readFileSync('./node_modules/breakwater/dist/breakwater.min.js', 'utf8'), page);

const builds = {
  'node.js': nodeEsm,
  'node.cjs': require('breakwater'),
  'browser.js': browserEsm,
  'browser.cjs': require('./node_modules/breakwater/dist/browser.cjs'),
  'breakwater.min.js': page.Breakwater,
};
const names = (build) =>
  Object.keys(build)
    .filter((name) => typeof build[name] === 'function')
    .sort();
console.log(JSON.stringify(Object.fromEntries(Object.entries(builds).map(([file, build]) => [file, names(build)]))));
