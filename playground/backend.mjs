// The Node backend: runs a request against a fault through both lanes and streams what happens as lines of JSON.

import axios from 'axios';
import * as breakwater from 'breakwater';
import { catalogue } from './catalogue.mjs';
import { json, lines, readJson } from './http.mjs';
import { viaAxios, viaBreakwater } from './lanes.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Lab } from '../test/lab/types.mjs' */
/** @import { Chosen, Lane, LaneEvent, Outcome } from './lanes.mjs' */

/** @typedef {{ type: 'event', event: LaneEvent } | { type: 'outcome', lane: Lane, outcome: Outcome }} Line One line of the response. */

/**
 * @param {Record<Lane, Lab>} labs One for each lane, so that neither is affected by what the other left behind.
 * @returns {(req: IncomingMessage, res: ServerResponse, path: string) => Promise<boolean>} Whether the request was for the backend.
 */
export function createBackend(labs) {
  return async (req, res, path) => {
    const route = `${req.method} ${path}`;
    if (route === 'GET /api/faults') json(res, 200, catalogue(labs));
    else if (route === 'POST /api/reset') await withFault(req, res, () => json(res, 200, {}));
    else if (route === 'POST /api/run') await withFault(req, res, (asked) => run(labs, res, asked));
    else return false;
    return true;
  };

  /**
   * @param {IncomingMessage} req
   * @param {ServerResponse} res
   * @param {(asked: Chosen & { fault: string }) => unknown} answer
   */
  async function withFault(req, res, answer) {
    try {
      const asked = /** @type {Chosen & { fault: string }} */ (await readJson(req));
      for (const lab of Object.values(labs)) lab.upstream(asked.fault).reset();
      await answer(asked);
    } catch (error) {
      json(res, 400, { error: String(error) });
    }
  }
}

/**
 * @param {Record<Lane, Lab>} labs
 * @param {ServerResponse} res
 * @param {Chosen & { fault: string }} asked
 */
async function run(labs, res, { fault, timeout, deadline }) {
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  const { signal } = gone;
  const chosen = { timeout, deadline };
  const requests = { breakwater: labs.breakwater.request(fault), axios: labs.axios.request(fault) };
  const write = lines(res);

  const tell = (/** @type {Line} */ line) => void (signal.aborted || write(line));
  const tellOutcome = (/** @type {Lane} */ lane) => (/** @type {Outcome} */ outcome) => tell({ type: 'outcome', lane, outcome });
  await Promise.all([
    viaBreakwater(breakwater, requests.breakwater, chosen, { signal, onEvent: (event) => tell({ type: 'event', event }) }).then(
      tellOutcome('breakwater'),
    ),
    viaAxios(axios, requests.axios, chosen, { signal }).then(tellOutcome('axios')),
  ]);
  res.end();
}
