// The Node backend of Traffic and Beacons: switches the servers, and streams what is to be seen until the page stops listening.

import * as breakwater from 'breakwater';
import { startBeacons } from './beacons.mjs';
import { json, lines, readJson } from './http.mjs';
import { startTraffic } from './traffic.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Upstream } from './upstream.mjs' */

/** @typedef {'upstream' | 'collector'} ServerName */
/** @typedef {{ id: string, settings: import('./traffic.mjs').Settings }} Asked */

/**
 * @param {Record<ServerName, Upstream>} servers
 * @returns {(req: IncomingMessage, res: ServerResponse, path: string) => Promise<boolean>} Whether the request was for this backend.
 */
export function createLiveBackend(servers) {
  /** @type {Map<string, { change(settings: Asked['settings']): void, stop(): void }>} */
  const running = new Map();

  /** @type {Record<string, (req: IncomingMessage, res: ServerResponse) => unknown>} */
  const routes = {
    'GET /api/live': (_, res) => json(res, 200, { upstream: servers.upstream.url, collector: servers.collector.url }),
    'POST /api/state': async (req, res) => {
      const { server, state } = /** @type {{ server: ServerName, state: string }} */ (await readJson(req));
      if (!Object.hasOwn(servers, server)) throw new Error(`no such server: ${server}`);
      await servers[server].become(state);
      json(res, 200, {});
    },
    'POST /api/change': async (req, res) => {
      const { id, settings } = /** @type {Asked} */ (await readJson(req));
      running.get(id)?.change(checked(settings));
      json(res, 200, {});
    },
    'POST /api/traffic': (req, res) => run(req, res, (settings, show) => startTraffic(breakwater, servers.upstream.url, settings, show)),
    'POST /api/beacons': (req, res) => run(req, res, (settings, show) => startBeacons(breakwater, servers.collector.url, settings, show)),
  };

  /**
   * @param {IncomingMessage} req
   * @param {ServerResponse} res
   * @param {(settings: Asked['settings'], show: (snapshot: object) => void) => { change(settings: Asked['settings']): void, stop(): void }} start
   */
  async function run(req, res, start) {
    const { id, settings } = /** @type {Asked} */ (await readJson(req));
    const first = checked(settings);
    if (res.destroyed) return;
    const started = start(first, lines(res));
    running.set(id, started);
    res.on('close', () => {
      running.delete(id);
      started.stop();
    });
  }

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

/** @param {Asked['settings']} settings */
function checked(settings) {
  if (!(settings?.rate >= 1 && settings.rate <= 50)) throw new Error('the rate is from 1 to 50 a second');
  return settings;
}
