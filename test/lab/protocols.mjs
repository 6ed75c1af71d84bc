// The healthy and silent upstreams again, over HTTP/2 and over unix sockets.

import { healthy } from './healthy.mjs';
import { httpUpstream } from './http.mjs';

/** @import { Handler } from './http.mjs' */
/** @import { Definition } from './types.mjs' */

/** @type {Handler} */
const stall = ({ req }) => {
  req.resume();
};

/** @type {Handler} */
const bodyStall = ({ res }) => {
  res.writeHead(200, { 'Content-Type': 'text/plain' });
  res.write('0123456789');
};

/** @type {Definition[]} */
export const protocols = [
  {
    name: 'http2-healthy',
    title: 'Healthy over HTTP/2',
    what: 'The healthy server, speaking HTTP/2 over TLS.',
    browser: false,
    expect: undefined,
    via: 'http2',
    start: httpUpstream(healthy, { protocol: 'h2' }),
  },
  {
    name: 'http2-cleartext',
    title: 'Healthy HTTP/2 without TLS',
    what: 'The healthy server, speaking HTTP/2 on a plain connection.',
    browser: false,
    expect: undefined,
    via: 'http2',
    start: httpUpstream(healthy, { protocol: 'h2c' }),
  },
  {
    name: 'http2-stall',
    title: 'HTTP/2 stream never answered',
    what: 'The HTTP/2 connection is fine, and the request on it gets no answer.',
    browser: false,
    expect: { limit: 'read', phase: 'response', kind: 'read' },
    via: 'http2',
    start: httpUpstream(stall, { protocol: 'h2' }),
  },
  {
    name: 'http2-body-stall',
    title: 'HTTP/2 silence in mid-body',
    what: 'Sends headers and ten bytes over HTTP/2, and falls silent.',
    browser: false,
    expect: { limit: 'read', phase: 'body', kind: 'read' },
    via: 'http2',
    start: httpUpstream(bodyStall, { protocol: 'h2' }),
  },
  {
    name: 'unix-healthy',
    title: 'Healthy on a unix socket',
    what: 'The healthy server on a socket in the file system instead of a port.',
    browser: false,
    expect: undefined,
    via: 'unix',
    start: httpUpstream(healthy, { protocol: 'unix' }),
  },
  {
    name: 'unix-stall',
    title: 'Unix socket without answer',
    what: 'A server on a unix socket that takes the request and says nothing.',
    browser: false,
    expect: { limit: 'read', phase: 'response', kind: 'read' },
    via: 'unix',
    start: httpUpstream(stall, { protocol: 'unix' }),
  },
];
