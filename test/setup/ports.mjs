import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 on which nobody listens, for a server that is told its port. It is below those that systems give to outgoing
 * connections (from 32768 on in Linux), since one of these, of a test beside this, would take it before the server does; and above 10080,
 * the last of those that browsers do not call.
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
