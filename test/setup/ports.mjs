import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A free port on 127.0.0.1, for a server that must be given its port. It is below the ephemeral ports (from 32768 on in Linux), one of
 * which an outgoing connection of a concurrent test could take before the server does; and above 10080, the last of those that browsers
 * block.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = 10_100 + Math.floor(Math.random() * 22_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') continue;
      throw error;
    }
    await new Promise((closed) => server.close(closed));
    return port;
  }
}
