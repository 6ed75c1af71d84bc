// Upstreams that work: the control group. Their paths offer tests delays, statuses, sizes and dropped sockets.

import { gzipSync } from 'node:zlib';
import { after, answer, httpUpstream } from './http.mjs';

/** @import { ServerResponse } from 'node:http' */
/** @import { Exchange } from './http.mjs' */
/** @import { Definition } from './types.mjs' */

const ECHO_LIMIT = 1_048_576; // bytes of a body that are echoed
const BLOCK = Buffer.alloc(65_536, '.');
const DROP_IDLE_AFTER = 50; // ms

/** @type {WeakSet<import('node:net').Socket>} */
const dropNext = new WeakSet();

/**
 * Answers by the first segment of the path; anything else is echoed.
 * @param {Exchange} exchange
 */
export function healthy(exchange) {
  const { req, res, url, upstream } = exchange;
  const [, route, argument = ''] = url.pathname.split('/');
  if (dropNext.delete(req.socket)) {
    upstream.hangUp(req.socket);
    return;
  }
  switch (route) {
    case 'delay': {
      after(res, Number(argument), () => echo(exchange, 200));
      break;
    }
    case 'status': {
      echo(exchange, Number(argument));
      break;
    }
    case 'redirect': {
      const location = url.searchParams.get('to') ?? '/';
      after(res, Number(url.searchParams.get('after') ?? 0), () => res.writeHead(302, { Location: location }).end());
      break;
    }
    case 'gzip': {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      res.end(gzipSync(JSON.stringify({ ok: true, path: url.pathname })));
      break;
    }
    case 'bytes': {
      pour(res, Number(argument));
      break;
    }
    // The socket closes while it idles in the caller's pool.
    case 'drop-idle': {
      const { socket } = req;
      res.once('finish', () => after(socket, DROP_IDLE_AFTER, () => upstream.hangUp(socket)));
      echo(exchange, 200);
      break;
    }
    // The socket closes when the next request arrives on it: a stale socket, but without a race.
    case 'drop-next': {
      dropNext.add(req.socket);
      echo(exchange, 200);
      break;
    }
    case 'reset': {
      upstream.hangUp(req.socket, 'reset');
      break;
    }
    default: {
      echo(exchange, 200);
    }
  }
}

/**
 * @param {Exchange} exchange
 * @param {number} status
 */
function echo({ req, res, url }, status) {
  /** @type {Buffer[]} */
  const kept = [];
  let bytes = 0;
  req.on('data', (/** @type {Buffer} */ chunk) => {
    if (bytes < ECHO_LIMIT) kept.push(chunk);
    bytes += chunk.length;
  });
  req.on('end', () => {
    const body = Buffer.concat(kept).toString();
    answer(res, status, { ok: status < 400, path: url.pathname + url.search, method: req.method, headers: req.headers, body, bytes });
  });
}

/**
 * Sends a number of bytes as fast as the reader takes them.
 * @param {ServerResponse} res
 * @param {number} bytes
 */
function pour(res, bytes) {
  let left = bytes;
  const write = () => {
    while (left > 0) {
      const size = Math.min(left, BLOCK.length);
      left -= size;
      if (!res.write(BLOCK.subarray(0, size))) {
        res.once('drain', write);
        return;
      }
    }
    res.end();
  };
  res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes });
  write();
}

/** @returns {Definition} */
function flaky() {
  let calls = 0;
  const onReset = () => {
    calls = 0;
  };
  return {
    name: 'flaky',
    title: 'Fails twice, then works',
    what: 'Answers 503 to the first two requests and 200 from the third on.',
    browser: true,
    expect: undefined,
    start: (place) => {
      onReset();
      return httpUpstream(
        ({ res }) => {
          calls += 1;
          answer(res, calls > 2 ? 200 : 503, { ok: calls > 2, calls });
        },
        { onReset },
      )(place);
    },
  };
}

/** @type {Definition[]} */
export const healthyUpstreams = [
  {
    name: 'healthy',
    title: 'Healthy, answers at once',
    what: 'A server with nothing wrong: it sends the request back as JSON.',
    browser: true,
    expect: undefined,
    start: httpUpstream(healthy),
  },
  {
    name: 'tls-healthy',
    title: 'Healthy over HTTPS',
    what: 'The healthy server behind TLS, with a certificate made for this run.',
    browser: false,
    expect: undefined,
    start: httpUpstream(healthy, { protocol: 'https' }),
  },
  {
    name: 'big-download',
    title: 'Large, healthy download',
    what: 'Sends 64 MiB as fast as the reader takes them: when it is slow, the reader is.',
    browser: true,
    expect: undefined,
    path: '/bytes/67108864',
    start: httpUpstream(healthy),
  },
  flaky(),
];
