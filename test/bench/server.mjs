// The upstream of the benchmark, in a process of its own: small JSON, a megabyte, and uploads that it reads to the end.
import { createServer } from 'node:http';

const small = JSON.stringify({ ok: true, items: [1, 2, 3], name: 'x'.repeat(40) });
const large = Buffer.alloc(1024 * 1024, 'x');

const server = createServer((request, response) => {
  if (request.method === 'POST') return request.resume().on('end', () => response.end(small));
  const isLarge = request.url === '/large';
  response.setHeader('content-type', isLarge ? 'application/octet-stream' : 'application/json');
  response.end(isLarge ? large : small);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? address.port : 0);
});
process.once('disconnect', () => process.exit());
