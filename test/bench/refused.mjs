// A call rejected by an open breaker: what it costs, how much of that is ours, and that it needs no socket. `--quick` for a short run.
import { once } from 'node:events';
import { createServer } from 'node:http';
import axios, { AxiosError } from 'axios';
import { createClient } from '../../dist/node.js';
import { againAwaited, nanoseconds, short } from './measure.mjs';

let connections = 0;
const server = createServer((_, response) => response.end()).on('connection', () => connections++);
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}/users/42`;

// The cost of axios by itself: an adapter that rejects at once with an AxiosError.
const bare = axios.create({ adapter: async (config) => Promise.reject(new AxiosError('refused', 'EREFUSED', config)) });
const client = createClient();
client.breakers.open(`GET http://127.0.0.1:${port}/users/:id`);

/** @type {Set<unknown>} */
const codes = new Set();
const rejected = (/** @type {import('axios').AxiosInstance | import('../../dist/node.js').Client} */ by) =>
  againAwaited(() => by.get(url).then(Object, (error) => codes.add(error.code)));

/** V8's default, and none: the difference is the cost of stack traces. */
for (const limit of [Error.stackTraceLimit, 0]) {
  Error.stackTraceLimit = limit;
  const { axios: theirs = 0, Breakwater: whole = 0 } = await nanoseconds(
    { axios: rejected(bare), Breakwater: rejected(client) },
    { ms: 20 },
  );
  console.log(`\nA rejected call, ${limit ? `stacks of ${limit} frames` : 'without stacks'}`);
  console.table({
    'axios, an adapter that rejects at once': { µs: short(theirs / 1e3) },
    'Breakwater, an open breaker': { µs: short(whole / 1e3) },
    'of it ours': { µs: short((whole - theirs) / 1e3) },
  });
}
console.log(`Connections that the server saw: ${connections}. Codes: ${[...codes].join(', ')}.`);
await client.close();
server.close();
