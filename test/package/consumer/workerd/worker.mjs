// A Cloudflare Worker. Its clients are made once, and used by one request after the other; with each, the platform ends what it began.
import { createClient } from 'breakwater';

const ALONE = { retry: false, breaker: false };

const clients = {
  limited: createClient({ ...ALONE, timeout: 300, alerts: { frequent: { timeouts: 5, rate: 0.5 } } }),
  queued: createClient({ ...ALONE, limit: { rate: 4, burst: 1, maxQueue: 10 } }),
};
const alerts = [];
clients.limited.on('alert', ({ status }) => alerts.push(status));

const collector = createClient({ beacons: { timeout: 300 } });

const outcomes = {
  async call(url, client) {
    const { status, code, limit } = await clients[client].get(url, { endpoint: 'upstream' }).catch((error) => error);
    return { status, code, limit };
  },
  async beacon(url) {
    const accepted = collector.beacon(url, 'told');
    return { accepted, flushed: await collector.beacons.flush(100) };
  },
  alerts: async () => alerts,
};

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    return Response.json(await outcomes[pathname.slice(1)](searchParams.get('url'), searchParams.get('client')));
  },
};
