/**
 * Sends beacons from a page. While it lives, by a plain fetch, whose connection closes on abort (that of a keepalive fetch does not, in
 * Chromium and WebKit). When it goes away, or a click may just have left it, by what the browser takes over, within its quota.
 */

import { now } from '../clock';
import { discard } from '../util/discard';
import { quietly } from '../util/quietly';
import { retryAfterOf } from '../util/retry-after';
import { ownOrigin } from '../util/url';
import { QUOTA } from './hand-over';
import type { Item } from './item';
import { Page } from './page';
import type { Sender, Sent } from './sender';

export function createSender(): Sender {
  /** What ends the requests in flight. */
  const stops = new Map<Item, () => void>();
  const page = new Page();
  return {
    send: (item, timeout) => send(item, timeout, stops),
    handOver,
    stop: (item) => stops.get(item)?.(),
    ending: () => page.ending,
    onEnd: (endings) => page.watch(endings),
    close: () => {
      for (const stop of stops.values()) stop();
    },
  };
}

function send(item: Item, timeout: number, stops: Map<Item, () => void>): Promise<Sent> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    let sent: Sent | undefined;
    const end = (): void => {
      cancel();
      stops.delete(item);
      resolve(sent ?? { ok: false, reason: 'network_error' });
    };
    // Ends first, since a fetch that is not the platform's may never settle on an abort.
    const stop = (): void => {
      // A response body that never ends costs its connection; the status still counts.
      if (!sent) sent = { ok: false, reason: 'timeout' };
      if (mayLeave) hangsUntil = now() + KEPT;
      end();
      controller.abort();
    };
    const cancel = quietly(timeout, stop);
    stops.set(item, stop);
    const mayLeave = isLeaving() && hasQuota(item) && now() > hangsUntil;
    // A redirect is an answer that is no success, as in Node: followed, the beacon would mostly become a GET without its data.
    (mayLeave ? keep : post)(item, { signal: controller.signal, redirect: 'manual' })
      .then(async ({ ok, status, headers, body }) => {
        sent = ok ? { ok } : { ok, reason: 'rejected', status, retryAfter: retryAfterOf(headers) };
        // Read for its connection's sake, and not kept: a few compressed megabytes may be gigabytes.
        const reader = body?.getReader?.();
        if (!reader) discard(body); // a Node stream, where fetch is that of node-fetch
        while (reader && !(await reader.read()).done);
      })
      .then(end, end);
  });
}

/** Async, so that it rejects if fetch throws. */
const post = async ({ url, body, contentType, headers }: Item, init: RequestInit): Promise<Response> => {
  const sent = new Headers(headers);
  if (body.length && contentType && !sent.has('Content-Type')) sent.set('Content-Type', contentType);
  // Bytes, not a Blob: React Native makes none of bytes.
  return fetch(url, { ...init, method: 'POST', body: body.length ? body : null, headers: sent });
};

/** Bytes that the browser has taken over and may not have sent yet: its quota is the page's, whatever client they are from. */
let pending = 0;

const hasQuota = ({ body }: Item): boolean => pending + body.length <= QUOTA;

/** How long Chromium keeps a request that hangs after its page, in milliseconds. */
const KEPT = 30_000;

type Agent = Partial<Navigator> & { userAgentData?: unknown };

/** Once a link is followed, Firefox and WebKit end a plain fetch, or begin none. Chromium, which alone has `userAgentData`, does not. */
function isLeaving(): boolean {
  const { userActivation, userAgentData }: Agent = globalThis.navigator ?? {};
  return userActivation?.isActive === true && !userAgentData;
}

/** Until when one of those after a click may keep its connection, which no abort closes: more would take up all that a page has. */
let hangsUntil = 0;

/** Sends by a request that outlives the page. */
function keep(item: Item, init?: RequestInit): Promise<Response> {
  const done = (): void => {
    pending -= item.body.length;
  };
  pending += item.body.length;
  const answer = post(item, { ...init, keepalive: true });
  answer.then(done, done);
  return answer;
}

/** Hands a request to the browser. A fetch beyond the quota would reject too late, so the bytes in flight are counted here. */
function handOver(item: Item, ended: (answered: boolean) => void): boolean {
  const { url, body, contentType, headers } = item;
  try {
    const { navigator } = globalThis as Partial<typeof globalThis>;
    // sendBeacon includes cookies even cross-origin, as none of our other requests do: it would identify the user there, or be refused.
    const isAlike = item.origin === ownOrigin() || typeof Request !== 'function' || !('keepalive' in Request.prototype);
    if (isAlike && Object.keys(headers).length === 0 && typeof navigator?.sendBeacon === 'function') {
      if (!navigator.sendBeacon(url, new Blob([body], { type: contentType ?? '' }))) return false;
      pending += body.length;
      // Nobody is told when it ends.
      quietly(KEPT, () => {
        pending -= body.length;
      });
      return true;
    }
  } catch {
    return false;
  }
  if (!hasQuota(item)) return false;
  keep(item).then(
    (response?: Response) => {
      discard(response?.body); // a body that never ends would keep its connection
      ended(true);
    },
    () => ended(false),
  );
  return true;
}
