// The channel in a page of a real Chromium, seen from the page and from the server: connections, preflights, navigation.
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { HANGS, open, posts, site, until, withBrowser } from './beacon-support';

withBrowser();

/** How long a GET of the page to its own origin takes, in milliseconds. */
const get = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const start = performance.now();
    await window.api.get(`/?${Math.random()}`, { timeout: 4_000 });
    return performance.now() - start;
  });

it.each(['own', 'other'])('a collector on the page’s %s origin that redirects has rejected the beacon', async (origin) => {
  const collector = await site((_, response) => void response.writeHead(302, { location: '/elsewhere' }).end());
  const home = origin === 'own' ? collector : await site();
  const { page } = await open(home.url);
  const before = collector.received.length;
  const stats = await page.evaluate(async (url) => {
    window.api.beacon(url, 1);
    await window.api.beacons.flush(5_000);
    return window.api.beacons.stats();
  }, `${collector.url}/c`);
  expect(stats).toMatchObject({ sent: 0, dropped: { rejected: 1 } });
  expect(collector.received.slice(before).map(({ method, path }) => method + path)).toEqual(['POST/c']);
});

/** As the browser tells a page that it is covered, or seen again; a headless one cannot be. */
const turn = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, state);

describe('a collector that hangs', () => {
  it('costs a beacon its time and its connection, which is really closed then', async () => {
    const hung = await site(HANGS);
    const home = await site();
    const { page } = await open(home.url);
    const sent = performance.now();
    await page.evaluate((url) => {
      window.api = window.Breakwater.createClient({ beacons: { timeout: 500 } });
      for (let i = 0; i < 2; i++) window.api.beacon(url, i);
    }, `${hung.url}/c`);
    await until(() => posts(hung).length === 2);
    await until(() => hung.open === 0);
    expect(hung.open).toBe(0);
    expect(performance.now() - sent).toBeGreaterThanOrEqual(500);
    expect(performance.now() - sent).toBeLessThan(3_000); // a keepalive fetch: 30 s
    expect(await page.evaluate(() => window.api.beacons.stats())).toMatchObject({ inFlight: 0, dropped: { timeout: 2 } });
  });

  it('in its answer has the beacon, and its connection is closed all the same', async () => {
    const drips = await site((_, response) => void response.writeHead(200).write('and so on'));
    const home = await site();
    const { page } = await open(home.url);
    await page.evaluate((url) => {
      window.api = window.Breakwater.createClient({ beacons: { timeout: 500 } });
      window.api.beacon(url, 1);
    }, `${drips.url}/c`);
    await until(() => posts(drips).length === 1);
    await until(() => drips.open === 0);
    expect(drips.open).toBe(0);
    expect(await page.evaluate(() => window.api.beacons.stats())).toMatchObject({ sent: 1, inFlight: 0, dropped: {} });
  });

  it('delays neither a GET to the same origin nor a navigation to it, with twenty beacons', async () => {
    const home = await site(HANGS);
    const { page } = await open(home.url);
    await page.evaluate(() => {
      for (let i = 0; i < 20; i++) window.api.beacon('/c', i);
    });
    await until(() => posts(home).length === 2);
    for (let i = 0; i < 3; i++) expect(await get(page)).toBeLessThan(1_000); // a beacon holds out for 2 s
    expect(await page.evaluate(() => window.api.beacons.stats().inFlight)).toBe(2);
    const start = performance.now();
    await page.goto(`${home.url}/next`);
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  it('delays nothing when the page is hidden and comes back, nor while it is hidden', async () => {
    const home = await site(HANGS);
    const { page } = await open(home.url);
    await page.evaluate(() => {
      window.api = window.Breakwater.createClient({ retry: false, beacons: { timeout: 30_000 } }); // none makes way for another in this test
      for (let i = 0; i < 20; i++) window.api.beacon('/c', i);
    });
    await until(() => posts(home).length === 2);
    await turn(page, 'hidden');
    await until(() => posts(home).length === 5);
    expect(await get(page)).toBeLessThan(4_000);
    await page.evaluate(() => {
      for (let i = 0; i < 20; i++) window.api.beacon('/c', i);
    });
    await turn(page, 'visible');
    await turn(page, 'hidden');
    await turn(page, 'visible');
    expect(await get(page)).toBeLessThan(4_000);
    expect(posts(home).length).toBe(5);
  });

  it('and has been seen to hang delays nothing on the next page either', async () => {
    const home = await site(HANGS);
    const { page } = await open(home.url);
    await page.evaluate(() => {
      window.api = window.Breakwater.createClient({ beacons: { timeout: 300, maxTimeouts: 100 } });
      for (let i = 0; i < 50; i++) window.api.beacon('/c', i);
    });
    await page.waitForFunction(() => (window.api.beacons.stats().dropped.timeout ?? 0) >= 2);
    await page.goto(`${home.url}/next`);
    expect(await get(page)).toBeLessThan(1_500);
  });
});
