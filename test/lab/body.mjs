// Faults after the response headers: silence, drips and a reset in the middle of the body.

import { after, every, httpUpstream } from './http.mjs';

/** @import { Definition } from './types.mjs' */

const GAP = 50; // ms
const CHUNKS = 20;
const TEXT = { 'Content-Type': 'text/plain' };

/** @type {Definition[]} */
export const bodyFaults = [
  {
    name: 'body-stall',
    title: 'Silence in mid-body',
    what: 'Promises 1000 bytes, sends ten of them, and falls silent.',
    browser: true,
    expect: { limit: 'read', phase: 'body', kind: 'read' },
    start: httpUpstream(({ res }) => {
      res.writeHead(200, { ...TEXT, 'Content-Length': 1000 });
      res.write('0123456789');
    }),
  },
  {
    name: 'body-drip',
    title: 'Body without an end',
    what: 'Sends one byte every 50 ms for ever, so the line is never silent and the answer never complete.',
    browser: true,
    expect: { limit: 'body', phase: 'body', kind: 'read' },
    start: httpUpstream(({ res }) => {
      res.writeHead(200, TEXT);
      res.write('.');
      every(res, GAP, () => res.write('.'));
    }),
  },
  {
    name: 'slow-body',
    title: 'Slow but complete body',
    what: 'Sends 20 chunks with 50 ms between them and ends as it should: slow, and healthy.',
    browser: true,
    expect: undefined,
    start: httpUpstream(({ res }) => {
      res.writeHead(200, TEXT);
      let left = CHUNKS;
      const next = () => {
        left -= 1;
        if (left === 0) {
          res.end('chunk\n');
          return;
        }
        res.write('chunk\n');
        after(res, GAP, next);
      };
      next();
    }),
  },
  {
    name: 'reset-mid-body',
    title: 'Reset in mid-body',
    what: 'Sends the beginning of the body, then resets the connection: an error at once, not a timeout.',
    browser: true,
    expect: undefined,
    start: httpUpstream(({ req, res, upstream }) => {
      res.writeHead(200, { ...TEXT, 'Content-Length': 1000 });
      res.write('0123456789');
      // A reset that overtakes the bytes would discard them, so they get time to be read.
      after(req.socket, GAP, () => upstream.hangUp(req.socket, 'reset'));
    }),
  },
];
