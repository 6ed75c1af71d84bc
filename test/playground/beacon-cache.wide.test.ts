// The back/forward cache: a page with beacons goes into it, comes back out of it, and goes on.
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { open, posts, site, until, withBrowser } from './beacon-support';

withBrowser({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });

it('keeps a page with beacons, which sends on when it is back', async () => {
  const home = await site();
  const { page } = await open(`${home.url}/first`);
  await page.evaluate(async () => {
    window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
    window.api.beacon('/c', 'before');
    await window.api.beacons.flush();
    window.api.beacon('/c', 'on leaving', { batch: true });
  });
  await page.goto(`${home.url}/second`);
  await until(() => posts(home).length === 2);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => (window as { persisted?: boolean }).persisted)).toBe(true);
  await page.evaluate(() => {
    window.api.beacon('/c', 'back');
    window.api.beacon('/c', 'in a batch', { batch: { interval: 100 } });
  });
  await until(() => posts(home).length === 4);
  await page.evaluate(() => void window.api.beacon('/c', 'on leaving again', { batch: true }));
  await page.goto(`${home.url}/third`);
  await until(() => posts(home).length === 5);
  expect(posts(home).map(({ body }) => body)).toEqual(['before', '["on leaving"]', 'back', '["in a batch"]', '["on leaving again"]']);
});

// Its timers stand still: what it has in flight would keep the connections that the next pages need, for as long as it is there.
it('has no connection of a page whose collector hangs', async () => {
  const hanging = new Set<ServerResponse>();
  const home = await site((_, response) => {
    hanging.add(response);
    response.once('close', () => hanging.delete(response));
  });
  const { page } = await open(`${home.url}/first`);
  await page.evaluate(() => {
    window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
    window.api = window.Breakwater.createClient({ beacons: { timeout: 1_000 } });
    window.addEventListener('pagehide', () => void window.api.beacon('/c', 'on leaving'));
    for (let i = 0; i < 5; i++) window.api.beacon('/c', i);
  });
  await page.waitForFunction(() => window.api.beacons.stats().dropped.timeout === 2 && window.api.beacons.stats().inFlight === 2);
  await page.goto(`${home.url}/second`);
  await until(() => hanging.size === 0);
  expect(hanging.size).toBe(0);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => (window as { persisted?: boolean }).persisted)).toBe(true);
  const { queued, inFlight, sent, dropped } = await page.evaluate(() => window.api.beacons.stats());
  expect({ queued, inFlight, sent }).toEqual({ queued: 0, inFlight: 0, sent: 0 });
  expect(dropped).toEqual({ timeout: 4, circuit_open: 2 });
});
