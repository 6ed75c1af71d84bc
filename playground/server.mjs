// The playground: starts the fault lab, the switchable upstreams and the page's own server on loopback, prints the URL, and stops all of
// them on SIGINT or SIGTERM.

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

if (!existsSync(fileURLToPath(new URL('../dist/integrity.json', import.meta.url)))) {
  console.error('The playground runs what is built: `npm run build` first, or `npm start`, which does both.');
  process.exit(1);
}

// Imported only now, since the backend needs the built package.
const [{ startLab }, { createBackend }, { createLiveBackend }, { createSite }, { startUpstream }] = await Promise.all([
  import('../test/lab/index.mjs'),
  import('./backend.mjs'),
  import('./live-backend.mjs'),
  import('./site.mjs'),
  import('./upstream.mjs'),
]);
const [breakwater, axios, site, forBreakwater, forAxios] = await Promise.all([
  startLab(),
  startLab(),
  createSite(),
  startUpstream(),
  startUpstream(),
]);
const backend = createBackend({ breakwater, axios });
const live = createLiveBackend({ breakwater: forBreakwater, axios: forAxios });

const server = createServer(async (req, res) => {
  const { host = '' } = req.headers;
  try {
    const { pathname } = new URL(req.url ?? '/', 'http://playground');
    // Any other host name may be another site's DNS rebinding.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) res.writeHead(403).end();
    else if (!(await backend(req, res, pathname)) && !(await live(req, res, pathname)) && !(await site(res, pathname)))
      res.writeHead(404).end();
  } catch (error) {
    console.error(error);
    if (res.headersSent) res.destroy();
    else res.writeHead(500).end();
  }
});

async function close() {
  server.close();
  server.closeAllConnections();
  await Promise.all([breakwater, axios, forBreakwater, forAxios].map((started) => started.close()));
}

server.on('error', async (error) => {
  console.error(error.message);
  process.exitCode = 1;
  await close();
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const address = server.address();
  console.log(`Breakwater playground: http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''}/`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, close);
