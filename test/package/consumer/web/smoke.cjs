// A page's program, in every browser and from every bundler: what must hold there, told to the server, and then the next page.
// The page's own address is /<page>/?healthy=<URL>&stall=<URL>&body-stall=<URL>&reset-mid-body=<URL>; the server answers a report with the next address.
const LIMIT = 300; // ms

async function smoke({ createClient, isTimeout }) {
  const upstream = Object.fromEntries(new URLSearchParams(location.search));
  const collector = location.pathname.replace(/.*\/([^/]+)\/$/, '/beacon/$1');
  const client = createClient({ retry: false, breaker: false });
  const outcome = (promise) =>
    promise.then(
      ({ status, data }) => ({ status, data }),
      (error) =>
        isTimeout(error)
          ? { limit: error.limit, phase: error.phase, kind: error.kind, early: !(error.elapsed >= LIMIT) }
          : { code: error.code, message: error.message },
    );

  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const report = {
    healthy: (await outcome(client.get(upstream.healthy))).status,
    read: await outcome(client.get(upstream['body-stall'], { timeout: { read: LIMIT } })),
    total: await outcome(client.get(upstream.stall, { timeout: { total: LIMIT } })),
    aborted: (await outcome(client.get(upstream.stall, { signal: controller.signal }))).code,
    cut: (await outcome(client.get(upstream['reset-mid-body'], { responseType: 'blob', endpoint: 'cut' }))).code,
    beacon: client.beacon(collector, { said: 'hello' }),
    flushed: await client.beacons.flush(3_000),
    stats: client.stats.list().map(({ calls, timeouts }) => ({ calls, read: timeouts.read, unknown: timeouts.unknown })),
  };
  client.disable();
  report.off = (await outcome(client.get(upstream.stall, { timeout: LIMIT, deadline: 1 }))).code; // axios' own timeout
  client.enable();
  // In a batch it waits, until the page is left.
  report.waits = client.beacon(collector, { said: 'goodbye' }, { batch: { format: 'lines' } });
  await globalThis.report(report);
}

module.exports = smoke;
