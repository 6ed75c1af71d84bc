/** Sends beacons from Node: sockets and timers never keep the process alive, and a short drain runs when it has nothing else to do. */
import http from 'node:http';
import https from 'node:https';
import { afterPendingInput, now } from '../clock';
import { patiently } from '../util/quietly';
import { retryAfterOf } from '../util/retry-after';
import type { Item } from './item';
import type { Endings, Sender, Sent } from './sender';

type Agents = Record<'http:' | 'https:', http.Agent>;

export function createSender(): Sender {
  const agents: Agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  return {
    send: (item, timeout) => send(item, timeout, agents),
    onEnd,
    hold,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** How long a process that has nothing else to do waits for its beacons, in milliseconds. */
const DRAIN = 500;

/** What a wait costs at least, so that a listener that sends a beacon on each `beforeExit` ends, too. */
const LEAST = 5;

/** How much of it is left. It is there again after as long without a drain: the process had other things to do. */
let left = DRAIN;
let drainedAt = -Infinity;

let isHeld = false;

const remaining = (): number => {
  if (now() - drainedAt > DRAIN) left = DRAIN;
  return left;
};

/** Gives the process one more turn: sent by a listener of `beforeExit`, the beacon would otherwise see no other `beforeExit`. */
function hold(): void {
  if (isHeld || remaining() <= 0) return;
  isHeld = true;
  afterPendingInput(() => {
    isHeld = false;
  });
}

/** All channels share one process listener, since Node warns of more than ten. */
const open = new Set<Endings>();

async function drainAll(): Promise<void> {
  const start = now();
  const ms = remaining();
  await Promise.all([...open].map((channel) => channel.drain(ms)));
  if (ms <= 0) return;
  drainedAt = now();
  left -= Math.max(drainedAt - start, LEAST);
}

function onEnd(channel: Endings): () => void {
  if (open.size === 0) process.on('beforeExit', drainAll);
  open.add(channel);
  return () => {
    open.delete(channel);
    if (open.size === 0) process.off('beforeExit', drainAll);
  };
}

function send(item: Item, timeout: number, agents: Agents): Promise<Sent> {
  return new Promise((resolve) => {
    const secure = item.url.startsWith('https:');
    const headers = { ...(item.contentType && { 'content-type': item.contentType }), ...item.headers, 'content-length': item.body.length };
    let sent: Sent | undefined;
    let request: http.ClientRequest;
    const end = (): void => {
      cancel();
      resolve(sent ?? { ok: false, reason: 'network_error' });
    };
    const cancel = patiently(timeout, () => {
      // A response body that never ends costs its connection; the status still counts.
      if (!sent) sent = { ok: false, reason: 'timeout' };
      end();
      request.destroy();
    });
    try {
      request = (secure ? https : http).request(item.url, { method: 'POST', headers, agent: agents[secure ? 'https:' : 'http:'] });
    } catch {
      return end();
    }
    request.on('socket', (socket) => {
      const unref = (): void => void socket.unref();
      unref();
      if (!socket.connecting) return;
      // Each address is tried on a new handle, which would keep the process alive again.
      socket.on('connectionAttempt', unref);
      socket.once('connect', unref);
    });
    request.on('error', end);
    request.on('close', end);
    request.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      sent =
        status >= 200 && status < 300
          ? { ok: true }
          : { ok: false, reason: 'rejected', status, retryAfter: retryAfterOf(response.headers) };
      response.on('error', end).on('end', end).resume();
    });
    request.end(item.body);
  });
}
