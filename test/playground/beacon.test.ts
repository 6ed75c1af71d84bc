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
      for (let i = 0; i < 20; i++) window.api.beacon('/c', i);
    });
    await until(() => posts(home).length === 2);
    await turn(page, 'hidden');
    await until(() => posts(home).length === 5);
    expect(await get(page)).toBeLessThan(1_000);
    await page.evaluate(() => {
      for (let i = 0; i < 20; i++) window.api.beacon('/c', i);
    });
    await turn(page, 'visible');
    await turn(page, 'hidden');
    await turn(page, 'visible');
    expect(await get(page)).toBeLessThan(1_000);
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

/** As the browser tells a page that it is covered, or seen again; a headless one cannot be. */
const turn = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, state);

describe('a page that goes away', () => {
  it('costs a collector on another origin no preflight, seen or not', async () => {
    const collector = await site();
    const home = await site();
    const { page } = await open(home.url);
    await page.evaluate((url) => {
      window.api.beacon(url, 'seen');
      return window.api.beacons.flush(2_000);
    }, `${collector.url}/c`);
    await page.evaluate((url) => {
      addEventListener('pagehide', () => {
        window.api.beacon(url, { a: 'ü' }, { batch: true });
        window.api.beacon(url, new URLSearchParams({ b: '2' }));
        window.api.beacon(url, new Uint8Array([104, 105]));
        window.api.beacon(url);
      });
    }, `${collector.url}/c`);
    await page.goto(`${home.url}/next`);
    await until(() => posts(collector).length === 5);
    expect(
      posts(collector)
        .map(({ body }) => body)
        .sort(),
    ).toEqual(['', '[{"a":"ü"}]', 'b=2', 'hi', 'seen']);
    expect(collector.received.map(({ method }) => method)).not.toContain('OPTIONS');
  });

  it('delivers with headers, too, which cost the preflight', async () => {
    const collector = await site();
    const home = await site();
    const { page } = await open(home.url);
    await page.evaluate((url) => {
      window.api.beacon(url, 'x', { headers: { 'x-key': 'k' }, batch: true });
    }, `${collector.url}/c`);
    await page.goto(`${home.url}/next`);
    await until(() => posts(collector).length === 1);
    expect(posts(collector)).toMatchObject([{ body: '["x"]', headers: { 'x-key': 'k' } }]);
    expect(collector.received[0]?.method).toBe('OPTIONS');
  });

  it.each(['pagehide', 'visibilitychange', 'unload'])('delivers what is made on %s, where it is the first or another', async (type) => {
    const home = await site();
    for (const isFirst of [true, false]) {
      const { page } = await open(`${home.url}/?${isFirst}`);
      await page.evaluate(
        async ([type, isFirst]) => {
          if (!isFirst) window.api.beacon('/c', 'earlier');
          await window.api.beacons.flush();
          const target = type === 'visibilitychange' ? document : window;
          target.addEventListener(String(type), () => void window.api.beacon('/c', `${type} ${isFirst}`));
        },
        [type, isFirst] as const,
      );
      await page.goto(`${home.url}/next`);
      await until(() => posts(home).some(({ body }) => body === `${type} ${isFirst}`));
      expect(posts(home).map(({ body }) => body)).toContain(`${type} ${isFirst}`);
    }
  });

  it('gives the browser all that is waiting where the first beacons are made as the page leaves', async () => {
    const home = await site((_, response) => void setTimeout(() => response.writeHead(204).end(), 1_000));
    const { page } = await open(home.url);
    await page.evaluate(() => {
      addEventListener('pagehide', () => {
        for (let i = 0; i < 6; i++) window.api.beacon('/c', i);
      });
    });
    await page.reload();
    await until(() => posts(home).length === 6);
    expect(posts(home).map(({ body }) => body)).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('keeps to the quota: small ones first, a batch is split, what is too large is dropped and harms no other', async () => {
    const home = await site((_, response) => void setTimeout(() => response.writeHead(204).end(), 1_000));
    const { page } = await open(home.url);
    const stats = await page.evaluate(() => {
      window.api.beacon('/c', 'L'.repeat(62_000));
      window.api.beacon('/c', 'M'.repeat(39_000));
      for (let i = 0; i < 4; i++) window.api.beacon('/b', `${i}`.repeat(10_000), { batch: true });
      window.api.beacon('/c', 'S');
      window.dispatchEvent(new PageTransitionEvent('pagehide'));
      return window.api.beacons.stats();
    });
    await until(() => posts(home).length === 3);
    // After S and M the batch of four does not fit in the 64 KiB, nor its second half.
    expect(stats).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 4, dropped: { quota_exceeded: 3 } });
    const sizes = posts(home).map(({ body }) => body.length);
    expect(sizes.sort((a, b) => a - b)).toEqual([1, 20_007, 39_000]);
  });

  it.each([
    ['own', 20_000, 'other', 50_000],
    ['other', 40_000, 'other', 40_000],
    ['own', 40_000, 'own', 40_000],
  ] as const)('keeps to the quota with two clients: %s origin %i bytes, %s origin %i bytes', async (first, small, second, large) => {
    const home = await site();
    const other = await site();
    const { page } = await open(home.url);
    const urlOf = (origin: 'own' | 'other', path: string): string => (origin === 'own' ? home.url : other.url) + path;
    await page.evaluate(
      ([a, small, b, large]) => {
        const clients = [window.api, window.Breakwater.createClient()] as const;
        addEventListener('pagehide', () => {
          clients[0].beacon(a, 'a'.repeat(small));
          clients[1].beacon(b, 'b'.repeat(large));
          queueMicrotask(() => localStorage.setItem('stats', JSON.stringify(clients.map((api) => api.beacons.stats()))));
        });
      },
      [urlOf(first, '/first'), small, urlOf(second, '/second'), large] as const,
    );
    await page.goto(`${home.url}/next`);
    await until(() => posts(home).length + posts(other).length > 0);
    await page.waitForTimeout(300); // for more than there should be
    const stats = JSON.parse((await page.evaluate(() => localStorage.getItem('stats'))) ?? '[]') as unknown;
    expect(stats).toMatchObject([
      { queued: 0, sent: 1, dropped: {} },
      { queued: 0, sent: 0, dropped: { quota_exceeded: 1 } },
    ]);
    expect([...posts(home), ...posts(other)].map(({ path }) => path)).toEqual(['/first']);
  });

  it('keeps to the quota with headers, too, where the browser would say so too late', async () => {
    const home = await site((_, response) => void setTimeout(() => response.writeHead(204).end(), 1_000));
    const { page } = await open(home.url);
    const stats = await page.evaluate(() => {
      for (let i = 0; i < 4; i++) window.api.beacon('/c', `${i}`.repeat(20_000), { headers: { 'x-key': 'k' } });
      window.dispatchEvent(new PageTransitionEvent('pagehide'));
      return window.api.beacons.stats();
    });
    expect(stats).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 3, dropped: { quota_exceeded: 1 } });
    await until(() => posts(home).length === 3);
    expect(posts(home).map(({ body }) => body[0])).toEqual(['0', '1', '2']);
  });
});
