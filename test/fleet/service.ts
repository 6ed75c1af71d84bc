// A service of the fleet: it calls upstreams that are well, slow and broken, over and over, and serves /metrics. Ends with its parent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { collect } from '../../src/exporters/prometheus';
import { createClient } from '../../src/index';

const PAUSE = 50; // ms

const { healthy, stall, refused } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const registry = new Registry();
const plain = createClient({ proxy: false, breaker: false, retry: { retries: 1, baseDelay: 5, budget: false } });
const guarded = createClient({ proxy: false, retry: false, breaker: { burst: { minCalls: 2 } } });
collect(plain, { registry });
collect(guarded, { registry, name: 'guarded' });

const round = (n: number): Promise<unknown> =>
  Promise.allSettled([
    plain.get(`${healthy}users/${n}`),
    plain.get(`${healthy}status/503`),
    plain.get(`${stall}`, { retry: false, timeout: { read: 100 } }),
    plain.get(`${healthy}delay/30`, { endpoint: 'narrow', limit: { concurrency: 1 } }),
    plain.get(`${healthy}delay/30`, { endpoint: 'narrow', limit: { concurrency: 1 }, fallback: { value: 'instead' } }),
    guarded.get(`${healthy}status/500`),
    plain.beacon(`${refused}`, { n }),
  ]);

(async () => {
  for (let n = 0; ; n++) {
    await round(n);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
})();

const server = createServer(async (_, response) => {
  response.setHeader('Content-Type', registry.contentType).end(await registry.metrics());
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
