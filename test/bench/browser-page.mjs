// Runs in the page of the browser benchmark: the lanes, and a round of calls through one of them.
import axios from 'axios';
import { createClient } from '../../dist/browser.js';

/** @type {Record<string, Pick<import('axios').AxiosInstance, 'get'>>} */
const lanes = {
  'axios, fetch': axios.create({ adapter: 'fetch' }),
  Breakwater: createClient(),
  'axios, xhr': axios.create({ adapter: 'xhr' }),
};

/**
 * @param {string} name
 * @param {string} path
 * @param {number} calls
 * @param {number} atOnce
 * @param {object} config
 */
async function round(name, path, calls, atOnce, config) {
  const lane = lanes[name];
  if (!lane) throw new Error(`no lane is named ${name}`);
  let begun = 0;
  const worker = async () => {
    while (begun++ < calls) await lane.get(path, config);
  };
  const at = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return performance.now() - at;
}

Object.assign(globalThis, { round, laneNames: Object.keys(lanes) });
