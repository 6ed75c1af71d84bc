// A consumer's program, run by every Node as ESM and as CommonJS: a healthy call, then one to an upstream that never answers.
// Prints what happened as JSON; it must then end by itself, since close() leaves nothing running.
const http = require('node:http');

module.exports = async function survive({ createClient, isTimeout }, axios) {
  const server = http.createServer((request, response) => {
    if (request.url === '/healthy') response.end('{"ok":true}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createClient({ baseURL: `http://127.0.0.1:${server.address().port}` });

  const healthy = await client.get('/healthy');
  const error = await client.get('/stall', { timeout: { read: 300 } }).catch((reason) => reason);

  await client.close();
  server.closeAllConnections();
  server.close();
  console.log(
    JSON.stringify({
      healthy: healthy.data,
      isTimeout: isTimeout(error),
      isAppsAxiosError: error instanceof axios.AxiosError && axios.isAxiosError(error),
      code: error.code,
      limit: error.limit,
      phase: error.phase,
      kind: error.kind,
      early: !(error.elapsed >= 300),
    }),
  );
};
