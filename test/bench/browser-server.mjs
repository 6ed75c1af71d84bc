// The upstream of the browser benchmark, in a process of its own: the page, small JSON and a megabyte, on keep-alive connections.
import { once } from 'node:events';
import { createServer } from 'node:http';

const [script] = await once(process, 'message');
const small = JSON.stringify({ ok: true, items: [1, 2, 3], name: 'x'.repeat(40) });
const large = Buffer.alloc(1024 * 1024, 'x');

/** @type {Record<string, [type: string, body: string | Buffer]>} */
const FILES = {
  '/page': ['text/html', '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.mjs"></script>'],
  '/page.mjs': ['text/javascript', script],
  '/large': ['application/octet-stream', large],
};

const server = createServer(({ url = '/' }, response) => {
  const [type, body] = FILES[url] ?? ['application/json', small];
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.setHeader('Cache-Control', 'no-store');
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? address.port : 0);
});
process.once('disconnect', () => process.exit());
