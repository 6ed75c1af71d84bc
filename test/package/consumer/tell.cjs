// A consumer's program with every exporter attached to a client that meets a timeout. Prints what they told as JSON, and ends by itself.
const http = require('node:http');

module.exports = async function tell({ createClient }, { logTo }, { instrument }, { collect }, { Registry }) {
  const server = http.createServer(() => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createClient({ baseURL: `http://127.0.0.1:${server.address().port}`, timeout: { read: 200 }, retry: false });

  const lines = [];
  const measured = [];
  const registry = new Registry();
  const instruments = (name) => ({ record: () => measured.push(name), add: () => measured.push(name) });
  const observed = () => ({ addCallback() {} }); // read by nobody
  const meter = {
    createHistogram: instruments,
    createCounter: instruments,
    createUpDownCounter: instruments,
    createObservableUpDownCounter: observed,
  };
  const detach = [logTo(client, (line) => lines.push(line)), collect(client, { registry }), instrument(client, { meter })];

  await client.get('/stall').catch(() => {});
  const { values } = await registry.getSingleMetric('breakwater_timeouts_total').get();
  for (const stop of detach) stop();
  await client.close();
  server.closeAllConnections();
  server.close();
  const [{ event, 'breakwater.limit': limit }] = lines;
  const counted = values.reduce((sum, { value }) => sum + value, 0);
  console.log(JSON.stringify({ line: { event, 'breakwater.limit': limit }, counted, measured: measured.sort().reverse() }));
};
