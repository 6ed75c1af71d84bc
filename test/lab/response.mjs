// Faults between the request and the response headers: silence, drips, and redirects that use up the time.

import { after, answer, CORS, every, httpUpstream } from './http.mjs';

/** @import { Definition } from './types.mjs' */

const DRIP = 100; // ms
const REDIRECTS = 8;
const REDIRECT_AFTER = 200; // ms

/** @type {Definition[]} */
export const responseFaults = [
  {
    name: 'stall',
    title: 'Headers never come',
    what: 'The server takes the request and says nothing, for ever.',
    browser: true,
    expect: { limit: 'read', phase: 'response', kind: 'read' },
    start: httpUpstream(({ req }) => {
      req.resume();
    }),
  },
  {
    name: 'header-drip',
    title: 'Headers without an end',
    what: 'A header line comes every 100 ms and the last one never does, so the line is never silent.',
    browser: true,
    expect: { limit: 'response', phase: 'response', kind: 'read' },
    start: httpUpstream(({ req }) => {
      const cors = Object.entries(CORS).map(([name, value]) => `${name}: ${value}\r\n`);
      req.socket.write(`HTTP/1.1 200 OK\r\n${cors.join('')}`);
      every(req.socket, DRIP, () => req.socket.write('x: 1\r\n')); // short, since callers allow 16 KiB of headers
    }),
  },
  {
    name: 'interim-drip',
    title: 'Interim responses without end',
    what: 'A 102 or 103 comes every 100 ms ("still at it") and the real answer never does.',
    browser: true,
    expect: { limit: 'response', phase: 'response', kind: 'read' },
    start: httpUpstream(({ req }) => {
      let sent = 0;
      every(req.socket, DRIP, () => {
        req.socket.write(sent % 2 ? 'HTTP/1.1 103 Early Hints\r\n\r\n' : 'HTTP/1.1 102 Processing\r\n\r\n');
        sent += 1;
      });
    }),
  },
  {
    name: 'redirect-to-stall',
    title: 'Redirect into silence',
    what: 'Redirects at once, to a page that never answers.',
    browser: true,
    expect: { limit: 'read', phase: 'response', kind: 'read' },
    start: httpUpstream(({ req, res, url }) => {
      req.resume();
      if (url.pathname === '/') res.writeHead(302, { Location: '/stalled' }).end();
    }),
  },
  {
    name: 'redirect-loop-slow',
    title: 'Eight slow redirects',
    what: 'Redirects eight times, each after 200 ms, and then answers: no step is slow, the whole is.',
    browser: true,
    expect: { limit: 'total', phase: 'response', kind: 'read' },
    start: httpUpstream(({ res, url }) => {
      const hop = Number(url.searchParams.get('hop') ?? 0);
      after(res, hop < REDIRECTS ? REDIRECT_AFTER : 0, () => {
        if (hop < REDIRECTS) res.writeHead(302, { Location: `/?hop=${hop + 1}` }).end();
        else answer(res, 200, { ok: true, hops: hop });
      });
    }),
  },
];
