// The Node backend of the dashboard: switches the upstreams and streams what happens until the page stops listening.

import axios from 'axios';
import * as breakwater from 'breakwater';
import { json, lines, readJson } from './http.mjs';
import { CALLS, startTraffic } from './traffic.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Settings } from './client-options.mjs' */
/** @import { Lane } from './lanes.mjs' */
/** @import { State, Upstream } from './upstream.mjs' */

/** @typedef {{ id: string, settings: Settings }} Asked */

/**
 * @param {Record<Lane, Upstream>} upstreams
 * @returns {(req: IncomingMessage, res: ServerResponse, path: string) => Promise<boolean>} Whether the request was for this backend.
 */
export function createLiveBackend(upstreams) {
  /** @type {Map<string, ReturnType<typeof startTraffic>>} */
  const running = new Map();
  const urls = { breakwater: upstreams.breakwater.url, axios: upstreams.axios.url };

  /** @type {Record<string, (req: IncomingMessage, res: ServerResponse) => unknown>} */
  const routes = {
    'GET /api/live': (_, res) => json(res, 200, urls),
    'POST /api/state': async (req, res) => {
      const state = /** @type {State} */ (await readJson(req));
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.become(state)));
      json(res, 200, {});
    },
    'POST /api/change': async (req, res) => {
      const { id, settings } = /** @type {Asked} */ (await readJson(req));
      running.get(id)?.change(checked(settings));
      json(res, 200, {});
    },
    'POST /api/traffic': async (req, res) => {
      const { id, settings } = /** @type {Asked} */ (await readJson(req));
      const first = checked(settings);
      if (res.destroyed) return;
      const started = startTraffic({ breakwater, axios }, urls, first, lines(res));
      running.set(id, started);
      res.on('close', () => {
        running.delete(id);
        started.stop();
      });
    },
  };

  return async (req, res, path) => {
    const route = routes[`${req.method} ${path}`];
    if (!route) return false;
    try {
      await route(req, res);
    } catch (error) {
      json(res, 400, { error: String(error) });
    }
    return true;
  };
}

/** @param {Settings} settings */
function checked(settings) {
  if (!(settings?.rate >= 1 && settings.rate <= 50)) throw new Error('the rate is from 1 to 50 a second');
  if (!(settings.endpoints?.length > 0 && settings.endpoints.every((name) => Object.hasOwn(CALLS, name)))) {
    throw new Error(`the endpoints are some of ${Object.keys(CALLS).join(', ')}`);
  }
  return settings;
}
