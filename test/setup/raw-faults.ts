// A server that sends the exact bytes its path asks for, to test invalid responses. Any other path gets a good response.
import net from 'node:net';
import { CORS } from '../lab/http.mjs';
import { serve } from '../lab/tracking.mjs';
import type { Place, Upstream } from '../lab/types.mjs';

const HEAD = `HTTP/1.1 200 OK\r\n${Object.entries(CORS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')}`;
const GOOD = `${HEAD}Content-Length: 4\r\n\r\ngood`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const READ_BY_THEN = 50; // ms; a reset discards what is still unread

/** What is sent, and how the connection ends afterwards, if it does. */
const ANSWERS: Record<string, [says: string, end?: 'fin' | 'reset']> = {
  '/reset': ['', 'reset'],
  '/reset-in-headers': [`${HEAD}X: y`, 'reset'],
  '/reset-in-body': [`${HEAD}Content-Length: 10\r\n\r\ngood`, 'reset'],
  '/reset-in-chunk': [`${CHUNKED}10\r\ngood`, 'reset'],
  '/end': ['', 'fin'],
  '/end-in-body': [`${HEAD}Content-Length: 10\r\n\r\ngood`, 'fin'],
  '/end-in-chunk': [`${CHUNKED}10\r\ngood`, 'fin'],
  '/chunk-size': [`${CHUNKED}zz\r\ngood\r\n0\r\n\r\n`],
  '/chunk-size-later': [`${CHUNKED}4\r\ngood\r\nzz\r\n`],
  '/chunk-size-huge': [`${CHUNKED}FFFFFFFFFFFFFFFFF\r\ngood`],
  '/chunk-size-negative': [`${CHUNKED}-1\r\ngood`],
  '/chunk-too-long': [`${CHUNKED}2\r\nabcdef\r\n0\r\n\r\n`],
  '/two-lengths': [`${HEAD}Content-Length: 3\r\nContent-Length: 4\r\n\r\ngood`],
  '/no-gzip': [`${HEAD}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\ngood`],
};

export function startRaw(place: Place): Promise<Upstream> {
  const server = net.createServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const [, path = ''] = text.split(' ', 2);
        text = text.slice(end + 4);
        const [says, how] = ANSWERS[path] ?? [GOOD];
        socket.write(says);
        if (how) setTimeout(() => (how === 'fin' ? socket.end() : socket.resetAndDestroy()), says ? READ_BY_THEN : 0);
      }
    });
  });
  return serve(server, place);
}
