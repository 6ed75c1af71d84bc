// The channel as its page goes away, in a real Chromium, seen from the page and from the server: what arrives, and within the quota.
import { describe, expect, it } from 'vitest';
import { open, posts, site, until, withBrowser } from './beacon-support';

withBrowser();

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
