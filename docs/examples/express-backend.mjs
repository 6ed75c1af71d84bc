// An Express backend that a slow upstream does not take down: inbound deadlines, a fallback, honest statuses, /metrics.
// Run it: npm install express breakwater prom-client, then UPSTREAM=https://api.example.com node express-backend.mjs
import { createClient, deadlineFrom, isBreakerOpen, isLimited, isTimeout, withDeadline } from 'breakwater';
import { collect } from 'breakwater/prometheus';
import express from 'express';
import { register } from 'prom-client';

const { UPSTREAM = 'https://api.example.com', PORT = '3000' } = process.env;
const MOST = 5_000; // milliseconds: the longest we spend on a request

const api = createClient({
  baseURL: UPSTREAM,
  timeout: { connect: 2_000, read: 3_000 },
  deadlineHeader: 'x-request-timeout-ms', // the upstream may know how long we wait
});
const stopCollecting = collect(api, { registry: register });

const app = express();

app.get('/metrics', async (_request, response) => {
  response.type(register.contentType).send(await register.metrics());
});

/** All work for a request shares the time its caller will still wait, at most 5 s. */
function deadline(request, response, next) {
  const left = Math.min(deadlineFrom(request.headers) ?? MOST, MOST);
  const answered = () =>
    new Promise((done) => {
      response.once('close', done);
      next();
    });
  withDeadline(left, answered).catch((error) => fail(response, error));
}
app.use(deadline);

// The page is useless without the price, so a failure is an error.
app.get('/price/:id', async (request, response) => {
  const { data } = await api.get(`/prices/${encodeURIComponent(request.params.id)}`);
  response.json(data);
});

// The page works without recommendations: serve the last good ones, or none. They are not worth a retry or a long wait.
const OPTIONAL = { timeout: { read: 800 }, retry: false, fallback: { staleFor: 600_000, value: [] } };
app.get('/recommendations', async (_request, response) => {
  const { data, fallback } = await api.get('/recommendations', OPTIONAL);
  response.set('x-answered-by', fallback ?? 'upstream').json(data);
});

function fail(response, error) {
  if (response.headersSent) return;
  const status = isTimeout(error) ? 504 : isBreakerOpen(error) || isLimited(error) ? 503 : 502;
  response.status(status).json({ error: error.code });
}
// An Express error handler has four parameters.
app.use((error, _request, response, _next) => fail(response, error));

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error; // the port is taken, say
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close(async () => {
    await api.close();
    stopCollecting();
  });
});
