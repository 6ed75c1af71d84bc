// The upstream that hangs, in a process of its own: it accepts every connection, reads every request, and answers none.
import { createServer } from 'node:net';

const server = createServer((socket) => socket.on('error', () => {}).resume());
server.listen({ port: 0, host: '127.0.0.1', backlog: 10_000 }, () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? address.port : 0);
});
process.once('disconnect', () => process.exit());
